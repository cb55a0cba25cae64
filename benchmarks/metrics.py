"""Ranking metrics over MS MARCO's size (6,980 queries x 1,000 documents), beside ranx and ir_measures.

    python benchmarks/metrics.py                     # zsbench alone, or with whichever peer is installed
    pip install ranx ir_measures                     # what it is measured against

Every tool starts from the same dicts ({query: {document: score}}) and ends with the same mean. Figures are CPU seconds
(user + system, all threads), the least of several runs in one process after a warm-up that leaves ranx's compilation
out. ranx first copies the dicts into its own arrays; its time is given with that (what a user waits for) and without.
Results go to benchmarks/results/metrics.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zsbench.metrics import naming

RESULTS = Path(__file__).parent / "results" / "metrics.json"
ASKED = {
    "nDCG@10": ("nDCG@10", "ndcg@10"),
    "MRR@10": ("RR@10", "mrr@10"),
    "Recall@100": ("R@100", "recall@100"),
    "MAP": ("AP", "map"),
}


def example(n_queries: int, n_documents: int) -> tuple[dict, dict]:
    """Return a run and qrels: one to three relevant documents a query, ranks log-uniform, one query in ten lost."""
    rng = np.random.default_rng(0)
    run, qrels = {}, {}
    for query in range(n_queries):
        documents = rng.choice(8_841_823, n_documents, replace=False).tolist()
        order = rng.permutation(n_documents).tolist()
        run[f"q{query}"] = {str(documents[i]): float(n_documents - i) for i in order}
        ranks = (n_documents ** rng.random(rng.integers(1, 4))).astype(int) - 1
        found = {str(documents[rank]): int(rng.integers(1, 4)) for rank in ranks.tolist()}
        qrels[f"q{query}"] = found if rng.random() < 0.9 else {"lost": 1}
    return run, qrels


def least(function: Callable[[], float], repeats: int) -> tuple[float, float]:
    """Return the least CPU time of the function and what it returned."""
    value, times = function(), []
    for _ in range(repeats):
        start = time.process_time()
        value = function()
        times.append(time.process_time() - start)
    return min(times), value


def contenders(name: str, run: dict, qrels: dict) -> dict[str, Callable[[], float]]:
    """Return what computes the metric, by tool."""
    metric, rankings, judged = naming.resolve(name), list(run.values()), list(qrels.values())
    found: dict[str, Callable[[], float]] = {"zsbench": lambda: metric.compute(rankings, judged)}
    theirs_ir, theirs_ranx = ASKED[name]
    if importlib.util.find_spec("ir_measures"):
        import ir_measures

        measure = ir_measures.parse_measure(theirs_ir)
        found["ir_measures"] = lambda: ir_measures.calc_aggregate([measure], qrels, run)[measure]
    if importlib.util.find_spec("ranx"):
        import ranx

        built = ranx.Qrels(qrels), ranx.Run(run)
        found["ranx"] = lambda: float(ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), theirs_ranx))
        found["ranx, arrays at hand"] = lambda: float(ranx.evaluate(*built, theirs_ranx))
    return found


def main() -> None:
    """Print and write seconds and ratios to zsbench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=6980)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    run, qrels = example(options.queries, options.documents)
    rows = []
    print("| metric | tool | CPU s | x zsbench | value |\n|---|---|---|---|---|")
    for name in ASKED:
        own = 0.0
        for tool, compute in contenders(name, run, qrels).items():
            seconds, value = least(compute, options.repeats)
            own = own or seconds
            ratio = round(seconds / own, 2)
            rows.append({"metric": name, "tool": tool, "cpu_seconds": round(seconds, 4), "ratio": ratio})
            print(f"| {name} | {tool} | {seconds:.3f} | {ratio} | {value:.6f} |", flush=True)
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "processor": platform.machine()}
    sizes = {"queries": options.queries, "documents": options.documents}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**sizes, "machine": machine, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
