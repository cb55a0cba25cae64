"""Replicates of metrics over overlapping items: what several tasks share is drawn for all of them at once.

Units (items, or clusters of them) are drawn from all units of the tasks together; each task sees those of its own. Its
part of a resample has a random size, which ratios and means take into account, as with any domain of a sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zsbench.analysis.comparison.joined import Tables
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.bootstrap import Table, cluster_replicates
from zsbench.metrics.metric import Metric
from zsbench.metrics.tallies import Weighted, weights_type

_AT_ONCE = 4_000_000


def overlapping(
    tables: Sequence[Tables], labels: Sequence[Any], *, resamples: int, seed: int
) -> list[tuple[DoubleArray, DoubleArray]]:
    """Return each metric's replicates of either side, (B,), on the same draws of units; NaN where a draw has none.

    Parameters
    ----------
    tables : one metric of two runs each.
    labels : for each of them the name of every item's unit, (n_items,).
    """
    number_of: dict[Any, int] = {}
    units = [
        np.array([number_of.setdefault(label, len(number_of)) for label in each.tolist()], dtype=np.int64)
        for each in labels
    ]
    sides = [(part, unit) for table, unit in zip(tables, units, strict=True) for part in (table.first, table.second)]
    metrics = [table.metric for table in tables for _ in range(2)]
    drawn = min(Table.of(m, part[0]).affordable(resamples) for m, (part, _) in zip(metrics, sides, strict=True))
    parts = [_Part(metric, part[0], unit) for metric, (part, unit) in zip(metrics, sides, strict=True)]
    blocks = [[part.values(counts) for part in parts] for counts in _counts(len(number_of), drawn, seed)]
    columns = [np.concatenate(column) for column in zip(*blocks, strict=True)]
    return list(zip(columns[::2], columns[1::2], strict=True))


class _Part:
    """One run's statistics, with the units that its items belong to."""

    def __init__(self, metric: Metric, statistics: DoubleArray, units: IntArray) -> None:
        self.metric, self.statistics = metric, statistics
        self.distinct, self.local = np.unique(units, return_inverse=True)
        self.weighted: Weighted | None = None if metric.of_weights is None else metric.of_weights(statistics)

    def values(self, counts: DoubleArray) -> DoubleArray:
        """Return the metric of each resample, from how often it holds each unit of all, (B, n_units)."""
        of_part = counts[:, self.distinct]
        is_there = of_part.any(axis=1)
        values = np.full(len(counts), np.nan)
        if self.weighted is not None:
            weights = np.ascontiguousarray(of_part[is_there].astype(weights_type(len(self.local))).T)[self.local]
            values[is_there] = self.weighted.values(weights)
        else:
            here = of_part[is_there]
            values[is_there] = cluster_replicates(self.metric, self.statistics, self.local, here.astype(np.int64), here)
        return values


def _counts(n_units: int, resamples: int, seed: int) -> Iterator[DoubleArray]:
    """Yield blocks (b, n_units) of how often each unit is drawn when n_units of them are."""
    rng = np.random.default_rng(seed)
    block = max(1, _AT_ONCE // n_units)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        numbers = rng.integers(0, n_units, (size, n_units)) + np.arange(size)[:, None] * n_units
        yield np.bincount(numbers.ravel(), minlength=size * n_units).reshape(size, n_units).astype(np.float64)
