"""`zsbench table`: the results under a folder, in a format to paste."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._screen import columns, say, show


class Format(str, Enum):
    """Output formats."""

    rich = "rich"
    markdown = "markdown"
    latex = "latex"
    csv = "csv"
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
        from zsbench.report import terminal

        show(terminal.to_rich(rows, columns()))
        return
    writers = {
        "markdown": tables.to_markdown,
        "latex": tables.to_latex,
        "csv": tables.to_csv,
        "json": tables.to_json,
    }
    say(writers[format.value](rows), nl=False, data=format in (Format.csv, Format.json))
