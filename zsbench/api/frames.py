"""Results as pandas tables: one row a metric, an item, or a difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Literal

from zsbench.api import _arguments
from zsbench.core.errors import unknown_name
from zsbench.results.finished_run import FinishedRun
from zsbench.results.items import ABOUT

if TYPE_CHECKING:
    import pandas as pd

    from zsbench.analysis.comparison import Settings
    from zsbench.report.entries import Entry


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
        beside = {name: columns.pop(name) for name in ABOUT if name in columns}
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
    names = _arguments.names("items(metric=...)", metric)
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
    sides: Sequence[tuple[str, Sequence[FinishedRun]]],
    *,
    metrics: Sequence[str],
    correction: Literal["holm", "fdr"],
    settings: Settings,
) -> pd.DataFrame:
    """Return one row a metric of each two runs that belong together, and of each two averages.

    Raises
    ------
    UserError
        As `many.compared`.
    """
    import pandas as pd

    from zsbench.analysis.comparison import many
    from zsbench.analysis.comparison.sides import Side

    listed = [
        Side(title, *(tuple(run for run in runs if run.is_average is average) for average in (False, True)))
        for title, runs in sides
    ]
    comparison = many.compared(listed, metrics=metrics, settings=settings, correction=correction)
    differences = []
    for row in comparison.rows:
        values = row.difference.as_dict()
        seeds = values.pop("seeds") or {}
        of_seeds = {name: seeds.get(name) for name in ("std_first", "std_second", "std_paired")}
        names = {"task": values.pop("task"), "first_run": row.first_run, "second_run": row.second_run}
        differences.append(names | values | of_seeds)
    whole = ("wins", "ties", "losses", "n_clusters")
    texts = [name for name, value in differences[0].items() if isinstance(value, str)]
    kinds = {name: "float64" for name in differences[0] if name not in texts} | dict.fromkeys(whole, "Int64")
    kinds |= {name: "int64" for name, value in differences[0].items() if type(value) is int and name not in whole}
    table: pd.DataFrame = pd.DataFrame(differences).astype(kinds)
    table.attrs["notes"] = comparison.notes
    return table
