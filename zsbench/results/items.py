"""items.parquet: the per-item statistics of every metric of a run, with what names an item and a preview.

One column for each statistic, or one of lists for those of a histogram. A metric that declares names for its statistics
(`columns`: `tp`, `fp`, `fn`) has them behind its own: `F1.tp`.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import SEEK_END
from pathlib import Path
from typing import Any

from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import Metric, as_table

ABOUT = ("id", "group", "cluster", "gold")
"""Columns of texts that say what an item is; those that the data have."""
# More statistics than this are no longer columns that somebody reads one by one.
_MANY = 32


_MAGIC = b"PAR1"


def is_whole(path: Path) -> bool:
    """Say whether a file of items is there with the marks that parquet has at its beginning and its end."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
            file.seek(-len(_MAGIC), SEEK_END)
            return head == file.read() == _MAGIC
    except OSError:
        return False


def item_columns(name: str, statistics: DoubleArray, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Return the columns of items.parquet that hold a metric's statistics (n_items, n_statistics), by name."""
    width = statistics.shape[1]
    if width == 1:
        return {name: statistics[:, 0]}
    if width > _MANY:
        return {name: list(statistics)}
    parts = columns if len(columns) == width else range(width)
    return {f"{name}.{part}": statistics[:, i] for i, part in enumerate(parts)}


def item_statistics(metric: Metric, columns: dict[str, Any]) -> DoubleArray:
    """Return a metric's statistics (n_items, n_statistics) from the columns that `item_columns` made of them."""
    if metric.name in columns:
        return as_table(np.stack([np.asarray(value, dtype=np.float64) for value in columns[metric.name]]))
    named = [name for name in columns if name.startswith(f"{metric.name}.")]
    return np.stack([np.asarray(columns[name], dtype=np.float64) for name in named], axis=1)
