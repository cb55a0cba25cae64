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
    for entry, problem in removal.mixed:
        say(f"{entry.name}: {problem}", error=True)
    if not removal.all and removal.mixed and not dry_run:
        _refuse_rest(removal, 0, len(removal.mixed))
    if not removal.all:
        if removal.kept:
            raise UserError("", "nothing to remove that is not being written", "the end of the other process")
        say("Nothing to remove.")
        return
    print_grids([grid(removal.all)])
    say(summary(removal.all))
    if n := len(removal.averages):
        say(f"{n} of them {'is an average' if n == 1 else 'are averages'} over runs that go.")
    if dry_run:
        return
    if not yes:
        if not sys.stdin.isatty():
            found = "nobody can be asked, as standard input is no terminal"
            raise UserError("zsbench rm", found, "--yes, which does not ask, or --dry-run to look")
        if not typer.confirm("Remove them?"):
            return
    _remove(removal, folders)


def _planned(folders: list[Path], states: list[str]) -> Removal:
    """Return what goes, with the averages of the same suites that it takes along.

    Raises
    ------
    UserError
        A folder is not there, holds no run, or its path leads through a symbolic link.
    """
    from zsbench.core.errors import UserError
    from zsbench.results import removal
    from zsbench.results.contents import entries, suite_folder

    for folder in folders:
        link = next((path for path in (folder, *folder.parents) if path.is_symlink()), None)
        if link is not None:
            found = "a symbolic link" if link == folder else f"a path through the symbolic link {link}"
            raise UserError(str(folder), found, f"the folder that it leads to: {folder.resolve()}")
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
    from zsbench.results import removal

    removed = 0
    for entry in planned.all:
        problem = removal.remove(entry, roots=folders)
        removed += not problem
        if problem:
            say(f"{entry.name}: {problem}", error=True)
    _refuse_rest(planned, removed, len(planned.all) + len(planned.mixed))


def _refuse_rest(planned: Removal, removed: int, of: int) -> None:
    """Say how many runs are gone.

    Raises
    ------
    RunError
        Not all of them.
    """
    from zsbench.core.errors import RunError

    say(f"Removed {removed} of {of}.")
    if removed < of:
        left = of - removed
        verb = "stays and is" if left == 1 else "stay and are"
        raise RunError("zsbench rm", f"{left} {verb} named above", "", _way(planned))


def _way(planned: Removal) -> str:
    return "move the files that no run wrote out of the way first" if planned.mixed else ""
