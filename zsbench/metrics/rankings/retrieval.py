"""Retrieval from a gallery: scores of items against the items that answer a query; ties count against the query.

`rankings` is a list of {item id: score}, one entry a query, higher is better; `gold` the aligned list of
`Relevant`. Items to ignore (the query's own image, junk) take no place in the ranking. The rank of a positive is

    rank(p) = 1 + #{ non-positive i : score_i >= score_p } + #{ positive i : score_i > score_p }

so that identical items of other queries cannot help; with `ties=best` only strictly better items stand before it.
A query without positives is undefined. A positive that is not in the ranking is not found.

    hit@k      at least one positive among the first k
    recall@k   share of the positives among the first k

Source: the zero-shot retrieval of CLIP_benchmark (`hit@k` is its "recall@k"); Radford et al. 2021.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from zsbench.config.options import Cutoff
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric

Ranking = Mapping[str, float]
Ties = Literal["worst", "best"]
Query = Literal["", "text", "image"]


@dataclass(frozen=True)
class Relevant:
    """What a query should find, what is left out of its ranking, and the kind of query (`text`, `image`)."""

    positives: frozenset[str]
    ignore: frozenset[str] = frozenset()
    query: str = ""


def positive_ranks(ranking: Ranking, relevant: Relevant, *, ties: Ties = "worst") -> DoubleArray:
    """Return the 1-based ranks of the positives in ascending order, infinite for those that are not in the ranking.

    Raises
    ------
    ValueError
        A score is NaN.
    """
    ids = [key for key in ranking if key not in relevant.ignore]
    scores = np.asarray([ranking[key] for key in ids], dtype=np.float64)
    if np.isnan(scores).any():
        raise ValueError("a score is NaN")
    positive = np.asarray([key in relevant.positives for key in ids], dtype=bool)
    # Ascending, so that "how many are at least as high" is a distance from the end.
    others, own = np.sort(scores[~positive]), np.sort(scores[positive])[::-1]
    side: Literal["left", "right"] = "left" if ties == "worst" else "right"
    better = len(others) - np.searchsorted(others, own, side=side)
    ranks = better + np.arange(1, len(own) + 1, dtype=np.float64)
    return np.concatenate([ranks, np.full(len(relevant.positives) - len(own), np.inf)])


def _ranks(rankings: Sequence[Ranking], gold: Sequence[Relevant], query: str, ties: Ties) -> list[DoubleArray]:
    """Return every query's ranks; empty where the query is of another kind or has no positives."""
    if len(rankings) != len(gold):
        raise ValueError(f"{len(rankings)} rankings for {len(gold)} queries")
    none = np.zeros(0)
    return [
        positive_ranks(ranking, relevant, ties=ties) if query in ("", relevant.query) and relevant.positives else none
        for ranking, relevant in zip(rankings, gold, strict=True)
    ]


@metric("hit", interval="wilson")
def hit(
    rankings: Sequence[Ranking], gold: Sequence[Relevant], *, k: Cutoff, query: Query = "", ties: Ties = "worst"
) -> DoubleArray:
    """1 when at least one positive stands among the first k; `query=text` looks at text queries only."""
    return np.asarray([float(r[0] <= k) if len(r) else math.nan for r in _ranks(rankings, gold, query, ties)])


@metric("recall")
def recall(
    rankings: Sequence[Ranking], gold: Sequence[Relevant], *, k: Cutoff, query: Query = "", ties: Ties = "worst"
) -> DoubleArray:
    """Share of the positives among the first k: with five captions an image, at most 0.2 at k=1."""
    return np.asarray([float((r <= k).mean()) if len(r) else math.nan for r in _ranks(rankings, gold, query, ties)])


@metric("mAP")
def average_precision(
    rankings: Sequence[Ranking],
    gold: Sequence[Relevant],
    *,
    k: Cutoff | None = None,
    query: Query = "",
    ties: Ties = "worst",
) -> DoubleArray:
    """Precision at each positive among the first k, averaged over min(k, positives)."""
    rows = []
    for ranks in _ranks(rankings, gold, query, ties):
        cut = len(ranks) if k is None else min(k, len(ranks))
        within = ranks[ranks <= (k or np.inf)]
        within = within[np.isfinite(within)]
        rows.append(float((np.arange(1, len(within) + 1) / within).sum() / cut) if cut else math.nan)
    return np.asarray(rows)


def _median(statistics: DoubleArray) -> float:
    return float(np.median(statistics[:, 0]))


@metric("median-rank", unit="", better="lower", of_items=_median)
def median_rank(
    rankings: Sequence[Ranking], gold: Sequence[Relevant], *, query: Query = "", ties: Ties = "worst"
) -> DoubleArray:
    """Median over queries of the best positive's rank; infinite beyond the depth of the rankings."""
    return np.asarray([float(r[0]) if len(r) else math.nan for r in _ranks(rankings, gold, query, ties)])


def _mean_of_both(sums: DoubleArray, n: DoubleArray) -> DoubleArray:  # noqa: ARG001 - the reducer's signature
    """Mean over both kinds of queries and all cut-offs of the hit rates; a kind without queries is left out."""
    half = sums.shape[-1] // 2
    with np.errstate(invalid="ignore"):
        rates = [part[..., 1:] / part[..., :1] for part in (sums[..., :half], sums[..., half:])]
    return np.asarray(np.nanmean(np.concatenate(rates, axis=-1), axis=-1))


def _both(rankings: Sequence[Ranking], gold: Sequence[Relevant], ties: Ties, cuts: Sequence[int]) -> DoubleArray:
    """Return (n_queries, 2 + 2 n_cuts): for text, then for image queries, the query itself and its hits."""
    half = 1 + len(cuts)
    table = np.zeros((len(gold), 2 * half))
    for row, ranks, relevant in zip(table, _ranks(rankings, gold, "", ties), gold, strict=True):
        start = {"text": 0, "image": half}.get(relevant.query)
        if start is None or not len(ranks):
            row[:] = np.nan
        else:
            row[start : start + half] = [1, *(float(ranks[0] <= k) for k in cuts)]
    return table


@metric("mean-hit", of_sums=_mean_of_both)
def mean_hit(
    rankings: Sequence[Ranking], gold: Sequence[Relevant], *, k: Cutoff | None = None, ties: Ties = "worst"
) -> DoubleArray:
    """Mean of the hit rates of both directions at k, or of all six at 1, 5 and 10 ("mean recall")."""
    return _both(rankings, gold, ties, (1, 5, 10) if k is None else (k,))


@metric("RSUM", unit="", of_sums=lambda sums, n: 600 * _mean_of_both(sums, n))
def rsum(rankings: Sequence[Ranking], gold: Sequence[Relevant], *, ties: Ties = "worst") -> DoubleArray:
    """Sum of the six hit rates at 1, 5 and 10 in percent."""
    return _both(rankings, gold, ties, (1, 5, 10))
