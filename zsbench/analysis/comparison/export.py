"""A comparison for programs: JSON, and one CSV of all differences."""

from __future__ import annotations

from typing import Any

from zsbench.analysis.comparison.many import Comparison, Row
from zsbench.report.writers.csv import write_rows

SCHEMA_VERSION = 2


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Return `{"schema_version", "sides", "correction", "differences", "ranks", "notes"}`; None is undefined."""
    return {
        "schema_version": SCHEMA_VERSION,
        "sides": [side.title for side in comparison.sides],
        "correction": comparison.correction,
        "differences": [{**_names(row), **row.difference.as_dict()} for row in comparison.rows],
        "ranks": [
            {"metric": each.metric, "tasks": list(each.tasks), "average": list(each.average), "friedman_p": each.p}
            for each in comparison.ranks
        ],
        "notes": comparison.notes,
    }


def as_csv(comparison: Comparison) -> str:
    """Return a line a difference with the columns of JSON; of seeds the standard deviations alone."""
    rows = []
    for row in comparison.rows:
        columns = {**_names(row), **row.difference.as_dict()}
        seeds = columns.pop("seeds") or {}
        rows.append(columns | {name: seeds.get(name) for name in ("std_first", "std_second", "std_paired")})
    return write_rows(rows[0], (each.values() for each in rows))


def _names(row: Row) -> dict[str, Any]:
    return {
        "first_side": row.sides[0],
        "second_side": row.sides[1],
        "first_run": row.first_run,
        "second_run": row.second_run,
        "first_variant": row.first.variant,
        "second_variant": row.second.variant,
        "is_average": row.is_average,
    }
