"""Results as pandas tables: one row a metric, an item, or a difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Literal

from zsbench.core.errors import unknown_name
from zsbench.results.finished_run import FinishedRun

if TYPE_CHECKING:
    import pandas as pd

    from zsbench.report.entries import Entry

_BESIDE = ("id", "group", "cluster")


def of_metrics(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return one row a metric of a run."""
    import pandas as pd

    from zsbench.report.tables import Row

    rows = [{"suite": entry.suite} | asdict(entry.row) for entry in entries]
    names = list(dict.fromkeys(["suite", *(field.name for field in fields(Row))]))
    numbers = ["value", "low", "high", "published", "difference", "std"]
    # None among numbers would make a column of objects; undefined is NaN here, and never a zero.
    frame: pd.DataFrame = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(numbers, "float64"))
    return frame


def of_items(runs: Sequence[FinishedRun], metric: str | Iterable[str] | None) -> pd.DataFrame:
    """Return one row an item of a run.

    Raises
    ------
    UserError
        No run has such a metric, or items are missing or damaged.
    """
    import pandas as pd

    wanted = _metrics(runs, metric)
    parts = []
    for run in runs:
        columns = dict(run.items)
        prediction = columns.pop("prediction")
        beside = {name: columns.pop(name) for name in _BESIDE if name in columns}
        kept = {name: values for name, values in columns.items() if wanted is None or _metric_of(name, run) in wanted}
        if kept or wanted is None:
            names = dict(zip(("task", "model", "method"), run.names, strict=True))
            parts.append(pd.DataFrame({**names, **beside, **kept, "prediction": prediction}))
    names_alone = [pd.DataFrame(columns=["task", "model", "method", "id", "prediction"])]
    table: pd.DataFrame = pd.concat(parts or names_alone, ignore_index=True)
    table["prediction"] = table.pop("prediction")  # last, whatever columns later runs have brought
    return table


def _metrics(runs: Sequence[FinishedRun], metric: str | Iterable[str] | None) -> set[str] | None:
    """Return the metrics that are meant, by their names in results; None for all."""
    if metric is None:
        return None
    from zsbench.metrics import naming

    known = list(dict.fromkeys(name for run in runs for name in run.result["metrics"]))
    names = [metric] if isinstance(metric, str) else list(metric)
    meant = {name: naming.named(name, known) for name in names}
    for name, resolved in meant.items():
        if resolved is None:
            raise unknown_name("items(metric=...)", "metric", name, known, listed_by=f"here: {', '.join(known)}")
    return {resolved for resolved in meant.values() if resolved is not None}


def _metric_of(column: str, run: FinishedRun) -> str:
    """Return the metric that a column of items belongs to: `F1.tp` to `F1`."""
    if column in run.result["metrics"]:
        return column
    head = column.rpartition(".")[0]
    return head if head in run.result["metrics"] else column


def of_differences(
    first: Sequence[FinishedRun],
    second: Sequence[FinishedRun],
    *,
    metrics: Sequence[str],
    correction: Literal["holm", "fdr"],
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Return one row a metric of each two runs that belong together.

    Raises
    ------
    UserError
        As `comparison.pairs` and `comparison.differences`.
    """
    import pandas as pd

    from zsbench.analysis import comparison

    rows, titles = [], []
    for a, b in comparison.pairs(first, second):
        of_pair = comparison.differences(a, b, metrics=metrics, resamples=resamples, seed=seed)
        rows += of_pair
        titles += [(a.title, b.title)] * len(of_pair)
    differences = []
    for row, (a_title, b_title) in zip(comparison.adjusted(rows, correction), titles, strict=True):
        known = asdict(row)
        differences.append(
            {"task": known.pop("task"), "first_run": a_title, "second_run": b_title, **known, "verdict": row.verdict}
        )
    table: pd.DataFrame = pd.DataFrame(differences).astype(dict.fromkeys(("wins", "ties", "losses"), "Int64"))
    return table
