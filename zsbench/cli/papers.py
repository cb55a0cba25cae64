"""`zsbench papers`: what there is of each paper, and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._grids import Format, print_grids
from zsbench.cli._screen import say

if TYPE_CHECKING:
    from zsbench.plan.papers import PaperState
    from zsbench.report.grid import Grid


def papers(
    names: Annotated[list[str] | None, typer.Argument(help="Only these papers.")] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """List every paper: its runs, its embedded runs, its published values, and what it waits for."""
    from zsbench.config import catalog
    from zsbench.core.errors import Mistakes
    from zsbench.plan import papers as plan

    states, mistakes = [], Mistakes()
    for name in names or catalog.configs("papers"):
        with mistakes.noted():
            states.append(plan.state(name))
    mistakes.refuse()
    if json:
        _print_json(states)
        return
    print_grids([_grid(states)], format)


def _print_json(states: list[PaperState]) -> None:
    import json
    from dataclasses import asdict

    listed = [asdict(state) for state in states]
    say(json.dumps({"schema_version": 1, "papers": listed}, indent=2, ensure_ascii=False), data=True)


def _grid(states: list[PaperState]) -> Grid:
    from zsbench.report.grid import Cell, Column, Grid

    def number(value: int) -> Cell:
        return Cell(str(value), value=value)

    heads = [Column("paper"), *(Column(name, True) for name in ("year", "runs", "ready", "embedded", "published"))]
    heads += [Column("verified", True), Column("waits for")]
    rows = [
        [
            Cell(state.name),
            *map(number, (state.year, state.runs, state.runs - state.waiting, state.embedded)),
            *map(number, (state.published, state.verified)),
            Cell("; ".join(state.waits_for) or "-"),
        ]
        for state in states
    ]
    ready = sum(state.runs - state.waiting for state in states)
    papers = "1 paper" if len(states) == 1 else f"{len(states)} papers"
    total = f"{papers}, {ready} of {sum(state.runs for state in states)} runs have all their local files; "
    values = f"{sum(s.verified for s in states)} of {sum(s.published for s in states)} published values are verified"
    return Grid(heads, rows, [total + values], names=1)
