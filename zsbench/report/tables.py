"""One row a metric of a run: value, interval, published value, n and cost; as text to paste (`terminal.py` prints)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.report import familiarity, ranged
from zsbench.report.grid import Cell, Column, Grid, written
from zsbench.report.plain import one_line
from zsbench.report.variants import variants
from zsbench.report.writers import csv, json

COUNTED = ("spans",)
"""Units whose values are whole numbers of things."""


@dataclass(frozen=True)
class Row:
    """One line of a table. Shares are 0-1 here and percent when shown."""

    task: str
    protocol: str
    synthetic: bool
    model: str
    method: str
    method_kind: str
    method_uses: str
    metric: str
    better: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    published: float | None
    difference: float | None
    cost: str
    seconds: float
    config_hash: str
    warning: str = ""
    counts: str = ""  # what was left out or is lacking: "judged queries without text: 3"
    std: float | None = None  # of an average, over its tasks
    confidence: float = 0.95  # of the interval
    variant: str = ""  # what tells it from other rows of these names: "limit=10"
    drawn: str = ""  # what intervals draw whole, where it is not the item: "110 images"
    failed: bool = False  # no score, because the run ended with an error
    task_type: str = ""
    data_fingerprint: str = ""
    interval: str = ""  # how it was made: "wilson", "bootstrap(B=10000, seed=0)"
    chosen: str = ""  # what the method chose on data of the task, in words
    note: str = ""  # what keeps the interval from covering as often as it claims
    familiarity: float | None = None  # of the labels that the metric is about, 0-1; None where nothing was measured
    familiar: str = ""  # how that was measured, and how it goes together with F1


Published = Mapping[tuple[str, str], Sequence[Any]]
"""Published values by (metric, task)."""


def rows(results: Sequence[dict[str, Any]], expected: Published | None = None) -> list[Row]:
    """Return the rows of results, a row a metric."""
    return [row for of_result in rows_by_result(results, [expected or {}] * len(results)) for row in of_result]


def rows_by_result(results: Sequence[dict[str, Any]], expected: Sequence[Published]) -> list[list[Row]]:
    """Return the rows of each result, with the published values that belong to it."""
    table = []
    for result, variant, published_values in zip(results, variants(results), expected, strict=True):
        of_run: dict[str, Any] = {
            "task": result["task"],
            "protocol": result.get("protocol", ""),
            "synthetic": bool(result.get("synthetic")),
            "model": result["model"],
            "method": result["method"],
            "method_kind": result.get("method_kind", ""),
            "method_uses": ", ".join(result.get("method_uses", [])),
            "cost": _cost(result),
            "seconds": result.get("seconds", 0.0),
            "config_hash": result.get("config_hash", ""),
            "warning": str(result.get("notes", {}).get("warning", "")),
            "counts": _lacking(result),
            "chosen": str(result.get("notes", {}).get("chosen", "")),
            "std": result.get("spread", {}).get("std_population"),
            "confidence": confidence(result),
            "variant": variant,
            "drawn": _drawn(result.get("clusters")),
            "failed": bool(result.get("failed")),
            "task_type": result.get("task_type", ""),
            "data_fingerprint": result.get("data_fingerprint", ""),
            "familiar": familiarity.described(result),
        }
        of_result = []
        for name, score in result["metrics"].items():
            entry = published_entry(result, name, published_values) if published_values else None
            published = None if entry is None else entry.value
            value = score["value"]
            row = Row(
                **of_run,
                metric=name,
                better=score.get("better", "higher"),
                unit=score["unit"],
                value=value,
                low=score["low"],
                high=score["high"],
                n=score["n"],
                published=published,
                difference=None if published is None or value is None else value - published,
                interval=score.get("interval", ""),
                note=score.get("note", ""),
                familiarity=familiarity.of_metric(result, name),
            )
            of_result.append(row)
        table.append(of_result)
    return table


def confidence(result: dict[str, Any]) -> float:
    """Return the confidence of a result's intervals, a setting of its run."""
    settings = result.get("config", {}).get("settings")
    value = settings.get("confidence", 0.95) if isinstance(settings, dict) else 0.95
    return value if isinstance(value, float) else 0.95


def interval_title(levels: Iterable[float]) -> str:
    """Return the head of a column of intervals; `interval` alone where they are of several levels."""
    distinct = set(levels) or {0.95}
    return f"{percent(distinct.pop())} interval" if len(distinct) == 1 else "interval"


def percent(share: float) -> str:
    """Return a share as it is said: `95 %`."""
    return f"{100 * share:.10g} %"


def published_entry(result: dict[str, Any], metric: str, expected: Published) -> Any:
    """Return the published value (`config.suites.Expected`) of a result's metric, or None."""
    for entry in expected.get((metric, result["task"]), []):
        if entry.model in ("", result["model"]) and entry.method in ("", result["method"]):
            return entry
    return None


