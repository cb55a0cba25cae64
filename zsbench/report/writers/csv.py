"""A table as CSV: numbers in full, ends of intervals and marks in columns of their own, no formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from zsbench.report.grid import MISSING, UNDEFINED, Cell, Grid
from zsbench.report.plain import one_line

_FORMULAS = tuple("=+-@＝＋－＠")

_ARROWS = "↑↓"


def _value(cell: Cell) -> Any:
    """Return the number or the bare name; nothing where there is no value."""
    if cell.value is not None:
        return _number(cell.value)
    return "" if cell.text in (MISSING, UNDEFINED) else cell.name or cell.text


def _number(value: Any) -> Any:
    """Return a number to the 15 digits that a double always holds: what rounding made 0.9999999999999998 is 1."""
    return float(f"{value:.15g}") if isinstance(value, float) else value


def _mark(cell: Cell) -> str:
    """Return what a cell says beside its number or name: the best, a footnote, that its value is undefined."""
    undefined = cell.text if cell.text == UNDEFINED else ""
    beyond = cell.text.removeprefix(cell.name).strip(f" {_ARROWS}") if cell.text.startswith(cell.name or " ") else ""
    return " ".join(filter(None, (cell.mark, undefined, beyond, cell.sup)))


_PARTS: tuple[tuple[str, Callable[[Cell], Any]], ...] = (
    (" low", lambda cell: _number(cell.low)),
    (" high", lambda cell: _number(cell.high)),
    (" mark", _mark),
)


def write(grid: Grid) -> str:
    """Return a line a row under a line of heads; what only marks a cell stands in `<head> low`, `high` and `mark`.

    A cell without a value is empty.
    """
    head: list[str] = []
    columns: list[list[Any]] = []
    for number, column in enumerate(grid.columns):
        cells = [row[number] for row in grid.rows]
        title = column.name or column.heading
        head.append(title)
        columns.append([_value(cell) for cell in cells])
        for name, part in _PARTS:
            values = [part(cell) for cell in cells]
            if any(value not in (None, "") for value in values):
                head.append(title + name)
                columns.append(values)
    return write_rows(head, zip(*columns, strict=True))


def write_rows(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return lines of texts and numbers under a line of heads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([defused(title) for title in head])
    writer.writerows([defused(value) if type(value) is str else value for value in row] for row in rows)
    return out.getvalue()


@lru_cache(maxsize=1 << 12)
def defused(text: str) -> str:
    """Return a text on one line that no spreadsheet runs as a formula.

    >>> defused("=1+1"), defused("-")
    ("'=1+1", '-')
    """
    text = one_line(text)
    return "'" + text if text.lstrip().startswith(_FORMULAS) and text != "-" else text
