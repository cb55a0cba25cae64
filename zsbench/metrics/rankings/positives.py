"""Ranks of positives: where in its ranking a query finds what it looks for, the table behind most metrics of ranking.

Of one table follow hit rates (the first positive is among the first k), accuracies that ask for all (the last one is),
recall (how many are), reciprocal and median ranks, average precision. Rankings come in several shapes, and each has its
way into the table:

    of_lists     names in an order that is already fixed, by trec_eval's rule or by whoever recommends
    of_hits      yes or no at each rank of such an order, where nobody knows the positives before they are read
    of_scores    (query, score, is it a positive) row by row, for rankings that hold a part of the gallery
    of_matrix    all scores of all queries, (n_queries, n_gallery)

Scores may tie. With `ties="worst"` the others stand before a positive of the same score, so that identical items
cannot help a query; with `ties="best"` they stand behind it. Positives never stand in each other's way.

    worst   rank = #{ others : score >= s } + #{ positives : score > s, and those of score s counted so far } + 1
    best    rank = #{ others : score >  s } + the same
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from zsbench.core.lazy import AnyFloatArray, BoolArray, DoubleArray, IntArray, np

Ties = Literal["worst", "best"]

# Scores compared at once: their yes or no takes a byte each.
_AT_ONCE = 2**23


@dataclass(frozen=True)
class PositiveRanks:
    """Ranks of the positives of every query; a query without positives is undefined, NaN in all that follows.

    Attributes
    ----------
    ranks : (n_positives,) from 1, query after query and ascending within each; infinite where a ranking lacks one.
    sizes : (n_queries,) how many of the ranks belong to each query.

    Examples
    --------
    Three queries: positives at ranks 1 and 4, none to look for, one that is not in the ranking.

    >>> table = PositiveRanks.of([[1, 4], [], [float("inf")]])
    >>> table.first().tolist(), table.last().tolist()
    ([1.0, nan, inf], [4.0, nan, inf])
    >>> table.within(3).tolist()
    [1.0, nan, 0.0]
    >>> table.hits(2).tolist()
    [[1.0, 0.0], [nan, nan], [0.0, 0.0]]
    """

    ranks: DoubleArray
    sizes: IntArray

    @classmethod
    def of(cls, rows: Iterable[Sequence[float]]) -> PositiveRanks:
        """Return the table of lists of ranks, one a query, each ascending."""
        lists = list(rows)
        flat = [rank for row in lists for rank in row]
        return cls(np.asarray(flat, dtype=np.float64), np.asarray([len(row) for row in lists], dtype=np.int64))

    @classmethod
    def joined(cls, tables: Sequence[PositiveRanks]) -> PositiveRanks:
        """Return the table of the queries of several tables, one table after another."""
        return cls(np.concatenate([table.ranks for table in tables]), np.concatenate([table.sizes for table in tables]))

    @functools.cached_property
    def starts(self) -> IntArray:
        """The place in `ranks` where each query begins, (n_queries,)."""
        return np.cumsum(self.sizes) - self.sizes

    @functools.cached_property
    def queries(self) -> IntArray:
        """The query of each positive, (n_positives,)."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def numbers(self) -> IntArray:
        """The number of each positive within its query, from 0, (n_positives,)."""
        return np.arange(len(self.ranks)) - self.starts[self.queries]

    def first(self) -> DoubleArray:
        """Return the rank of each query's best positive, (n_queries,)."""
        return self._at(self.starts)

    def last(self) -> DoubleArray:
        """Return the rank of each query's worst positive, (n_queries,)."""
        return self._at(self.starts + self.sizes - 1)

    def within(self, k: float | IntArray) -> DoubleArray:
        """Return how many positives stand among the first k, one number or one a query, (n_queries,)."""
        cuts = np.broadcast_to(k, self.sizes.shape)[self.queries]
        counts = np.bincount(self.queries[self.ranks <= cuts], minlength=len(self.sizes))
        return np.where(self.sizes > 0, counts, np.nan)

    def hit(self, k: int) -> DoubleArray:
        """Return 1 where at least one positive stands among the first k, (n_queries,)."""
        return _at_most(self.first(), k)

    def complete(self, k: int) -> DoubleArray:
        """Return 1 where all positives stand among the first k, (n_queries,)."""
        return _at_most(self.last(), k)

    def hits(self, k: int) -> DoubleArray:
        """Return 1 at each of the first k ranks where a positive stands, (n_queries, k)."""
        table = np.where(self.sizes[:, None] > 0, np.zeros(k), np.nan)
        near = self.ranks <= k
        table[self.queries[near], self.ranks[near].astype(np.int64) - 1] = 1
        return table

    def sums(self, values: DoubleArray, k: int | None = None) -> DoubleArray:
        """Return each query's sum of values (n_positives,) over its positives among the first k, (n_queries,)."""
        counts = self.within(np.finfo(np.float64).max if k is None else k)
        sums = np.where(self.sizes > 0, 0.0, np.nan)
        # Rows of one length together: numpy then rounds each sum as it would round it alone.
        for length in np.unique(counts[counts > 0]).astype(np.int64):
            rows = np.flatnonzero(counts == length)
            sums[rows] = values[self.starts[rows][:, None] + np.arange(length)].sum(axis=1)
        return sums

    def only(self, queries: BoolArray) -> PositiveRanks:
        """Return the table with the other queries undefined, (n_queries,) yes or no."""
        return PositiveRanks(self.ranks[np.repeat(queries, self.sizes)], np.where(queries, self.sizes, 0))

    def _at(self, places: IntArray) -> DoubleArray:
        rows = np.full(len(self.sizes), np.nan)
        defined = self.sizes > 0
        rows[defined] = self.ranks[places[defined]]
        return rows


