"""Statistics of two runs as comparisons take them: row by row the same item, without those that lack a value."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.analysis.comparison.joined import Tables
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.intervals import cluster_numbers
from zsbench.metrics.metric import Metric


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
