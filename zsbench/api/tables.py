"""The table of results as a text, in every format that the command line has."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from zsbench.core.errors import unknown_name
from zsbench.report import tables
from zsbench.results.finished_run import FinishedRun

if TYPE_CHECKING:
    from zsbench.report.tables import Row


def written(suites: Sequence[tuple[Sequence[FinishedRun], Any]], format: str, width: int) -> str:
    """Return the table of all suites in a format.

    Raises
    ------
    UserError
        No such format.
    """
    rows = [row for runs, published in suites for row in tables.rows([run.result for run in runs], dict(published))]
    writers: dict[str, Callable[[list[Row]], str]] = {
        "text": lambda rows: _text(rows, width),
        "markdown": tables.to_markdown,
        "latex": tables.to_latex,
        "csv": tables.to_csv,
        "json": tables.to_json,
        "html": _html,
    }
    if format not in writers:
        raise unknown_name("table()", "format", format, writers, listed_by=f"there are: {', '.join(writers)}")
    return writers[format](rows)


def _text(rows: list[Row], width: int) -> str:
    from rich.console import Console

    from zsbench.report import terminal
    from zsbench.report.plain import plain

    console = Console(file=io.StringIO(), width=width, force_jupyter=False, color_system=None)
    with console.capture() as capture:
        console.print(terminal.to_rich(rows, width))
    lines = plain(capture.get()).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _html(rows: list[Row]) -> str:
    from html import escape

    columns = tables.header(rows)
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in tables.cells(row, columns)) + "</tr>" for row in rows
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in tables.notes(rows))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><ul>{notes}</ul>"