class Ranked:
    """Rankings whose table is made once for all metrics that ask, and only in the order of ties that they ask for."""

    def __init__(self, table: Callable[[Ties], PositiveRanks]) -> None:
        self.table = functools.cache(table)


def of_lists(lists: Iterable[Sequence[str] | None], wanted: Iterable[Collection[str]]) -> PositiveRanks:
    """Return the table of what is wanted in lists of names, best first; a name counts where it stands first.

    A list that is None, and one of which nothing is wanted, is undefined.

    >>> of_lists([["a", "b", "a"], None], [{"a", "z"}, {"a"}]).ranks.tolist()
    [1.0, inf]
    """
    rows = []
    for names, positives in zip(lists, wanted, strict=True):
        places = {name: rank for rank, name in reversed(list(enumerate(names or (), 1)))}
        rows.append([] if names is None else sorted(places.get(name, math.inf) for name in set(positives)))
    return PositiveRanks.of(rows)


def of_hits(orders: Iterable[Iterable[bool] | None], *, most: int | None = None) -> PositiveRanks:
    """Return the table of the ranks that hold a positive, which is read rank by rank.

    As nobody knows how many positives there are, a ranking without a hit has one, at an infinite rank. None is
    undefined. Nothing is read behind the first `most` hits, for reading may be costly.

    >>> of_hits([[False, True], [False], None]).ranks.tolist()
    [2.0, inf]
    """
    hits = (None if row is None else (rank for rank, hit in enumerate(row, 1) if hit) for row in orders)
    return PositiveRanks.of([] if row is None else list(itertools.islice(row, most)) or [math.inf] for row in hits)


def of_scores(
    query: IntArray, scores: AnyFloatArray, positive: BoolArray, sizes: IntArray, *, ties: Ties = "worst"
) -> PositiveRanks:
    """Return the table of rankings that hold a part of the gallery, given as rows in any order.

    Parameters
    ----------
    query : (n_rows,) number of the query that the row belongs to.
    scores : (n_rows,) higher is better.
    positive : (n_rows,) whether the query looks for this item.
    sizes : (n_queries,) positives of each query, whether its ranking holds them or not.

    Raises
    ------
    ValueError
        A score is NaN.

    >>> of_scores(np.zeros(3, int), np.array([0.5, 0.5, 0.9]), np.array([True, False, False]), np.array([2])).ranks
    array([ 3., inf])
    """
    _refuse_nan(scores)
    # What scores below the last positive of its query stands before none.
    lowest = np.full(len(sizes), np.inf)
    np.minimum.at(lowest, query[positive], scores[positive])
    near = scores >= lowest[query]
    query, scores, positive = query[near], scores[near], positive[near]
    order = np.lexsort((positive if ties == "worst" else ~positive, -scores, query))
    query, positive = query[order], positive[order]
    lengths = np.bincount(query, minlength=len(sizes))
    place = np.arange(1, len(query) + 1) - (np.cumsum(lengths) - lengths)[query]
    owner = query[positive]
    table = PositiveRanks(np.full(int(sizes.sum()), np.inf), sizes)
    table.ranks[table.starts[owner] + _numbers_within(owner, len(sizes))] = place[positive]
    return table


def of_matrix(scores: AnyFloatArray, rows: IntArray, columns: IntArray, *, ties: Ties = "worst") -> PositiveRanks:
    """Return the table of queries that were compared with the whole gallery, without sorting a row.

    Parameters
    ----------
    scores : (n_queries, n_gallery), also transposed; read in blocks, never copied whole.
    rows, columns : (n_positives,) the positives, by ascending row, each once.

    Raises
    ------
    ValueError
        A score is NaN.

    >>> of_matrix(np.array([[0.5, 0.5, 0.9]]), np.array([0]), np.array([0])).ranks
    array([3.])
    """
    own = scores[rows, columns]
    order = np.lexsort((-own, rows))
    own, sizes = own[order], np.bincount(rows, minlength=len(scores))
    number = _numbers_within(rows, len(scores))
    starts = np.cumsum(sizes) - sizes
    compare = np.greater_equal if ties == "worst" else np.greater
    before = np.zeros(len(rows), dtype=np.int64)
    width = max(1, _AT_ONCE // max(1, len(scores)))
    for start in range(0, scores.shape[1], width):
        block = scores[:, start : start + width]
        _refuse_nan(block)
        for nth in range(sizes.max(initial=0)):
            having = np.flatnonzero(sizes > nth)
            part = block if len(having) == len(block) else block[having]
            places = starts[having] + nth
            before[places] += compare(part, own[places, None]).sum(axis=1)
    # Positives have been counted like others: those above this one and, with `>=`, those of its own score.
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1]) | (own[1:] != own[:-1])
    group, heads = np.cumsum(new) - 1, np.flatnonzero(new)
    counted = number[heads] + (np.diff(heads, append=len(rows)) if ties == "worst" else 0)
    return PositiveRanks(before - counted[group] + number + 1.0, sizes)


def _numbers_within(rows: IntArray, n: int) -> IntArray:
    """Return how many entries of the same row stand before each, for ascending row numbers below n."""
    lengths = np.bincount(rows, minlength=n)
    numbers: IntArray = np.arange(len(rows)) - (np.cumsum(lengths) - lengths)[rows]
    return numbers


def _at_most(ranks: DoubleArray, k: int) -> DoubleArray:
    """Return whether ranks are at most k, NaN where they are undefined."""
    return np.where(np.isnan(ranks), np.nan, ranks <= k)


def _refuse_nan(scores: AnyFloatArray) -> None:
    if np.isnan(scores).any():
        raise ValueError("a score is NaN")
