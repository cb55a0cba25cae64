"""Tables on stdout: the formats that commands offer, and how each of them is printed."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from zsbench.cli._screen import columns, say, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zsbench.report.grid import Grid


class Format(str, Enum):
    """Output formats of tables; `rich` is a terminal's, as wide as the terminal."""

    rich = "rich"
    markdown = "markdown"
    latex = "latex"
    csv = "csv"
    html = "html"
    json = "json"


def print_grids(grids: Sequence[Grid], format: Format = Format.rich) -> None:
    """Print tables one after another; CSV has no place for their notes, which are said on stderr."""
    if format is Format.rich:
        from zsbench.report.writers.rich import Renderable

        for number, grid in enumerate(grids):
            if number:
                say()
            show(Renderable(grid, columns()))
        return
    from zsbench.report.grid import written

    say("\n".join(written(grid, format.value) for grid in grids), nl=False, data=format in (Format.csv, Format.json))
    if format is Format.csv:
        for note in (note for grid in grids for note in grid.notes):
            say(note, error=True)
