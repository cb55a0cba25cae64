"""Several predictions of one task as one line a metric: their mean and the sample standard deviation.

For a model whose answers vary from run to run (sampled neighbours, another seed), as papers print ten runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from zsbench.report import tables
from zsbench.report.grid import Cell, Column, Grid
from zsbench.report.tables import Row, shown
from zsbench.results.averages import spread


@dataclass(frozen=True)
class Mean:
    """A metric over several predictions; `mean` and `std` (ddof 1) are None where it is undefined for one of them."""

    task: str
    metric: str
    unit: str
    better: str
    predictions: int
    mean: float | None
    std: float | None


def means(results: Sequence[dict[str, Any]]) -> list[Mean]:
    """Return the mean of every metric over results of one task."""
    by_metric: dict[str, list[Row]] = {}
    for row in tables.rows(results):
        by_metric.setdefault(row.metric, []).append(row)
    found = []
    for metric, rows in by_metric.items():
        values = [row.value for row in rows if row.value is not None]
        mean = fmean(values) if len(values) == len(results) else None
        std = spread([row.value for row in rows])["std_sample"] if mean is not None else None
        first = rows[0]
        found.append(Mean(first.task, metric, first.unit, first.better, len(results), mean, std))
    return found


def grid(results: Sequence[dict[str, Any]]) -> Grid:
    """Return the table of the means, with the notes of the rows behind them."""
    columns = [Column("task"), Column("metric"), *(Column(name, right=True) for name in ("mean", "std", "predictions"))]
    rows = tables.rows(results)
    synthetic = " (synthetic)" if rows and rows[0].synthetic else ""
    lines = [
        [
            Cell(one.task + synthetic),
            Cell(f"{one.metric} {'↑' if one.better == 'higher' else '↓'}"),
            Cell(f"{shown(one.mean, one.unit)} {one.unit}".rstrip(), value=one.mean),
            Cell("" if one.std is None else shown(one.std, one.unit), value=one.std),
            Cell(str(one.predictions), value=one.predictions),
        ]
        for one in means(results)
    ]
    said = [note for note in tables.notes(rows) if not note.startswith("~")]
    return Grid(columns, lines, [*said, "std: over the predictions, of a sample (ddof 1)"], names=1)
