"""Removing runs: only what zsbench wrote, never what a process is writing, and the averages that lose a member."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zsbench.core.errors import UserError, shown
from zsbench.results import claim, order
from zsbench.results.contents import Entry, members, suite_folder
from zsbench.results.store import SHARDS

# What a run writes into its folder; whatever else lies there stays, and the folder with it.
_WRITTEN = ("run.json", "result.json", "items.parquet", "prompts.json", "notes.json", "cost.json", "progress.json")
_PATTERNS = ("partial-*", ".*.tmp", ".zsbench-probe")


@dataclass(frozen=True)
class Removal:
    """What is to be removed.

    Attributes
    ----------
    chosen : the runs that were asked for.
    averages : rows over several tasks that lose one of them.
    kept : runs that were asked for and that a process is writing.
    """

    chosen: list[Entry]
    averages: list[Entry]
    kept: list[Entry]

    @property
    def all(self) -> list[Entry]:
        """All that goes."""
        return [*self.chosen, *self.averages]


def planned(wanted: Iterable[Entry], listed: Sequence[Entry]) -> Removal:
    """Return what removing some of the listed runs takes with it.

    Parameters
    ----------
    wanted : the runs that are to go.
    listed : all runs of their suites, among which averages are looked for.

    Raises
    ------
    UserError
        One of them is no run of zsbench's.
    """
    chosen: list[Entry] = []
    kept: list[Entry] = []
    for entry in wanted:
        if not entry.is_run:
            raise UserError(shown(entry.folder), f"no run of zsbench's ({entry.reason})", "a folder that `eval` wrote")
        (kept if entry.state == "running" else chosen).append(entry)
    gone = {entry.folder.absolute() for entry in chosen}
    averages: dict[Path, Entry] = {}
    waiting = list(chosen)
    while waiting:  # an average of averages loses a member, too
        entry = waiting.pop()
        left = [other for other in listed if other.folder.absolute() not in gone and _same(other, entry)]
        for average in [] if left else members(entry, listed):
            place = average.folder.absolute()
            if place not in gone:
                gone.add(place)
                averages[place] = average
                waiting.append(average)
    return Removal(chosen, list(averages.values()), kept)


def _same(other: Entry, entry: Entry) -> bool:
    """Say whether another folder of the suite holds the same result, which averages may be made of as well."""
    if other.result is None or entry.result is None or suite_folder(other) != suite_folder(entry):
        return False
    return bool(other.result["config_hash"] == entry.result["config_hash"])


def remove(entry: Entry, *, roots: Sequence[Path]) -> str:
    """Remove a run's files and the folders that are empty without it: as far up as a suite's, or as one of `roots`.

    Return what keeps the folder in place: a process that has begun to write there, or files of others; mostly empty.
    """
    folder = entry.folder
    if folder.is_symlink():
        return "a symbolic link"
    with claim.held(folder) as free:
        if not free:
            return "being written by another process"
        for path in _files(folder):
            path.unlink(missing_ok=True)
        shards = folder / SHARDS
        if shards.is_symlink():
            shards.unlink()
        elif shards.is_dir():
            shutil.rmtree(shards)
        (folder / claim.LOCK).unlink(missing_ok=True)
    left = sorted(path.name for path in folder.iterdir())
    if left:
        return f"holds {', '.join(left[:3])}{', ...' if len(left) > 3 else ''}, which no run wrote"
    _prune(folder, roots)
    return ""


def _files(folder: Path) -> list[Path]:
    """Return the files and links in a folder that a run writes, its result first."""
    named = [folder / name for name in ("result.json", *_WRITTEN)]
    matching = [path for pattern in _PATTERNS for path in folder.glob(pattern)]
    return [path for path in (*named, *matching) if path.is_symlink() or path.is_file()]


def _prune(folder: Path, roots: Sequence[Path]) -> None:
    """Remove a run's folder and those above it that are empty now."""
    here = folder.absolute()
    within = {here, *here.parents[:3], *(root.absolute() for root in roots)}
    with suppress(OSError):  # not empty, or not ours to remove
        while here in within and here != Path.cwd():
            if [path.name for path in here.iterdir()] == [order.FILE]:
                (here / order.FILE).unlink()  # the order of runs of which none is left
            here.rmdir()
            here = here.parent
