"""A table as a fragment of HTML, to be pasted into any page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from zsbench.report.grid import Cell, Column, Grid
from zsbench.report.plain import one_line

_RIGHT = ' style="text-align: right"'
_TAGS = {"best": "strong", "second": "u"}


def write(grid: Grid) -> str:
    """Return `<table>` with caption and heads over several columns, and the notes as a list under it."""
    lines = ["<table>"]
    if grid.caption:
        lines.append(f"<caption>{escaped(grid.caption)}</caption>")
    lines += ["<thead>", *_heads(grid.columns), "</thead>", "<tbody>"]
    for row in grid.rows:
        cells = (
            f"<td{_RIGHT if column.right else ''}>{_cell(cell)}</td>"
            for column, cell in zip(grid.columns, row, strict=True)
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    lines += ["</tbody>", "</table>"]
    if grid.notes:
        lines += ["<ul>", *(f"<li>{escaped(note)}</li>" for note in grid.notes), "</ul>"]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return a text that a browser shows as it is, within quotes, too.

    >>> escaped('<a href="x">')
    '&lt;a href=&quot;x&quot;&gt;'
    """
    return escape(one_line(text), quote=True)


def _heads(columns: Sequence[Column]) -> list[str]:
    lines = []
    for level in range(max((len(column.over) for column in columns), default=0)):
        cells = []
        for over, group in groupby(columns, key=lambda column: column.over[: level + 1]):
            n = len(list(group))
            cells.append(f'<th colspan="{n}" scope="colgroup">{escaped(over[level]) if level < len(over) else ""}</th>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    heads = (f'<th scope="col"{_RIGHT if column.right else ""}>{escaped(column.title)}</th>' for column in columns)
    return [*lines, f"<tr>{''.join(heads)}</tr>"]


def _cell(cell: Cell) -> str:
    text = escaped(cell.text)
    if text and cell.mark:
        text = f"<{_TAGS[cell.mark]}>{text}</{_TAGS[cell.mark]}>"
    return f"{text}<sup>{escaped(cell.sup)}</sup>" if cell.sup else text
