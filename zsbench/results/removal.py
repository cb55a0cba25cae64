"""Removing runs: only what zsbench wrote, never what a process is writing, and the averages that lose a member."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zsbench.config import catalog
from zsbench.core.errors import UserError, shown
from zsbench.results import claim, order, written
from zsbench.results.contents import Entry, members, suite_folder


@dataclass(frozen=True)
class Removal:
    """What is to be removed.

    Attributes
    ----------
    chosen : the runs that were asked for.
    averages : rows over several tasks that lose one of them.
    kept : runs that were asked for and that a process is writing.
    mixed : runs that were asked for and whose folders hold other files, each with what those are; they stay whole.
    """

    chosen: list[Entry]
    averages: list[Entry]
    kept: list[Entry]
    mixed: list[tuple[Entry, str]] = field(default_factory=list)

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
    mixed: list[tuple[Entry, str]] = []
    for entry in wanted:
        if not entry.is_run:
            raise UserError(shown(entry.folder), f"no run of zsbench's ({entry.reason})", "a folder that `eval` wrote")
        if entry.state == "running":
            kept.append(entry)
        elif others := problem(entry):
            mixed.append((entry, others))
        else:
            chosen.append(entry)
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
    return Removal(chosen, list(averages.values()), kept, mixed)


def _same(other: Entry, entry: Entry) -> bool:
    """Say whether another folder of the suite holds the same result, which averages may be made of as well."""
    if other.result is None or entry.result is None or suite_folder(other) != suite_folder(entry):
        return False
    return bool(other.result["config_hash"] == entry.result["config_hash"])


def remove(entry: Entry, *, roots: Sequence[Path]) -> str:
    """Remove a run's files and the folders that are empty without it: as far up as a suite's, or as one of `roots`.

    Return what keeps the run in place, which then is as it was: a process that has begun to write there, or files of
    others; mostly empty.
    """
    folder = entry.folder
    if folder.is_symlink():
        return "a symbolic link"
    try:
        with claim.held(folder) as free:
            if not free:
                return "being written by another process"
            ours, others = written.sorted_out(folder, _suffixes(entry))
            if others:
                return _foreign(folder, others)
            for path in ours:
                path.unlink(missing_ok=True)
            written.remove_empty(folder / written.SHARDS)
    except OSError as error:
        return f"cannot be removed whole ({error.strerror or error})"
    _prune(entry, roots)
    return ""


def problem(entry: Entry) -> str:
    """Return which files keep a run from being removed, in words; mostly empty."""
    others = written.sorted_out(entry.folder, _suffixes(entry))[1] if entry.folder.is_dir() else []
    return _foreign(entry.folder, others) if others else ""


def _foreign(folder: Path, others: Sequence[Path]) -> str:
    names = ", ".join(path.relative_to(folder).as_posix() for path in others[:3])
    return f"holds {names}{', ...' if len(others) > 3 else ''}, which no run wrote; nothing of it is removed"


def _suffixes(entry: Entry) -> tuple[str, ...]:
    """Return how the shards of a run of this type of task end, which a type from elsewhere has decided by itself."""
    task_type = (entry.result or {}).get("task_type")
    if task_type is None or entry.is_average:
        return ()
    try:
        task = catalog.load_module("tasks", str(task_type)).Task
    except UserError:
        return ()
    # Some of zsbench's own types choose their format by their config; all of those end in what is known.
    return tuple(getattr(getattr(task, "format", None), "suffixes", ()))[:1]


def _prune(entry: Entry, roots: Sequence[Path]) -> None:
    """Remove a run's folder and those above it that are empty now, and that zsbench made or that were named."""
    here = entry.folder.absolute()
    above = here.parents[:3] if suite_folder(entry) is not None or order.knows(here) else ()
    within = {here, *above, *(root.absolute() for root in roots)}
    while here in within and here != Path.cwd():
        order.drop_unused(here)
        if not written.remove_empty(here):
            return
        here = here.parent