def _cost(result: dict[str, Any]) -> str:
    """Return passes and tokens or images in a few characters; wall time is left out, so equal runs print equally."""
    cost = result.get("cost", {})
    passes = cost.get("forward_passes")
    parts = [f"{short(passes)} pass{'' if passes == 1 else 'es'}"] if passes else []
    names = (
        ("images", "img"),
        ("images_cached", "img cached"),
        ("tokens", "tok"),
        ("tokens_generated", "tok out"),
        ("comparisons", "comparisons"),
        ("malformed_outputs", "malformed"),
        ("answers_refused", "refused"),
        ("answers_without_end", "without end"),
        ("labels_untold", "labels untold"),
        ("answers_reused", "reused"),
    )
    parts += [f"{short(cost[key])} {unit}" for key, unit in names if cost.get(key)]
    if cost.get("price"):
        parts.append(f"price {cost['price']:.2g}")
    if cost.get("truncated_items"):
        parts.append(f"{short(cost['truncated_items'])} cut")
    return ", ".join(parts) or "-"


def short(n: float) -> str:
    """Return a count in a few characters.

    >>> short(360), short(28300), short(1.5e9)
    ('360', '28.3k', '1.5G')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if n >= size:
            return f"{n / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{int(n)}"


def shown(value: float | None, unit: str, *, sign: bool = False) -> str:
    """Return a value as it stands in a table: shares in percent with one decimal, counts whole, the rest with three.

    >>> shown(0.41, "%"), shown(12.0, "spans"), shown(3.0, "m")
    ('41.0', '12', '3.000')
    """
    if value is None:
        return "undefined"
    number = value * 100 if unit == "%" else value
    return f"{number:{'+' if sign else ''}.{decimals_of(unit)}f}"


def decimals_of(unit: str) -> int:
    """Return the decimals of values in a unit, where no interval says how many they have."""
    return 0 if unit in COUNTED else 1 if unit == "%" else 3


def header(table: Sequence[Row]) -> list[str]:
    """Return the columns; published values and familiarity only when some row has one."""
    published = ["published", "difference"] if any(row.published is not None for row in table) else []
    interval = interval_title(row.confidence for row in table)
    familiar = ["familiarity"] if any(row.familiarity is not None for row in table) else []
    return ["task", "model", "method", "metric", "value", interval, *published, *familiar, "n", "cost"]


def is_right(column: str) -> bool:
    """Say whether a column holds numbers, which stand at its right."""
    return column in ("value", "published", "difference", "familiarity", "n") or column.endswith("interval")


def cells(row: Row, columns: Sequence[str]) -> list[str]:
    """Return one row's texts for the columns."""
    arrow = "↑" if row.better == "higher" else "↓"
    unit = f" {row.unit}" if row.unit not in ("", "%") else " %" if row.unit == "%" else ""
    interval = "" if row.low is None else f"{shown(row.low, row.unit)} – {shown(row.high, row.unit)}"
    interval += " ~" if interval and row.note else ""
    published = "" if row.published is None else shown(row.published, row.unit)
    texts = {
        "task": row.task + (" (synthetic)" if row.synthetic else ""),
        "model": row.model,
        "method": _method(row)
        + (" *" if row.method_kind == "transductive" or row.method_uses else "")
        + (" !" if row.warning else ""),
        "metric": "" if row.failed else f"{row.metric} {arrow}",
        "value": "failed" if row.failed else shown(row.value, row.unit) + (unit if row.value is not None else ""),
        interval_title([row.confidence]): interval,
        "interval": interval and f"{interval} ({percent(row.confidence)})",
        "published": published,
        "difference": "" if row.difference is None else shown(row.difference, row.unit, sign=True),
        "familiarity": "" if row.familiarity is None else f"{row.familiarity:.3f}",
        "n": "" if row.failed else str(row.n),
        "cost": row.cost,
    }
    return [one_line(texts[column]) for column in columns]


def notes(table: Sequence[Row]) -> list[str]:
    """Return what belongs under the table: protocols, and what starred methods use."""
    table = [row for row in table if not row.failed]
    uses = dict.fromkeys(
        (r.method, r.method_kind, r.method_uses) for r in table if r.method_uses or r.method_kind == "transductive"
    )
    warnings = dict.fromkeys((row.task, _method(row), row.warning) for row in table if row.warning)
    by_task: dict[str, list[Row]] = {}
    for row in table:
        by_task.setdefault(row.task, []).append(row)
    lines = [line + _spread(of_task) for of_task in by_task.values() for line in _values(of_task, "protocol")]
    lines += [line for of_task in by_task.values() for line in _values(of_task, "chosen", "chosen: {}")]
    lines += [line for of_task in by_task.values() for line in _values(of_task, "drawn", "intervals draw {} whole")]
    lines += [line for of_task in by_task.values() for line in _values(of_task, "counts")]
    lines += [line for of_task in by_task.values() for line in _values(of_task, "familiar")]
    lines += [f"* {method}: {kind}" + (f", uses {used}" if used else "") for method, kind, used in uses]
    lines += [f"! {method} on {task}: {warning}" for task, method, warning in warnings]
    lines += interval_notes(table)
    return [one_line(line) for line in lines]


