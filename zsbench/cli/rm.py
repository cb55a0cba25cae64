"""`zsbench rm`: remove runs from folders of results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._grids import print_grids
from zsbench.cli._screen import say

if TYPE_CHECKING:
    from zsbench.results.removal import Removal


def rm(
    folders: Annotated[list[Path], typer.Argument(help="Runs, or folders of runs (see `zsbench ls`).")],
    interrupted: Annotated[bool, typer.Option("--interrupted", help="Only runs that are not finished.")] = False,
    stale: Annotated[bool, typer.Option("--stale", help="Only runs whose inputs or code have changed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only list what would be removed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove runs, and the averages that lose one; never other files, nor what a process is writing."""
    from zsbench.cli.ls import grid, summary
    from zsbench.core.errors import UserError

    states = ["interrupted"] * interrupted + ["stale"] * stale
    removal = _planned(folders, states)
    for entry in removal.kept:
        say(f"{entry.name}: being written by another process; stays", error=True)
    if not removal.all:
        if removal.kept:
            raise UserError("", "nothing to remove that is not being written", "the end of the other process")
        say("Nothing to remove.")
        return
    print_grids([grid(removal.all)])
    say(summary(removal.all))
    if removal.averages:
        say(f"{len(removal.averages)} of them are averages over runs that go.")
    if dry_run:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("zsbench rm", "nobody to ask", "--yes, or --dry-run to look")
        if not typer.confirm("Remove them?"):
            return
    _remove(removal, folders)


def _planned(folders: list[Path], states: list[str]) -> Removal:
    """Return what goes, with the averages of the same suites that it takes along.

    Raises
    ------
    UserError
        A folder is not there, holds no run, or is a symbolic link.
    """
    from zsbench.core.errors import UserError
    from zsbench.results import removal
    from zsbench.results.contents import entries, suite_folder

    for folder in folders:
        if folder.is_symlink():
            raise UserError(str(folder), "a symbolic link", "the folder that it leads to")
    wanted = entries(folders)
    suites = sorted({suite for entry in wanted if (suite := suite_folder(entry)) is not None})
    listed = [*wanted, *(entries(suites) if suites else [])]
    return removal.planned([entry for entry in wanted if not states or entry.state in states], listed)


def _remove(planned: Removal, folders: list[Path]) -> None:
    """Remove the runs, and name each that stays.

    Raises
    ------
    RunError
        A run stays.
    """
    from zsbench.core.errors import RunError
    from zsbench.results import removal

    stayed = []
    for entry in planned.all:
        if problem := removal.remove(entry, roots=folders):
            stayed.append(f"{entry.name}: {problem}")
    for line in stayed:
        say(line, error=True)
    say(f"Removed {len(planned.all) - len(stayed)} of {len(planned.all)}.")
    if stayed:
        raise RunError("zsbench rm", f"{len(stayed)} stay", "", "they are named above")
