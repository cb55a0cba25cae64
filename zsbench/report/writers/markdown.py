"""A table in GitHub's Markdown: best values bold, second ones underlined, notes as a list."""

from __future__ import annotations

import re
from collections.abc import Iterable

from zsbench.report.grid import Cell, Grid
from zsbench.report.plain import one_line

# Marks of cells, emphasis, code, links, images and formulas, and HTML, which Markdown would hand through.
_MARKS = {"<": "&lt;", ">": "&gt;", **{mark: f"\\{mark}" for mark in "\\|*_`[]$~"}}
_ENTITY = re.compile(r"&(?=#?\w+;)")


def write(grid: Grid) -> str:
    """Return the table with its notes."""
    head = [_line(escaped(column.heading) for column in grid.columns), "|" + "---|" * len(grid.columns)]
    body = [_line(_cell(cell) for cell in row) for row in grid.rows]
    above = [f"**{escaped(grid.caption)}**", ""] if grid.caption else []
    return "\n".join([*above, *head, *body, "", *(f"- {escaped(note)}" for note in grid.notes)]) + "\n"


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line.

    >>> escaped("a_b|<c>")
    'a\\\\_b\\\\|&lt;c&gt;'
    """
    return "".join(_MARKS.get(c, c) for c in _ENTITY.sub("&amp;", one_line(text)))


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(cell: Cell) -> str:
    text = escaped(cell.text)
    if text and cell.mark:
        text = f"**{text}**" if cell.mark == "best" else f"<u>{text}</u>"
    return f"{text}<sup>{escaped(cell.sup)}</sup>" if cell.sup else text
