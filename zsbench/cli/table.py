"""`zsbench table`: the results under a folder, in a format to paste."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._screen import columns, say, show

if TYPE_CHECKING:
    from zsbench.report.tables import Row

LONG = 500
"""Rows that a terminal shows."""


class Format(str, Enum):
    """Output formats."""

    rich = "rich"
    markdown = "markdown"
    latex = "latex"
    csv = "csv"
    html = "html"
    json = "json"


def table(
    folders: Annotated[list[Path], typer.Argument(help="Folders with results, or single result.json files.")],
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
    metric: Annotated[list[str] | None, typer.Option(help="Only these metrics. Repeatable.")] = None,
) -> None:
    """Print the results under folders as one table, in the order in which they were made."""
    from zsbench.core.errors import unknown_name
    from zsbench.metrics import naming
    from zsbench.report import tables
    from zsbench.results.store import find_results

    every = tables.rows([result for folder in folders for result in find_results(folder)])
    known = list(dict.fromkeys(row.metric for row in every))
    wanted = {name: naming.named(name, known) for name in metric or ()}
    for name in wanted:
        if wanted[name] is None:
            raise unknown_name("--metric", "metric", name, known, listed_by=f"here: {', '.join(known)}")
    rows = [row for row in every if not wanted or row.metric in wanted.values()]
    if format is Format.rich:
        _show(rows)
        return
    writers = {
        "markdown": tables.to_markdown,
        "latex": tables.to_latex,
        "csv": tables.to_csv,
        "html": tables.to_html,
        "json": tables.to_json,
    }
    say(writers[format.value](rows), nl=False, data=format in (Format.csv, Format.json))


def _show(rows: list[Row]) -> None:
    """Print the table as a terminal shows it; a long one is cut there, and nowhere else."""
    from zsbench.report import terminal

    shown = rows[:LONG] if sys.stdout.isatty() else rows
    show(terminal.to_rich(shown, columns()))
    if len(shown) < len(rows):
        way = "--format markdown prints all, --metric or the folder of one suite or task fewer"
        say(f"{len(rows) - len(shown)} of {len(rows)} rows are not shown: {way}", error=True)
