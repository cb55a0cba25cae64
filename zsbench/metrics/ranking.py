"""Ranking as trec_eval judges it, through pytrec_eval: one row a query.

`rankings` is a list of {document id: score}, `qrels` the aligned list of {document id: grade}. Documents are
ordered by score as float32, descending, ties by document id descending as bytes. A query without any document
scores 0; a query without any judgement is undefined. Gains are linear unless the name says `gain=exp`.

Source: trec_eval 9 (Buckley); exponential gain: Burges et al. 2005.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from zsbench.lazy import lazy
from zsbench.metrics import metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    np = lazy("numpy")

Ranking = Mapping[str, float]
Judged = Mapping[str, int]


def trec_order(ranking: Ranking) -> list[str]:
    """Return document ids in trec_eval's order: float32 score, then id as bytes, both descending."""
    return sorted(ranking, key=lambda doc: (float(np.float32(ranking[doc])), doc.encode()), reverse=True)


def _evaluate(rankings: Sequence[Ranking], qrels: Sequence[Judged], measure: str, rel: int = 1) -> Array:
    """Return one trec_eval measure for each query; see the module for missing ones."""
    import pytrec_eval

    if len(rankings) != len(qrels):
        raise ValueError(f"{len(rankings)} rankings for {len(qrels)} queries")
    for number, ranking in enumerate(rankings):
        if any(not math.isfinite(score) for score in ranking.values()):
            raise ValueError(f"ranking {number} holds a score that is NaN or infinite")
    judged = {str(i): {doc: int(g) for doc, g in row.items()} for i, row in enumerate(qrels) if row}
    run = {i: {doc: float(s) for doc, s in rankings[int(i)].items()} for i in judged if rankings[int(i)]}
    evaluator = pytrec_eval.RelevanceEvaluator(judged, {measure}, relevance_level=rel)
    found = evaluator.evaluate(run)
    # The key pytrec_eval answers with has an underscore where the question has a dot (`ndcg_cut.10`).
    key = measure.replace(".", "_")
    missing = {True: 0.0, False: math.nan}
    rows = [found[str(i)][key] if str(i) in found else missing[str(i) in judged] for i in range(len(qrels))]
    return np.asarray(rows, dtype=np.float64)


def _cut(name: str, k: int | None) -> str:
    return name if k is None else f"{name}_cut.{k}"


@metric("nDCG")
def ndcg(
    rankings: Sequence[Ranking],
    qrels: Sequence[Judged],
    *,
    k: int | None = None,
    gain: Literal["linear", "exp"] = "linear",
) -> Array:
    """Discounted gain at k over that of the ideal order of all judged documents, discount 1/log2(rank + 1)."""
    if gain == "exp":
        qrels = [{doc: 2 ** max(grade, 0) - 1 for doc, grade in row.items()} for row in qrels]
    return _evaluate(rankings, qrels, _cut("ndcg", k))


@metric("MAP")
def average_precision(
    rankings: Sequence[Ranking], qrels: Sequence[Judged], *, k: int | None = None, rel: int = 1
) -> Array:
    """Average precision over the relevant documents of the qrels (grade >= rel), retrieved or not."""
    return _evaluate(rankings, qrels, _cut("map", k), rel)


@metric("MRR")
def reciprocal_rank(
    rankings: Sequence[Ranking], qrels: Sequence[Judged], *, k: int | None = None, rel: int = 1
) -> Array:
    """One over the rank of the first relevant document, 0 when none is among the first k."""
    if k is not None:
        rankings = [{doc: ranking[doc] for doc in trec_order(ranking)[:k]} for ranking in rankings]
    return _evaluate(rankings, qrels, "recip_rank", rel)


@metric("Recall")
def recall(rankings: Sequence[Ranking], qrels: Sequence[Judged], *, k: int, rel: int = 1) -> Array:
    """Share of the relevant documents that stand among the first k."""
    return _evaluate(rankings, qrels, f"recall.{k}", rel)


@metric("P")
def precision(rankings: Sequence[Ranking], qrels: Sequence[Judged], *, k: int, rel: int = 1) -> Array:
    """Relevant documents among the first k, divided by k even when fewer were returned."""
    return _evaluate(rankings, qrels, f"P.{k}", rel)


@metric("Success", interval="wilson")
def success(rankings: Sequence[Ranking], qrels: Sequence[Judged], *, k: int, rel: int = 1) -> Array:
    """1 when at least one relevant document stands among the first k."""
    return _evaluate(rankings, qrels, f"success.{k}", rel)


@metric("R-Prec")
def r_precision(rankings: Sequence[Ranking], qrels: Sequence[Judged], *, rel: int = 1) -> Array:
    """Precision at R, the number of relevant documents of the query."""
    return _evaluate(rankings, qrels, "Rprec", rel)


@metric("Bpref")
def bpref(rankings: Sequence[Ranking], qrels: Sequence[Judged], *, rel: int = 1) -> Array:
    """Binary preference: judged non-relevant documents above relevant ones; unjudged ones do not count."""
    return _evaluate(rankings, qrels, "bpref", rel)


@metric("Judged")
def judged(rankings: Sequence[Ranking], qrels: Sequence[Judged], *, k: int) -> Array:
    """Share of the first k documents (or of all, when fewer) that were judged at all."""
    rows = []
    for ranking, row in zip(rankings, qrels, strict=True):
        top = trec_order(ranking)[:k]
        rows.append(sum(doc in row for doc in top) / len(top) if top else math.nan)
    return np.asarray(rows, dtype=np.float64)
