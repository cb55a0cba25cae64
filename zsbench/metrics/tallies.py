"""Metrics of many resamples at once: a resample is a column of weights, how often it holds each item.

A metric that depends on all items together (`of_items`) may say in `of_weights` what it needs of them: which items are
added up. That is found once, by sorting; each resample then costs sums and no sorting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, lazy, np

sparse = lazy("scipy.sparse")

Weights = Any
"""(n_items, n_resamples) of a small whole type, which holds the number of items."""


OfWeights = Callable[[Any], "DoubleArray"]
"""Weights -> a value for each resample, (n_resamples,)."""


@dataclass(frozen=True)
class Weighted:
    """A metric of one table of statistics, as a function of weights.

    Attributes
    ----------
    values : weights (n_items, n_resamples) -> the metric of each resample (n_resamples,).
    work : numbers that are touched for one resample, by which the number of resamples is limited.
    """

    values: OfWeights
    work: int


def weights_type(n: int) -> Any:
    """Return the smallest fast type that holds sums of the weights of n items."""
    return np.uint16 if n < 1 << 16 else np.int32


class Sums:
    """Sums of weights over runs of items in a given order.

    Parameters
    ----------
    order : item numbers.
    starts : where each run begins in `order`, ascending; the first item of a run is the end of the one before it.
    n : items in all.
    largest : the greatest sum there can be, where an item stands in the order several times; by default n.
    """

    def __init__(self, order: IntArray, starts: IntArray, n: int, *, largest: int | None = None) -> None:
        ends = np.concatenate([starts, [len(order)]])
        ones = np.ones(len(order), dtype=weights_type(largest or n))
        self._runs = sparse.csr_array((ones, order.astype(np.int32), ends.astype(np.int32)), shape=(len(starts), n))

    def __call__(self, weights: Weights) -> DoubleArray:
        """Return (n_runs, n_resamples)."""
        return np.asarray(self._runs @ weights, dtype=np.float64)


def by_group(groups: Any, *among: Any, values: Any = None) -> list[Sums]:
    """Return the sums over the items of each group, in the order of the groups, and over those that masks choose.

    Parameters
    ----------
    groups : (n_items,), whole numbers.
    among : masks (n_items,); each gives sums over the items it chooses, for every group.
    values : (n_groups,), sorted: the groups that are summed; by default those that occur.
    """
    values = np.unique(groups) if values is None else values
    numbers, known = np.searchsorted(values, groups), np.isin(groups, values)
    sums = []
    for mask in (known, *among):
        chosen = np.flatnonzero(mask & known)
        order = chosen[np.argsort(numbers[chosen], kind="stable")]
        sums.append(Sums(order, np.searchsorted(numbers[order], np.arange(len(values))), len(numbers)))
    return sums
