"""A table as JSON: columns, and every cell with its text, numbers and marks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from zsbench.report.grid import Grid

SCHEMA_VERSION = 1


def write(grid: Grid) -> str:
    """Return `{"schema_version", "caption", "label", "columns", "rows", "notes"}`; a row is a list of cells."""
    columns = [_named({"title": c.title, "over": list(c.over), "name": c.name}) for c in grid.columns]
    rows = [[_named(asdict(cell)) for cell in row] for row in grid.rows]
    about = {"caption": grid.caption, "label": grid.label}
    return _dumped({**about, "columns": columns, "rows": rows, "notes": list(grid.notes)})


def write_records(records: Sequence[dict[str, Any]]) -> str:
    """Return `{"schema_version", "rows"}`, each row an object."""
    return _dumped({"rows": list(records)})


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields without a bare name where the text is one."""
    return {key: value for key, value in fields.items() if key != "name" or value}


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps({"schema_version": SCHEMA_VERSION, **value}, indent=2, ensure_ascii=False) + "\n"
