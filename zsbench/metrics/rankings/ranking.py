"""Ranking as trec_eval judges it, through pytrec_eval: one row a query.

`rankings` is a list of {document id: score}, `qrels` the aligned list of {document id: grade}. Documents are
ordered by score as float32, descending, ties by document id descending as bytes. A query without any document
scores 0; a query without any judgement is undefined, and so is one whose ranking is None (`missing: skip`). Gains
are linear unless the name says `gain=exp`.

Source: trec_eval 9 (Buckley); exponential gain: Burges et al. 2005; R_cap and Hole: Thakur et al. 2021, BEIR.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from zsbench.config.options import Cutoff, Grade
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings._gain import exponential_ndcg
from zsbench.metrics.rankings.pytrec import Grades, Judged, Ranking, evaluate, trec_orders

Rankings = Sequence[Ranking | None]


def _cut(name: str, k: int | None) -> str:
    return name if k is None else f"{name}_cut.{k}"


@metric("nDCG")
def ndcg(
    rankings: Rankings,
    qrels: Sequence[Judged],
    *,
    k: Cutoff | None = None,
    gain: Literal["linear", "exp"] = "linear",
) -> DoubleArray:
    """Discounted gain at k over that of the ideal order of all judged documents, discount 1/log2(rank + 1).

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> ndcg(rankings, qrels, k=3).round(3).tolist()
    [0.521]
    """
    if gain == "exp":
        return exponential_ndcg(rankings, qrels, k=k)
    return evaluate(rankings, qrels, _cut("ndcg", k), depth=k)


@metric("MAP")
def average_precision(
    rankings: Rankings, qrels: Sequence[Judged], *, k: Cutoff | None = None, rel: Grade = 1
) -> DoubleArray:
    """Average precision over the relevant documents of the qrels (grade >= rel), retrieved or not.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> average_precision(rankings, qrels).round(3).tolist()
    [0.389]
    """
    return evaluate(rankings, qrels, _cut("map", k), rel=rel, depth=k)


@metric("MRR")
def reciprocal_rank(
    rankings: Rankings, qrels: Sequence[Judged], *, k: Cutoff | None = None, rel: Grade = 1
) -> DoubleArray:
    """One over the rank of the first relevant document, 0 when none is among the first k.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> reciprocal_rank(rankings, qrels).tolist()
    [0.5]
    """
    rows = evaluate(rankings, qrels, "recip_rank", rel=rel, depth=k)
    # trec_eval knows no cut here; documents that tie with the k-th may have brought a rank beyond k.
    return rows if k is None else np.asarray(np.where(rows < 1 / k, 0.0, rows))


@metric("Recall")
def recall(rankings: Rankings, qrels: Sequence[Judged], *, k: Cutoff, rel: Grade = 1) -> DoubleArray:
    """Share of the relevant documents that stand among the first k.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> recall(rankings, qrels, k=2).round(3).tolist()
    [0.333]
    """
    return evaluate(rankings, qrels, f"recall.{k}", rel=rel, depth=k)


@metric("R_cap")
def capped_recall(rankings: Rankings, qrels: Sequence[Judged], *, k: Cutoff, rel: Grade = 1) -> DoubleArray:
    """Recall at k over min(k, number of relevant documents): 1 is reachable whatever their number.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> capped_recall(rankings, qrels, k=2).tolist()
    [0.5]
    """
    relevant = np.asarray([sum(grade >= rel for grade in row.values()) for row in qrels], dtype=np.float64)
    retrieved: DoubleArray = precision(rankings, qrels, k=k, rel=rel) * k
    return retrieved / np.clip(relevant, 1, k)


@metric("P")
def precision(rankings: Rankings, qrels: Sequence[Judged], *, k: Cutoff, rel: Grade = 1) -> DoubleArray:
    """Relevant documents among the first k, divided by k even when fewer were returned.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> precision(rankings, qrels, k=2).tolist()
    [0.5]
    """
    return evaluate(rankings, qrels, f"P.{k}", rel=rel, depth=k)


@metric("Success", interval="wilson")
def success(rankings: Rankings, qrels: Sequence[Judged], *, k: Cutoff, rel: Grade = 1) -> DoubleArray:
    """1 when at least one relevant document stands among the first k.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> success(rankings, qrels, k=1).tolist(), success(rankings, qrels, k=2).tolist()
    ([0.0], [1.0])
    """
    return evaluate(rankings, qrels, f"success.{k}", rel=rel, depth=k)


@metric("R-Prec")
def r_precision(rankings: Rankings, qrels: Sequence[Judged], *, rel: Grade = 1) -> DoubleArray:
    """Precision at R, the number of relevant documents of the query.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> r_precision(rankings, qrels).round(3).tolist()
    [0.667]
    """
    return evaluate(rankings, qrels, "Rprec", rel=rel)


@metric("Bpref")
def bpref(rankings: Rankings, qrels: Sequence[Judged], *, rel: Grade = 1) -> DoubleArray:
    """Binary preference: judged non-relevant documents above relevant ones; unjudged ones do not count.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"a": 1, "b": 0, "c": 1}]
    >>> bpref(rankings, qrels).tolist()
    [0.5]
    """
    return evaluate(rankings, qrels, "bpref", rel=rel)


@metric("Judged")
def judged(rankings: Rankings, qrels: Sequence[Judged], *, k: Cutoff) -> DoubleArray:
    """Share of the first k documents (or of all, when fewer) that were judged at all for the query.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> judged(rankings, qrels, k=2).tolist()
    [0.5]
    """
    tops = _tops(rankings, qrels, k)
    rows = [
        sum(doc in row for doc in top) / len(top) if top else math.nan for top, row in zip(tops, qrels, strict=True)
    ]
    return np.asarray(rows, dtype=np.float64)


@metric("Hole", better="lower", top=1)
def hole(rankings: Rankings, qrels: Sequence[Judged], *, k: Cutoff) -> DoubleArray:
    """Documents among the first k that were judged for no query of the whole collection, divided by k.

    Examples
    --------
    >>> rankings, qrels = [{"a": 3.0, "b": 2.0, "c": 1.0}], [{"b": 1, "c": 2, "d": 1}]
    >>> hole(rankings, qrels, k=2).tolist()
    [0.5]
    """
    known = {doc for row in qrels for doc in row}.union(*{row.anywhere for row in qrels if isinstance(row, Grades)})
    tops = _tops(rankings, qrels, k)
    rows = [math.nan if top is None else sum(doc not in known for doc in top) / k for top in tops]
    return np.asarray(rows, dtype=np.float64)


def _tops(rankings: Rankings, qrels: Sequence[Judged], k: int) -> list[list[str] | None]:
    if len(rankings) != len(qrels):
        raise ValueError(f"{len(rankings)} rankings for {len(qrels)} queries")
    return list(trec_orders(rankings, k))
