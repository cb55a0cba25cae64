"""Averages over tasks of a table: of all its tasks, or of those that are named; none over a part of its members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zsbench.config.suites import Average
from zsbench.core.errors import UserError, unknown_name
from zsbench.metrics import naming
from zsbench.report.entries import Entry, entries
from zsbench.results.averages import Incomplete, averages
from zsbench.results.finished_run import FinishedRun

ALL = "all"
NAME = "mean"

_NAMED_ROWS = 3
_WAY = "[NAME=]TASK,TASK,... or [NAME=]all"


@dataclass
class Made:
    """Averages of a table, and what is to be said of them: rows without one, and rows of suites that are the same."""

    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def of_table(table: Sequence[Entry], wanted: Iterable[str], metrics: Sequence[str] = ()) -> Made:
    """Return an entry for each average `[NAME=]TASK,TASK,...` (or `[NAME=]all`) of each model, method and seed.

    A row that lacks a task has no average, and a note says so. Where a suite has an average over the same tasks, one
    without a name of its own is not made again; a note names the suite's.

    Parameters
    ----------
    metrics : those to average; without any, each that all members have, and where there is none each one's first.

    Raises
    ------
    UserError
        A task that is not in the table, a name that is taken, or no model and method has all members.
    """
    tasks = list(dict.fromkeys(entry.row.task for entry in table if not entry.members))
    made, names = Made(), set()
    for text in wanted:
        name, members = _read(text, tasks)
        if name in names:
            raise UserError("--average", f"two averages are named '{name}'", "NAME=TASK,TASK,... with another name")
        names.add(name)
        _require_free(table, name, members)
        parts = [entry for entry in table if entry.row.task in members and entry.measured]
        for metric in _metrics(parts, members, metrics):
            _add(made, table, parts, Average(name=name, tasks=members, metric=metric), is_named="=" in text)
    made.notes = list(dict.fromkeys(made.notes))
    return made


def _read(text: str, tasks: Sequence[str]) -> tuple[str, list[str]]:
    name, is_named, listed = (part.strip() for part in text.rpartition("="))
    if is_named and not name:
        raise UserError("--average", f"'{text}' has an empty name", _WAY)
    members = list(tasks) if listed == ALL else [task.strip() for task in listed.split(",") if task.strip()]
    for task in members:
        if task not in tasks:
            raise unknown_name("--average", "task", task, tasks, listed_by=f"here: {', '.join(tasks)}")
    if len(set(members)) < 2:
        found = "goes over one task" if members else "names no task"
        raise UserError("--average", f"'{text}' {found}", _WAY)
    if name in tasks:
        raise UserError("--average", f"'{name}' is the name of a task", "a name of its own")
    return name or NAME, list(dict.fromkeys(members))


def _require_free(table: Sequence[Entry], name: str, members: Sequence[str]) -> None:
    """Refuse the name of a suite's average over other tasks, which would stand in the same cells."""
    for entry in table:
        if entry.members and entry.row.task == name and set(entry.members) != set(members):
            over = f"'{name}' is a row of suite '{entry.suite}' over {', '.join(entry.members)}"
            raise UserError("--average", over, "NAME=TASK,TASK,... with another name")


def _metrics(parts: Sequence[Entry], members: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the metrics that all members have; one empty name where there is none, for each one's first."""
    of_task: dict[str, dict[str, None]] = {task: {} for task in members}
    for entry in parts:
        of_task[entry.row.task][entry.row.metric] = None
    shared = [name for name in of_task[members[0]] if all(name in of_task[task] for task in members)]
    named = [naming.named(name, shared) for name in wanted]
    return [name for name in shared if not wanted or name in named] or [""]


def _add(made: Made, table: Sequence[Entry], parts: Sequence[Entry], average: Average, *, is_named: bool) -> None:
    """Add one average of one metric for all rows, within each suite and seed that must not be mixed."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    apart = _overlap(parts)
    for entry in parts:
        if average.metric in ("", entry.row.metric):
            groups.setdefault((entry.suite if apart else "", entry.names["seed"]), []).append(entry)
    lacking: list[Incomplete] = []
    rows = 0
    for of_group in groups.values():
        runs = list({id(entry.run): entry.run for entry in of_group}.values())
        complete, incomplete = averages([average], runs)
        lacking += incomplete
        rows += len(complete)
        # Nothing lies there; the place says the suite: `<suite>/<task>/<model>/<method>`, whatever is in the names.
        above = runs[0].folder.absolute().parents
        place = above[min(2, len(above) - 1)] / "average" / "of"
        for result in complete:
            for entry in entries([FinishedRun(place / result["method"].replace("/", "-"), result)]):
                own = _of_suite(entry, table, runs, average)
                if own is None or (is_named and own.row.task != average.name):
                    made.entries.append(entry)
                if own is not None and own.row.task != average.name:
                    made.notes.append(f"{average.name}: the suite's own row '{own.row.task}' over the same tasks")
    if not rows:
        hint = f"--where leaves rows out{'; tasks are averaged within a suite and a seed' if len(groups) > 1 else ''}"
        raise UserError("--average", f"no row has all tasks of '{average.name}': {_listed(lacking)}", "", hint)
    if lacking:
        made.notes.append(f"{average.name}: no number for {_listed(lacking)}")


def _listed(rows: Sequence[Incomplete]) -> str:
    """Return which tasks rows lack: of the first ones by name, and how many there are besides."""
    texts = list(dict.fromkeys(f"{row.model} / {row.method} (lacks {_few(row.missing)})" for row in rows))
    return _few(texts)


def _few(texts: Sequence[str]) -> str:
    more = len(texts) - _NAMED_ROWS
    return ", ".join(texts[:_NAMED_ROWS]) + (f" and {more} more" if more > 0 else "")


def _overlap(parts: Sequence[Entry]) -> bool:
    """Say whether several suites ran one task: then each suite's tasks are averaged by themselves."""
    suites: dict[str, set[str]] = {}
    for entry in parts:
        suites.setdefault(entry.row.task, set()).add(entry.suite)
    return any(len(names) > 1 for names in suites.values())


def _of_suite(entry: Entry, table: Sequence[Entry], runs: Sequence[FinishedRun], average: Average) -> Entry | None:
    """Return the average that one of the runs' suites has already over the same tasks, of the same row and metric."""
    suites = {run.suite for run in runs}
    same = (
        other
        for other in table
        if set(other.members) == set(average.tasks)
        and other.suite in suites
        and (other.title, other.row.metric) == (entry.title, entry.row.metric)
        and other.run.result["config"]["average"].get("kind", "mean") == average.kind
    )
    return next(same, None)
