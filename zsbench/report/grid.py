"""A table as every format sees it: columns, cells with their marks, and the lines under it.

What makes a table (`tables.py`, `pivot.py`, `compare`) says what stands in its cells; a writer (`writers/`) says how a
format shows it, and does all escaping. Texts here are therefore as people wrote them.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

Mark = Literal["", "best", "second"]

FORMATS = ("rich", "markdown", "latex", "csv", "html", "json")
"""Formats of tables; `rich` is a terminal's."""

MISSING = "–"
"""What stands in a cell that has no value."""

UNDEFINED = "undefined"
"""What stands in a cell whose value has no definition, such as the mean of nothing."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text : as people read it.
    mark : `best` is bold, `second` is underlined.
    sup : marks that stand raised behind the text, such as a dagger.
    value, low, high : the numbers behind the text, for formats that programs read.
    name : the bare name behind a text that says more than it, for the same formats.
    """

    text: str = ""
    mark: Mark = ""
    sup: str = ""
    value: float | int | bool | None = None
    low: float | None = None
    high: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    title : its head.
    right : whether it holds numbers, which stand at its right and are never broken over two lines.
    over : heads of several neighbouring columns, the outermost first; all columns of a table have equally many.
    name : the whole head without what only explains it, for formats that programs read.
    drop : where a terminal has no room, columns go in the order of this number, beginning at 1; 0 never goes.
    """

    title: str
    right: bool = False
    over: tuple[str, ...] = ()
    drop: int = 0
    name: str = ""

    @property
    def heading(self) -> str:
        """The whole head on one line."""
        return " / ".join(part for part in (*self.over, self.title) if part)


@dataclass(frozen=True)
class Grid:
    """A whole table.

    Attributes
    ----------
    rows : one cell a column.
    notes : lines under the table.
    caption, label : of a float in LaTeX; other formats show the caption alone.
    names : how many of the first columns name the row; a terminal leaves what repeats the row above blank.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    caption: str = ""
    label: str = ""
    names: int = 0


def written(grid: Grid, format: str) -> str:
    """Return a table in one of `FORMATS`, with a line feed at its end.

    >>> written(Grid([Column("a"), Column("b", right=True)], [[Cell("x"), Cell("1", "best")]]), "csv")
    'a,b,b mark\\nx,1,best\\n'
    """
    module = importlib.import_module(f"zsbench.report.writers.{format}")
    return cast(str, module.write(grid))
