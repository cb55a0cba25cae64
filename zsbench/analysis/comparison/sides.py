"""The sides of a comparison: folders, or the methods or models of one folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zsbench.core.errors import UserError, shown, unknown_name
from zsbench.results.finished_run import FinishedRun, finished_runs

By = Literal["method", "model"]


@dataclass(frozen=True)
class Side:
    """What is compared with other sides.

    Attributes
    ----------
    title : how people name it.
    runs, averages : its runs, and its rows over several tasks.
    """

    title: str
    runs: tuple[FinishedRun, ...]
    averages: tuple[FinishedRun, ...] = ()


def sides_of(places: Sequence[Path], *, tasks: Sequence[str] = ()) -> list[Side]:
    """Return a side for each place, named by its model and method where it has one of each that no other side has.

    Raises
    ------
    UserError
        A place holds no result, or none of the wanted tasks.
    """
    chosen = [_of_tasks(finished_runs([place], averages=True), tasks, shown(place)) for place in places]
    titles = [{run.title for run in runs} for runs in chosen]
    single = [next(iter(each)) if len(each) == 1 else "" for each in titles]
    often = Counter(single)
    names = [
        title if title and often[title] == 1 else shown(place) for title, place in zip(single, places, strict=True)
    ]
    return [_side(name, runs) for name, runs in zip(names, chosen, strict=True)]


def sides_by(places: Sequence[Path], by: By, *, tasks: Sequence[str] = ()) -> list[Side]:
    """Return a side for each method or each model under the places.

    Raises
    ------
    UserError
        There are fewer than two of them, or no such task.
    """
    where = ", ".join(map(shown, places))
    runs = _of_tasks(finished_runs(places, averages=True), tasks, where)
    groups: dict[str, list[FinishedRun]] = {}
    for run in runs:
        groups.setdefault(str(run.result[by]), []).append(run)
    if len(groups) < 2:
        raise UserError(where, f"one {by} only ({next(iter(groups))})", f"at least two {by}s, or two folders")
    return [_side(name, group) for name, group in groups.items()]


def _side(title: str, runs: Sequence[FinishedRun]) -> Side:
    parts = [tuple(run for run in runs if run.is_average is wanted) for wanted in (False, True)]
    return Side(title, *parts)


def _of_tasks(runs: list[FinishedRun], tasks: Sequence[str], where: str) -> list[FinishedRun]:
    known = dict.fromkeys(run.names[0] for run in runs)
    for task in tasks:
        if task not in known:
            raise unknown_name("--task", "task", task, known, listed_by=f"in {where}: {', '.join(known)}")
    return [run for run in runs if not tasks or run.names[0] in tasks]
