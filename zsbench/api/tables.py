"""The table of results as a text, in every format that the command line has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from zsbench.core.errors import unknown_name
from zsbench.report import entries, grid, pivot, tables
from zsbench.report.grid import Grid

if TYPE_CHECKING:
    from zsbench.report.entries import Entry

TEXT = "text"
"""The table as a terminal shows it, without colours."""


def written(
    table: Sequence[Entry],
    format: str,
    *,
    rows: tuple[str, ...],
    cols: tuple[str, ...],
    caption: str,
    label: str,
    width: int,
) -> str:
    """Return the table in a format.

    Raises
    ------
    UserError
        No such format or dimension, or two results for one cell.
    """
    formats = (TEXT, *(name for name in grid.FORMATS if name != "rich"))
    if format not in formats:
        raise unknown_name("table()", "format", format, formats, listed_by=f"one of {', '.join(formats)}")
    lines = [entry.row for entry in table]
    if rows or cols:
        return _shown(_pivoted(table, rows, cols, caption, label), format, width)
    if format == "csv":
        return tables.to_csv(lines)
    if format == "json":
        return tables.to_json(lines)
    return _shown(replace(tables.grid(lines), caption=caption, label=label), format, width)


def _pivoted(table: Sequence[Entry], rows: tuple[str, ...], cols: tuple[str, ...], caption: str, label: str) -> Grid:
    default = pivot.Layout()
    rows = rows or tuple(name for name in default.rows if name not in cols)
    cols = cols or tuple(name for name in default.cols if name not in rows)
    for where, names in (("table(rows=...)", rows), ("table(cols=...)", cols)):
        for name in names:
            entries.require_dimension(where, name)
    return pivot.pivot(table, pivot.Layout(rows=rows, cols=cols, caption=caption, label=label))


def _shown(made: Grid, format: str, width: int) -> str:
    if format != TEXT:
        return grid.written(made, format)
    from zsbench.report.writers import rich

    return rich.write(made, width).rstrip("\n")