def interval_notes(table: Sequence[Row]) -> list[str]:
    """Return what keeps intervals from covering as often as they claim, each doubt once with the rows that have it.

    Doubts that differ in their numbers alone stand in one line.

    A task is named alone where all of its rows have the doubt, else with the metrics, and with the runs where it has
    several.
    """
    doubts: dict[str, dict[str, list[Row]]] = {}
    kinds: dict[str, list[str]] = {}
    for row in table:
        for doubt in filter(None, row.note.split("; ")):
            kind = ranged.without_numbers(doubt)
            kinds.setdefault(kind, []).append(doubt)
            rows = doubts.setdefault(kind, {}).setdefault(row.task, [])
            rows += [row] if row not in rows else []
    of_task: dict[str, list[Row]] = {}
    for row in table:
        of_task.setdefault(row.task, []).append(row)
    lines = []
    for kind, by_task in doubts.items():
        about = "; ".join(_doubted(task, rows, of_task[task]) for task, rows in by_task.items())
        lines.append(f"~ {ranged.as_one(kinds[kind])}: {about}")
    return lines


def _doubted(task: str, rows: Sequence[Row], every: Sequence[Row]) -> str:
    """Return which rows of a task a doubt is about."""
    if len(rows) == len(every):
        return task
    metrics = f"{', '.join(dict.fromkeys(row.metric for row in rows))} on {task}"
    runs = dict.fromkeys(f"{row.model} / {_method(row)}" for row in rows)
    return (
        metrics
        if len({(row.model, row.method, row.variant) for row in every}) == 1
        else f"{metrics} ({', '.join(runs)})"
    )


def _lacking(result: dict[str, Any]) -> str:
    """Return what was left out: items and the like by their numbers, default metrics with the reason."""
    lacking = {what: n for what, n in result.get("counts", {}).items() if n}
    lacking |= {key: text for key, text in result.get("notes", {}).items() if key.endswith(" left out")}
    return "; ".join(f"{what}: {value}" for what, value in lacking.items())


def _method(row: Row) -> str:
    """Return the method as its row names it, with what tells the row from others of its names."""
    return row.method + (f" ({row.variant})" if row.variant else "")


def _drawn(clusters: dict[str, Any] | None) -> str:
    """Return what intervals draw whole with its number, `110 images`, or nothing where they draw items."""
    if not clusters:
        return ""
    unit, n = clusters["unit"], clusters["n"]
    return f"{n} {unit}" if n == 1 else f"{n} {unit[:-1]}ies" if unit.endswith("y") else f"{n} {unit}s"


def _values(of_task: Sequence[Row], attribute: str, said: str = "{}") -> Iterator[str]:
    """Yield the line of a task's protocol or counts, or one for each value where its rows differ in it.

    The line of a value that only some rows have names them, so that nobody reads it as true of the others.
    """
    several = len({row.model for row in of_task}) > 1
    names: dict[str, dict[str, None]] = {}
    for row in of_task:
        name = f"{row.model} / {_method(row)}" if several else _method(row)
        names.setdefault(getattr(row, attribute), {})[name] = None
    for value, rows_with in names.items():
        if value:
            whose = f" ({', '.join(rows_with)})" if len(names) > 1 else ""
            yield f"{of_task[0].task}{whose}: {said.replace('{}', value)}"


def _spread(of_task: Sequence[Row]) -> str:
    """Return the standard deviations over an average's tasks, a method (and model) each."""
    averages = [row for row in of_task if row.std is not None]
    several = len({row.model for row in averages}) > 1
    parts = [
        (f"{row.model} / " if several else "") + f"{row.method} {shown(row.std, row.unit)} {row.unit}".rstrip()
        for row in averages
    ]
    return f", std over them: {', '.join(parts)}" if parts else ""


def grid(table: Sequence[Row]) -> Grid:
    """Return the table that people read: a line a metric of a run, with the notes under it."""
    columns = header(table)
    body = [[Cell(text) for text in cells(row, columns)] for row in table]
    return Grid([Column(column, right=is_right(column)) for column in columns], body, notes(table), names=3)


def to_markdown(table: Sequence[Row]) -> str:
    """Return a markdown table."""
    return written(grid(table), "markdown")


def to_latex(table: Sequence[Row]) -> str:
    """Return a booktabs tabular."""
    return written(grid(table), "latex")


def to_html(table: Sequence[Row]) -> str:
    """Return a fragment of HTML."""
    return written(grid(table), "html")


def to_csv(table: Sequence[Row]) -> str:
    """Return CSV with raw values (shares 0-1); cells a spreadsheet would run as formulas are defused."""
    names = list(Row.__dataclass_fields__)
    return csv.write_rows(names, (vars(row).values() for row in table))


def to_json(table: Sequence[Row]) -> str:
    """Return rows as JSON with a schema version."""
    return json.write_records([dict(vars(row)) for row in table])
