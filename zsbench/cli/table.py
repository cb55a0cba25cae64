"""`zsbench table`: the results under folders as one table, to read or to paste into a paper."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._grids import Format, print_grids
from zsbench.cli._screen import columns, say, show

if TYPE_CHECKING:
    from zsbench.report.entries import Entry
    from zsbench.report.tables import Row

LONG = 500
"""Rows that a terminal shows."""


class Stat(str, Enum):
    """What stands behind a value."""

    interval = "interval"
    pm = "pm"
    none = "none"


class Marks(str, Enum):
    """How the best values are marked."""

    best = "best"
    significant = "significant"
    none = "none"


Many = list[str] | None


def table(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders with results, or single result.json files.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
    metric: Annotated[Many, typer.Option(help="Only these metrics. Repeatable.")] = None,
    rows: Annotated[
        str | None, typer.Option(help="Names in rows: task, task_type, suite, model, method, metric, seed.")
    ] = None,
    cols: Annotated[str | None, typer.Option(help="Names in columns, the outermost first.")] = None,
    where: Annotated[Many, typer.Option(help="Only what has this name: metric=nDCG@10. Repeatable.")] = None,
    average: Annotated[Many, typer.Option(help="A mean over tasks: [NAME=]TASK,TASK or all. Repeatable.")] = None,
    sort: Annotated[str | None, typer.Option(help="Sort rows by this column, best values first.")] = None,
    stat: Annotated[Stat | None, typer.Option(help="What stands behind a value.")] = None,
    digits: Annotated[str | None, typer.Option(help="Decimals, or auto: no more than the intervals support.")] = None,
    mark: Annotated[Marks | None, typer.Option(help="Best bold, second underlined; significant: with ties.")] = None,
    baseline: Annotated[
        Many, typer.Option(help="Mark what differs significantly from this row, 'MODEL / METHOD'. Repeatable.")
    ] = None,
    expected: Annotated[bool, typer.Option("--expected", help="Published values and differences beside.")] = False,
    cost: Annotated[str | None, typer.Option(help="Columns of cost: forward_passes,tokens,seconds, ...")] = None,
    caption: Annotated[str, typer.Option(help="Caption; in LaTeX it makes a float.")] = "",
    label: Annotated[str, typer.Option(help="Label of the float in LaTeX.")] = "",
    paper: Annotated[str | None, typer.Option(help="Lay the table out as this paper does.")] = None,
) -> None:
    """Print the results under folders as one table, in the order of `eval`: a line a metric, or rows and columns."""
    from zsbench.cli import _pivot_options
    from zsbench.core.errors import UserError

    if not folders and not paper:
        raise UserError("table", "no folder with results", "folders that `zsbench eval` wrote, or --paper NAME")
    for option, named in (("--rows", rows), ("--cols", cols), ("--sort", sort), ("--cost", cost), ("--paper", paper)):
        if named is not None and not named.strip(" ,"):
            raise UserError(option, f"'{named}' names nothing", "a name, or leave the option out")
    if label and format not in (Format.latex, Format.json):
        raise UserError(
            "--label", f"'{label}' with --format {format.value}", "--format latex, whose floats have labels"
        )
    wanted = _pivot_options.Wanted(
        rows=_listed(rows or ""),
        cols=_listed(cols or ""),
        average=average or [],
        sort=sort or "",
        stat=None if stat is None else stat.value,
        digits=_pivot_options.read_digits(digits),
        mark=None if mark is None else mark.value,
        baseline=baseline or [],
        cost=_listed(cost or ""),
        caption=caption,
        label=label,
        expected=expected,
        metrics=metric or [],
    )
    if paper:
        print_grids([_pivot_options.paper_grid(folders or [], paper, where or [], wanted)], format)
        return
    known = _entries(folders or [], metric or [], where or [], expected=expected)
    if expected and (why := _pivot_options.without_published(known)):
        say(why, error=True)
    if wanted.pivots or digits is not None:
        print_grids([_pivot_options.grid(known, wanted)], format)
        return
    _print_lines([entry.row for entry in known], format, caption=caption, label=label)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _entries(folders: Sequence[Path], metrics: Sequence[str], where: Sequence[str], *, expected: bool) -> list[Entry]:
    """Return what the table is made of, with published values where they are asked for."""
    from zsbench.cli._pivot_options import of_metrics, read_entries
    from zsbench.report import entries

    return entries.chosen(of_metrics(read_entries(folders, expected=expected), metrics), where)


def _print_lines(rows: list[Row], format: Format, *, caption: str, label: str) -> None:
    """Print a line a metric of a run; CSV and JSON hold every field of a row, numbers as they are."""
    from dataclasses import replace

    from zsbench.report import tables

    if format is Format.rich:
        if caption:
            say(caption)
        _show(rows)
    elif format is Format.csv:
        say(tables.to_csv(rows), nl=False, data=True)
    elif format is Format.json:
        say(tables.to_json(rows), nl=False, data=True)
    else:
        print_grids([replace(tables.grid(rows), caption=caption, label=label)], format)


def _show(rows: list[Row]) -> None:
    """Print the table as a terminal shows it; a long one is cut there, and nowhere else."""
    from zsbench.report import terminal

    shown = rows[:LONG] if sys.stdout.isatty() else rows
    show(terminal.to_rich(shown, columns()))
    if len(shown) < len(rows):
        way = "--format markdown prints all, --metric or the folder of one suite or task fewer"
        say(f"{len(rows) - len(shown)} of {len(rows)} rows are not shown: {way}", error=True)
