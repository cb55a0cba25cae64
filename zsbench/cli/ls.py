"""`zsbench ls`: what lies in folders of results."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._grids import print_grids
from zsbench.cli._screen import say
from zsbench.core.words import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zsbench.report.grid import Grid
    from zsbench.results.contents import Entry

_DEFAULT = [Path("runs")]


def ls(
    folders: Annotated[list[Path], typer.Argument(help="Folders of results, of suites or of runs.")] = _DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """List runs: finished, interrupted and how far, stale because an input or the code changed, damaged, running."""
    from zsbench.results.contents import entries

    listed = entries(folders)
    if json:
        import json as encoder

        say(encoder.dumps(as_dict(listed), indent=2, ensure_ascii=False), data=True)
        return
    print_grids([grid(listed)])
    say(summary(listed))


def as_dict(listed: Sequence[Entry]) -> dict[str, Any]:
    """Return the entries as `--json` prints them."""
    runs = [
        {
            "folder": str(entry.folder),
            "state": entry.state,
            "reason": entry.reason,
            **{key: (entry.result or {}).get(key) for key in ("task", "model", "method")},
            "average": entry.is_average,
            "items_done": entry.done,
            "items": entry.items,
            "bytes": entry.bytes,
        }
        for entry in listed
    ]
    return {"schema_version": 1, "runs": runs}


def grid(listed: Sequence[Entry]) -> Grid:
    """Return the entries as a table."""
    from zsbench.report.grid import Cell, Column, Grid

    heads = [Column("run"), Column("state"), Column("items", right=True), Column("size", right=True)]
    rows = [
        [Cell(text) for text in (entry.name, entry.state, _items(entry), size(entry.bytes), entry.reason)]
        for entry in listed
    ]
    if any(entry.reason for entry in listed):
        return Grid([*heads, Column("because")], rows)
    return Grid(heads, [row[:-1] for row in rows])


def _items(entry: Entry) -> str:
    if entry.done is None:
        return ""
    if entry.state in ("finished", "stale", "damaged"):
        return str(entry.done)
    return f"{entry.done} of {'?' if entry.items is None else entry.items}"


def summary(listed: Sequence[Entry]) -> str:
    """Return how many runs there are of each state, and how much room they take."""
    counts = Counter(entry.state for entry in listed)
    parts = ", ".join(f"{n} {state}" for state, n in counts.most_common())
    runs = number_of(len(listed), "run")
    return f"{runs}: {parts}; {size(sum(entry.bytes for entry in listed))}"


def size(n_bytes: int) -> str:
    """Return a number of bytes as people read it.

    >>> size(1500), size(2_500_000)
    ('1.5 kB', '2.5 MB')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes} B"
