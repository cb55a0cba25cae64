"""`zsbench score --run --qrels`: a run of MS MARCO's size (6,980 queries, 1,000 documents each), three metrics."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

SIZES = {"queries": 6980, "depth": 1000}
GOAL = 1.2


def prepare(folder: Path, *, queries: int, depth: int) -> None:
    """Write a run with scores of six digits, and judgements of few documents, as MS MARCO has them."""
    rng = np.random.default_rng(0)
    with (folder / "run.txt").open("w") as run, (folder / "qrels.txt").open("w") as qrels:
        for query in range(queries):
            documents = rng.choice(8_841_823, depth, replace=False).tolist()
            scores = np.sort(rng.gamma(9.0, 2.0, depth))[::-1].tolist()
            key = 1_000_000 + 7 * query
            run.writelines(
                f"{key} Q0 {document} {rank} {score:.6f} bm25\n"
                for rank, (document, score) in enumerate(zip(documents, scores, strict=True), 1)
            )
            relevant = documents[int(rng.integers(0, depth))]
            qrels.write(f"{key} 0 {relevant} 1\n")


def ours() -> list[list[str]]:
    """Judge the run."""
    zsbench = str(Path(sys.executable).with_name("zsbench"))
    metrics = [part for name in ("nDCG@10", "MRR@10", "Recall@100") for part in ("--metric", name)]
    return [[zsbench, "score", "--run", "run.txt", "--qrels", "qrels.txt", *metrics]]


def smallest(folder: Path) -> None:
    """Read both files line by line, ask pytrec_eval; its reciprocal rank has no cut, so a rank beyond 10 counts 0."""
    import pytrec_eval

    run: dict[str, dict[str, float]] = {}
    with (folder / "run.txt").open() as lines:
        for line in lines:
            query, _, document, _, score, _ = line.split()
            run.setdefault(query, {})[document] = float(score)
    qrels: dict[str, dict[str, int]] = {}
    with (folder / "qrels.txt").open() as lines:
        for line in lines:
            query, _, document, grade = line.split()
            qrels.setdefault(query, {})[document] = int(grade)
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "recip_rank", "recall.100"})
    rows = evaluator.evaluate(run)
    print(np.mean([row["ndcg_cut_10"] for row in rows.values()]))
    print(np.mean([row["recip_rank"] if row["recip_rank"] >= 0.1 else 0.0 for row in rows.values()]))
    print(np.mean([row["recall_100"] for row in rows.values()]))
