"""What judging entities costs: scoring beside seqeval and nervaluate, familiarity beside a loop over pairs of labels.

    python benchmarks/ner.py                       # every part
    python benchmarks/ner.py --part familiarity
    pip install seqeval nervaluate                 # what scoring is measured against, where they are installed

Scoring: 100,000 sentences, 20 labels. zsbench computes all that its peer gives: seqeval's report (precision, recall, F1
and support, micro, macro, weighted and of each label), and nervaluate's four modes with counts and shares, overall and
of each label. Values must be equal. seqeval starts from tags; zsbench is timed from the same tags and from their spans,
which its data sources give. A peer runs once.

Familiarity: vectors are given, 384 numbers each; what is measured is from vectors to one value for each evaluation
label. The loop is the definition written down: one cosine a pair, labels sorted, each repeated as often as it is
mentioned, the first k weighted. Both get the same vectors and must return the same values.

Figures are CPU seconds (user + system, all threads), zsbench's the least of several runs. Results go to
benchmarks/results/ner.json, where a part that did not run keeps its figures.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import islice, repeat
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from zsbench.data.sentences.tags import bio_spans
from zsbench.metrics import familiarity, naming
from zsbench.metrics.spans.mentions import Mentions
from zsbench.tasks.ner.ner import Task

RESULTS = Path(__file__).parent / "results" / "ner.json"
WIDTH, EVALUATION, K = 384, 100, 1000
LOOPED, WHOLE = 2_000, 50_000
LABELS = [f"label{number}" for number in range(20)]
SENTENCES, WORDS = 100_000, 20
SHARES = ("precision", "recall", "F1")
MODES = {"strict": "strict", "exact": "exact", "partial": "partial", "ent_type": "type"}
Spans = list[list[tuple[int, int, str]]]
T = TypeVar("T")
Values = dict[tuple[str, ...], float]


def least(function: Callable[[], T], repeats: int) -> tuple[float, T]:
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


def example(n: int) -> tuple[Spans, Spans]:
    """Return predicted and gold spans side by side, three a sentence; two in five predictions are wrong somewhere."""
    rng = np.random.default_rng(0)
    sides: tuple[Spans, Spans] = ([], [])
    for _ in range(n):
        starts = np.flatnonzero(rng.random(WORDS // 3) < 0.45) * 3
        ends, labels = starts + rng.integers(0, 2, len(starts)), rng.integers(0, len(LABELS), len(starts))
        fault = rng.random(len(starts))
        wrong_label = np.where(fault < 0.2, (labels + 1) % len(LABELS), labels)
        wrong_end = np.where((fault > 0.2) & (fault < 0.4), starts + 2, ends)
        for side, last, kind in zip(sides, (wrong_end, ends), (wrong_label, labels), strict=True):
            side.append(
                [(s, e, LABELS[k]) for s, e, k in zip(*map(np.ndarray.tolist, (starts, last, kind)), strict=True)]
            )
    return sides


def tags(spans: Spans) -> list[list[str]]:
    """Return spans as IOB2 tags."""
    rows = []
    for row in spans:
        rows.append(["O"] * WORDS)
        for start, end, label in row:
            rows[-1][start : end + 1] = [f"B-{label}", *[f"I-{label}"] * (end - start)]
    return rows


def computed(names: dict[tuple[str, ...], str], pred: Any, gold: Any) -> Values:
    """Return zsbench's values by key."""
    sides = Mentions(pred), Mentions(gold)
    return {key: naming.resolve(name, kinds=Task.metric_kinds).compute(*sides) for key, name in names.items()}


def of_seqeval() -> dict[tuple[str, ...], str]:
    """Return the metrics of seqeval's report, by the report's keys."""
    names = {(f"{average} avg", share): f"{share}(average={average})" for average in ("micro", "macro", "weighted")
             for share in SHARES}  # fmt: skip
    return names | {(label, share): f"{share}(label={label})" for label in LABELS for share in (*SHARES, "support")}


def seqeval(pred: list[list[str]], gold: list[list[str]]) -> Values:
    """Return the values of seqeval's report."""
    from seqeval.metrics import classification_report

    report = classification_report(gold, pred, output_dict=True, zero_division=0)
    return {key: float(report[key[0]][key[1].replace("F1", "f1-score")]) for key in of_seqeval()}


def of_nervaluate() -> dict[tuple[str, ...], str]:
    """Return the metrics of nervaluate's results, by mode, label (or none) and what is counted."""
    names = {}
    for mode, ours in MODES.items():
        for label in ("", *LABELS):
            inside = f"mode={ours},matching=best" + (f",label={label}" if label else "")
            for what in (*SHARES, "correct", "incorrect", "partial", "missed", "spurious"):
                names[mode, label, what] = f"nervaluate-{what}({inside})"
    return names


def nervaluate(pred: Spans, gold: Spans) -> Values:
    """Return the values of nervaluate's results."""
    from nervaluate.evaluator import Evaluator

    dicts = ([[{"start": s, "end": e, "label": k} for s, e, k in row] for row in side] for side in (gold, pred))
    found = Evaluator(*dicts, tags=LABELS, loader="dict").evaluate()
    places = {"": found["overall"], **found["entities"]}
    return {key: float(getattr(places[key[1]][key[0]], key[2].lower())) for key in of_nervaluate()}


def measure_scoring(repeats: int) -> dict:
    """Print and return seconds of every peer and of zsbench on the way to the same values."""
    pred, gold = example(SENTENCES)
    tagged = tags(pred), tags(gold)
    peers = {"seqeval": lambda: seqeval(*tagged), "nervaluate": lambda: nervaluate(pred, gold)}
    ways = [
        ("seqeval", "zsbench, from spans", lambda: computed(of_seqeval(), pred, gold)),
        ("seqeval", "zsbench, from tags", lambda: computed(of_seqeval(), *(list(map(bio_spans, s)) for s in tagged))),
        ("nervaluate", "zsbench, from spans", lambda: computed(of_nervaluate(), pred, gold)),
    ]
    theirs, rows = {}, []
    for peer in filter(importlib.util.find_spec, peers):
        start = time.process_time()
        values = peers[peer]()
        theirs[peer] = (time.process_time() - start, values)
        rows.append({"values_of": peer, "tool": f"{peer} {version(peer)}", "cpu_seconds": round(theirs[peer][0], 2)})
    for peer, tool, compute in ways:
        own, values = least(compute, repeats)
        rows.append({"values_of": peer, "tool": tool, "cpu_seconds": round(own, 2)})
        if peer in theirs:
            seconds, expected = theirs[peer]
            differing = [key for key in expected if not math.isclose(values[key], expected[key], abs_tol=1e-9)]
            assert not differing, f"{tool} and {peer} differ in {differing[:3]}"
            rows[-1]["times_as_fast"] = round(seconds / own, 1)
    print(f"| {SENTENCES} sentences, values of | tool | CPU s | times as fast |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['values_of']} | {row['tool']} | {row['cpu_seconds']} | {row.get('times_as_fast', '')} |")
    return {"sentences": SENTENCES, "labels": len(LABELS), "rows": rows}


PARTS = {"scoring": measure_scoring, "familiarity": measure_familiarity}


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
