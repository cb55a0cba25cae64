"""What judging entities costs: familiarity of labels, beside a loop over pairs of labels.

    python benchmarks/ner.py                       # every part
    python benchmarks/ner.py --part familiarity

Familiarity: vectors are given, 384 numbers each; what is measured is from vectors to one value for each evaluation
label. The loop is the definition written down: one cosine a pair, labels sorted, each repeated as often as it is
mentioned, the first k weighted. Both get the same vectors and must return the same values. Figures are CPU seconds
(user + system, all threads), zsbench's the least of several runs. Results go to benchmarks/results/ner.json, where a
part that did not run keeps its figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from itertools import islice, repeat
from pathlib import Path

import numpy as np

from zsbench.metrics import familiarity

RESULTS = Path(__file__).parent / "results" / "ner.json"
WIDTH, EVALUATION, K = 384, 100, 1000
LOOPED, WHOLE = 2_000, 50_000


def least(function: Callable[[], np.ndarray], repeats: int) -> tuple[float, np.ndarray]:
    """Return the least CPU time of the function and what it returned."""
    value, times = function(), []
    for _ in range(repeats):
        start = time.process_time()
        value = function()
        times.append(time.process_time() - start)
    return min(times), value


def labels(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vectors of evaluation and of n training labels, and their mentions, most of which are few."""
    rng = np.random.default_rng(0)
    sides = (rng.normal(size=(rows, WIDTH)).astype(np.float32) for rows in (EVALUATION, n))
    return *sides, rng.zipf(1.6, n).clip(max=100_000)


def looped(evaluation: np.ndarray, training: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the familiarity of each evaluation label, pair by pair."""
    weights = [1 / rank for rank in range(1, K + 1)]
    values = []
    for label in evaluation:
        pairs = []
        for other, count in zip(training, counts, strict=True):
            cosine = float(label @ other / (np.linalg.norm(label) * np.linalg.norm(other)))
            pairs.append((max(0.0, cosine), int(count)))
        pairs.sort(reverse=True)
        mentions = islice((cosine for pair in pairs for cosine in repeat(*pair)), K)
        values.append(sum(w * s for w, s in zip(weights, mentions, strict=False)) / sum(weights))
    return np.array(values)


def measure_familiarity(repeats: int) -> dict:
    """Print and return seconds of both on the size that the loop bears, and of zsbench on the whole one."""
    rows = []
    print(f"| training labels x {EVALUATION} | tool | CPU s | x zsbench |\n|---|---|---|---|")
    for n in (LOOPED, WHOLE):
        evaluation, training, counts = labels(n)

        def own(e: np.ndarray = evaluation, t: np.ndarray = training, c: np.ndarray = counts) -> np.ndarray:
            return familiarity.familiarity(familiarity.similarity(e, t), c, k=K)

        seconds, value = least(own, repeats)
        found = [("zsbench", seconds)]
        if n == LOOPED:
            start = time.process_time()
            other = looped(evaluation, training, counts)
            found.append(("loop over pairs", time.process_time() - start))
            np.testing.assert_allclose(value, other, atol=1e-6)
        for tool, taken in found:
            ratio = round(taken / seconds, 1)
            rows.append({"training_labels": n, "tool": tool, "cpu_seconds": round(taken, 4), "ratio": ratio})
            print(f"| {n} | {tool} | {taken:.3f} | {ratio} |", flush=True)
    return {"evaluation_labels": EVALUATION, "width": WIDTH, "k": K, "rows": rows}


PARTS = {"familiarity": measure_familiarity}


def main() -> None:
    """Print and write the figures of the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, action="append", help="default: all; repeatable")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    known = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "processor": platform.machine()}
    for part in options.part or PARTS:
        known[part] = {"machine": machine, **PARTS[part](options.repeats)}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main()
