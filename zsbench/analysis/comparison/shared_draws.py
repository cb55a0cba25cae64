"""Replicates of metrics over overlapping items: what several tasks share is drawn for all of them at once.

Units (items, or clusters of them) are drawn from all units of the tasks together; each task sees those of its own. Its
part of a resample has a random size, which ratios and means take into account, as with any domain of a sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.analysis.comparison.joined import Tables
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.bootstrap import Table, counts_of_units
from zsbench.metrics.metric import Metric


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
    blocks = [[part.values(counts) for part in parts] for counts in counts_of_units(len(number_of), drawn, seed)]
    columns = [np.concatenate(column) for column in zip(*blocks, strict=True)]
    return list(zip(columns[::2], columns[1::2], strict=True))


class _Part:
    """One run's statistics, with the units that its items belong to."""

    def __init__(self, metric: Metric, statistics: DoubleArray, units: IntArray) -> None:
        self.distinct, local = np.unique(units, return_inverse=True)
        self.table = Table.of(metric, statistics, local)

    def values(self, counts: Any) -> DoubleArray:
        """Return the metric of each resample, from how often it holds each unit of all, (B, n_units)."""
        of_part = counts[:, self.distinct]
        is_there = of_part.any(axis=1)
        values = np.full(len(counts), np.nan)
        values[is_there] = self.table.values(None, of_part[is_there])
        return values
