"""Averages over tasks of a table: of all its tasks, or of those that are named; none over a part of its members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zsbench.config.suites import Average
from zsbench.core.errors import UserError, unknown_name
from zsbench.metrics import naming
from zsbench.report.entries import Entry, entries
from zsbench.results.averages import averages
from zsbench.results.finished_run import FinishedRun

ALL = "all"
NAME = "mean"


def of_table(table: Sequence[Entry], wanted: Iterable[str], metrics: Sequence[str] = ()) -> list[Entry]:
    """Return an entry for each average `[NAME=]TASK,TASK,...` (or `[NAME=]all`) of each model, method and seed.

    An average of a suite that goes over the same tasks stands in the place of a new one.

    Parameters
    ----------
    metrics : those to average; without any, each that all members have, and where there is none each one's first.

    Raises
    ------
    UserError
        A task that is not in the table, or a model and method that lacks a member.
    """
    tasks = list(dict.fromkeys(entry.row.task for entry in table if not entry.members))
    made: list[Entry] = []
    for text in wanted:
        name, members = _read(text, tasks)
        parts = [entry for entry in table if entry.row.task in members and entry.measured]
        for metric in _metrics(parts, members, metrics):
            made += _of_metric(table, parts, Average(name=name, tasks=members, metric=metric))
    return made


def _read(text: str, tasks: Sequence[str]) -> tuple[str, list[str]]:
    name, is_named, listed = text.rpartition("=")
    members = list(tasks) if listed == ALL else [task.strip() for task in listed.split(",")]
    for task in members:
        if task not in tasks:
            raise unknown_name("--average", "task", task, tasks, listed_by=f"here: {', '.join(tasks)}")
    if len(set(members)) < 2:
        raise UserError("--average", f"'{text}' goes over one task", "[NAME=]TASK,TASK,... or [NAME=]all")
    if name in tasks:
        raise UserError("--average", f"'{name}' is the name of a task", "a name of its own")
    return name if is_named else NAME, list(dict.fromkeys(members))


def _metrics(parts: Sequence[Entry], members: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the metrics that all members have; one empty name where there is none, for each one's first."""
    of_task: dict[str, dict[str, None]] = {}
    for entry in parts:
        of_task.setdefault(entry.row.task, {})[entry.row.metric] = None
    shared = [name for name in of_task[members[0]] if all(name in of_task[task] for task in members)]
    named = [naming.named(name, shared) for name in wanted]
    return [name for name in shared if not wanted or name in named] or [""]


def _of_metric(table: Sequence[Entry], parts: Sequence[Entry], average: Average) -> list[Entry]:
    made: list[Entry] = []
    groups: dict[tuple[str, str], list[Entry]] = {}
    apart = _overlap(parts)
    for entry in parts:
        if average.metric in ("", entry.row.metric):
            groups.setdefault((entry.suite if apart else "", entry.names["seed"]), []).append(entry)
    for of_group in groups.values():
        runs = list({id(entry.run): entry.run for entry in of_group}.values())
        complete, incomplete = averages([average], runs)
        if incomplete:
            hint = f"--where leaves rows out{_elsewhere(groups)}"
            raise UserError("--average", "; ".join(map(str, incomplete)), "results of all members", hint)
        place = runs[0].folder.parents[1] / average.name
        for result in complete:
            made += entries([FinishedRun(place / result["model"] / result["method"], result)])
        made = [entry for entry in made if not _is_there(entry, table, runs, average)]
    return made


def _overlap(parts: Sequence[Entry]) -> bool:
    """Say whether several suites ran one task: then each suite's tasks are averaged by themselves."""
    suites: dict[str, set[str]] = {}
    for entry in parts:
        suites.setdefault(entry.row.task, set()).add(entry.suite)
    return any(len(names) > 1 for names in suites.values())


def _elsewhere(groups: dict[tuple[str, str], list[Entry]]) -> str:
    return "; tasks are averaged within a suite and a seed" if len(groups) > 1 else ""


def _is_there(entry: Entry, table: Sequence[Entry], runs: Sequence[FinishedRun], average: Average) -> bool:
    """Say whether one of the runs' suites has this average already."""
    suites = {run.suite for run in runs}
    return any(
        set(other.members) == set(average.tasks)
        and other.suite in suites
        and (other.title, other.row.metric) == (entry.title, entry.row.metric)
        and other.run.result["config"]["average"].get("kind", "mean") == average.kind
        for other in table
    )
