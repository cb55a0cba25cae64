"""Statistics of two runs as comparisons take them: row by row the same item, without those that lack a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from zsbench.analysis.comparison.joined import Tables
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.bootstrap import sizes_of
from zsbench.metrics.intervals import cluster_numbers
from zsbench.metrics.metric import Metric


class Ends(NamedTuple):
    """The interval of a difference, NaN where there is none, and what it was drawn from.

    Attributes
    ----------
    units : independent items, or clusters of items.
    are_clusters : whether they are clusters.
    """

    low: float = float("nan")
    high: float = float("nan")
    units: int = 0
    are_clusters: bool = False


def units_of(tables: Tables) -> int:
    """Return how many independent units two runs are compared on: clusters, or items where there are none."""
    return len(tables.first[0]) if tables.clusters is None else len(sizes_of(tables.clusters))


def joined(metric: Metric, before: DoubleArray, after: DoubleArray, clusters: Sequence[str] | None) -> Tables:
    """Return the items that both runs have a value for.

    Parameters
    ----------
    before, after : (n_items, n_statistics), row by row the same item.
    clusters : (n_items,) the name of each item's cluster, or None where items are independent.
    """
    lacks = [np.isnan(table).any(axis=1) for table in (before, after)]
    both = np.logical_not(lacks[0] | lacks[1])
    numbers = None if clusters is None or not both.any() else cluster_numbers(np.asarray(clusters, dtype=str)[both])
    left_out, undefined = int((lacks[0] ^ lacks[1]).sum()), int((lacks[0] & lacks[1]).sum())
    return Tables(metric, [before[both]], [after[both]], both, numbers, left_out, undefined)
