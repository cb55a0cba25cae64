"""What the page's table holds: a run a result, a row a metric, with the texts that `zsbench table` would print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.report import tables
from zsbench.report.html.pictures import TONES
from zsbench.report.tables import Row, shown
from zsbench.results.finished_run import FinishedRun


def by_task(runs: Sequence[FinishedRun]) -> list[FinishedRun]:
    """Return the runs of one task after each other, tasks and runs otherwise in their order."""
    groups: dict[str, list[FinishedRun]] = {}
    for run in runs:
        groups.setdefault(run.result["task"], []).append(run)
    return [run for group in groups.values() for run in group]


def summary(runs: Sequence[FinishedRun]) -> dict[str, Any]:
    """Return `runs`, `rows`, `notes` and the head of the column of intervals, as plain values.

    A row knows its run by the run's number, so that names stand once.
    """
    results = [run.result for run in runs]
    table = tables.rows(results)
    owners = [number for number, result in enumerate(results) for _ in result["metrics"]]
    first = dict(reversed(list(zip(owners, table, strict=True))))
    return {
        "interval_title": tables.interval_title(row.confidence for row in table),
        "runs": [_run(result, first.get(number)) for number, result in enumerate(results)],
        "rows": [
            _row(row, owner, results[owner]["metrics"][row.metric]) for row, owner in zip(table, owners, strict=True)
        ],
        "tones": TONES,
        "notes": tables.notes(table),
    }


def _run(result: dict[str, Any], row: Row | None) -> dict[str, Any]:
    """Return what the page says of a run, whichever metric it speaks of."""
    starred = result.get("method_kind") == "transductive" or result.get("method_uses")
    return {
        "task": result["task"],
        "task_type": result.get("task_type", ""),
        "model": result["model"],
        "method": result["method"],
        "variant": row.variant if row else "",
        "synthetic": bool(result.get("synthetic")),
        "protocol": result.get("protocol", ""),
        "marks": "*" * bool(starred) + "!" * bool(row and row.warning),
        "cost": row.cost if row else "-",
        "items": None,
    }


def _row(row: Row, owner: int, score: dict[str, Any]) -> dict[str, Any]:
    """Return one metric of a run: numbers to sort by, texts to show."""
    unit = f" {row.unit}".rstrip()
    published = row.published is not None
    return {
        "run": owner,
        "metric": row.metric,
        "better": row.better,
        "unit": row.unit,
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "n": row.n,
        "value_text": shown(row.value, row.unit) + (unit if row.value is not None else ""),
        "interval_text": "" if row.low is None else f"{shown(row.low, row.unit)} – {shown(row.high, row.unit)}",
        "interval_method": score.get("interval", ""),
        "note": score.get("note", ""),
        "published": row.published,
        "published_text": shown(row.published, row.unit) if published else "",
        "difference": row.difference,
        "difference_text": shown(row.difference, row.unit, sign=True) if published else "",
    }
