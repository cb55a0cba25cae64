"""Retrieval from a gallery: scores of items against the items that answer a query; ties count against the query.

`rankings` is a list of {item id: score}, one entry a query, higher is better, or what a task has made of many at once
(`Ranked`); `gold` the aligned list of `Relevant`. Items to ignore (the query's own image, junk) take no place in the
ranking. The rank of a positive is

    rank(p) = 1 + #{ non-positive i : score_i >= score_p } + #{ positive i : score_i > score_p }

so that identical items of other queries cannot help; with `ties=best` only strictly better items stand before it.
A query without positives is undefined. A positive that is not in the ranking is not found.

    hit@k      at least one positive among the first k
    recall@k   share of the positives among the first k

Source: the zero-shot retrieval of CLIP_benchmark (`hit@k` is its "recall@k"); Radford et al. 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from zsbench.config.options import Cutoff
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings.positives import PositiveRanks, Ranked, Ties, of_scores

Rankings = Sequence[Mapping[str, float]] | Ranked
Query = Literal["", "text", "image"]


@dataclass(frozen=True, eq=False)
class Concepts:
    """What a query is about.

    Attributes
    ----------
    numbers : (m,) of its concepts; -1 fills up to the m of the query that has most.
    counts : (n_concepts,) how often each concept of the data stands in pretraining data; the same for all queries.
    """

    numbers: IntArray
    counts: IntArray


@dataclass(frozen=True)
class Relevant:
    """What a query should find, what is left out of its ranking, and the kind of query (`text`, `image`).

    `concepts` is what it is about, None where nobody counted that; it makes no other test set of the queries.
    """

    positives: frozenset[str]
    ignore: frozenset[str] = frozenset()
    query: str = ""
    concepts: Concepts | None = field(default=None, compare=False)


def positive_ranks(
    rankings: Rankings, gold: Sequence[Relevant], *, query: Query = "", ties: Ties = "worst"
) -> PositiveRanks:
    """Return the ranks of every query's positives; queries of another kind are undefined.

    Raises
    ------
    ValueError
        A score is NaN, or there are more or fewer rankings than queries.
    """
    table = rankings.table(ties) if isinstance(rankings, Ranked) else _of_mappings(rankings, gold, ties)
    if len(table.sizes) != len(gold):
        raise ValueError(f"{len(table.sizes)} rankings for {len(gold)} queries")
    return table.only(np.asarray([relevant.query == query for relevant in gold], dtype=bool)) if query else table


def _of_mappings(rankings: Sequence[Mapping[str, float]], gold: Sequence[Relevant], ties: Ties) -> PositiveRanks:
    if len(rankings) != len(gold):
        raise ValueError(f"{len(rankings)} rankings for {len(gold)} queries")
    rows = [
        (number, score, key in relevant.positives)
        for number, (ranking, relevant) in enumerate(zip(rankings, gold, strict=True))
        for key, score in ranking.items()
        if key not in relevant.ignore
    ]
    numbers, scores, positive = zip(*rows, strict=True) if rows else ((), (), ())
    return of_scores(
        np.asarray(numbers, dtype=np.int64),
        np.asarray(scores, dtype=np.float64),
        np.asarray(positive, dtype=bool),
        np.asarray([len(relevant.positives) for relevant in gold], dtype=np.int64),
        ties=ties,
    )


@metric("hit", interval="wilson")
def hit(
    rankings: Rankings, gold: Sequence[Relevant], *, k: Cutoff, query: Query = "", ties: Ties = "worst"
) -> DoubleArray:
    """1 when at least one positive stands among the first k; `query=text` looks at text queries only.

    Examples
    --------
    >>> rankings, gold = [{"a": 3.0, "b": 2.0, "c": 1.0}], [Relevant(frozenset({"b", "c"}))]
    >>> hit(rankings, gold, k=1).tolist(), hit(rankings, gold, k=2).tolist()
    ([0.0], [1.0])
    """
    return positive_ranks(rankings, gold, query=query, ties=ties).hit(k)


@metric("recall")
def recall(
    rankings: Rankings, gold: Sequence[Relevant], *, k: Cutoff, query: Query = "", ties: Ties = "worst"
) -> DoubleArray:
    """Share of the positives among the first k: with five captions an image, at most 0.2 at k=1.

    Examples
    --------
    >>> rankings, gold = [{"a": 3.0, "b": 2.0, "c": 1.0}], [Relevant(frozenset({"b", "c"}))]
    >>> recall(rankings, gold, k=2).tolist()
    [0.5]
    """
    table = positive_ranks(rankings, gold, query=query, ties=ties)
    return table.within(k) / np.maximum(table.sizes, 1)


@metric("mAP")
def average_precision(
    rankings: Rankings,
    gold: Sequence[Relevant],
    *,
    k: Cutoff | None = None,
    query: Query = "",
    ties: Ties = "worst",
) -> DoubleArray:
    """Precision at each positive among the first k, averaged over min(k, positives).

    Examples
    --------
    >>> rankings, gold = [{"a": 3.0, "b": 2.0, "c": 1.0}], [Relevant(frozenset({"b", "c"}))]
    >>> average_precision(rankings, gold).round(3).tolist()
    [0.583]
    """
    table = positive_ranks(rankings, gold, query=query, ties=ties)
    sums = table.sums((table.numbers + 1) / table.ranks, k)
    return sums / np.clip(table.sizes, 1, k)


@metric("median-rank", unit="", better="lower", of_items=lambda statistics: float(np.median(statistics[:, 0])))
def median_rank(
    rankings: Rankings, gold: Sequence[Relevant], *, query: Query = "", ties: Ties = "worst"
) -> DoubleArray:
    """Median over queries of the best positive's rank; infinite beyond the depth of the rankings.

    Examples
    --------
    >>> rankings, gold = [{"a": 3.0, "b": 2.0, "c": 1.0}], [Relevant(frozenset({"b", "c"}))]
    >>> median_rank(rankings, gold).tolist()
    [2.0]
    """
    return positive_ranks(rankings, gold, query=query, ties=ties).first()


def _mean_of_both(sums: DoubleArray, n: DoubleArray) -> DoubleArray:  # noqa: ARG001 - the reducer's signature
    """Mean over both kinds of queries and all cut-offs of the hit rates; a kind without queries is left out."""
    half = sums.shape[-1] // 2
    with np.errstate(invalid="ignore"):
        rates = [part[..., 1:] / part[..., :1] for part in (sums[..., :half], sums[..., half:])]
    return np.asarray(np.nanmean(np.concatenate(rates, axis=-1), axis=-1))


def _both(rankings: Rankings, gold: Sequence[Relevant], ties: Ties, cuts: Sequence[int]) -> DoubleArray:
    """Return (n_queries, 2 + 2 n_cuts): for text, then for image queries, the query itself and its hits."""
    table = positive_ranks(rankings, gold, ties=ties)
    hits = np.stack([table.hit(k) for k in cuts], axis=1)
    parts = []
    for kind in ("text", "image"):
        mine = np.asarray([[relevant.query == kind] for relevant in gold], dtype=bool)
        parts += [mine, np.where(mine, hits, 0)]
    rows = np.concatenate(parts, axis=1, dtype=np.float64)
    known = parts[0] | parts[2]
    return np.where(known & (table.sizes[:, None] > 0), rows, np.nan)


@metric("mean-hit", of_sums=_mean_of_both)
def mean_hit(
    rankings: Rankings, gold: Sequence[Relevant], *, k: Cutoff | None = None, ties: Ties = "worst"
) -> DoubleArray:
    """Mean of the hit rates of both directions at k, or of all six at 1, 5 and 10 ("mean recall").

    Examples
    --------
    >>> rankings = [{"a": 2.0, "b": 1.0}, {"x": 2.0, "y": 1.0}]
    >>> gold = [Relevant(frozenset({"a"}), query="text"), Relevant(frozenset({"y"}), query="image")]
    >>> mean_hit.metric.compute(rankings, gold)  # text queries always hit, image queries from rank 2 on
    0.8333333333333334
    """
    return _both(rankings, gold, ties, (1, 5, 10) if k is None else (k,))


@metric("RSUM", unit="", of_sums=lambda sums, n: 600 * _mean_of_both(sums, n), top=600)
def rsum(rankings: Rankings, gold: Sequence[Relevant], *, ties: Ties = "worst") -> DoubleArray:
    """Sum of the six hit rates at 1, 5 and 10 in percent.

    Examples
    --------
    >>> rankings = [{"a": 2.0, "b": 1.0}, {"x": 2.0, "y": 1.0}]
    >>> gold = [Relevant(frozenset({"a"}), query="text"), Relevant(frozenset({"y"}), query="image")]
    >>> rsum.metric.compute(rankings, gold)
    500.0
    """
    return _both(rankings, gold, ties, (1, 5, 10))
