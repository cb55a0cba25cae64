"""Which scores a figure is of: a facet for each metric of each task, an entry for each run that has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from zsbench.core.errors import UserError, unknown_name
from zsbench.core.words import number_of
from zsbench.metrics import naming
from zsbench.report.figures.figure import Figure, Mark, Point
from zsbench.report.plain import one_line
from zsbench.report.tables import confidence
from zsbench.report.variants import variants
from zsbench.results.finished_run import FinishedRun

BASELINE = "none"
"""The model of runs that need none: chance, a simple rule."""


@dataclass(frozen=True)
class Entry:
    """One run with one of its scores; `variant` tells it from other runs of its names."""

    run: FinishedRun
    variant: str
    metric: str
    score: dict[str, Any]

    @property
    def model(self) -> str:
        """The model's name."""
        return one_line(self.run.result["model"])

    @property
    def method(self) -> str:
        """The method's name, with what tells the run from others of its names."""
        return one_line(self.run.result["method"] + (f" ({self.variant})" if self.variant else ""))

    @property
    def title(self) -> str:
        """Model and method."""
        return f"{self.model} / {self.method}"

    @property
    def is_baseline(self) -> bool:
        """Whether the run needs no model."""
        return bool(self.run.result["model"] == BASELINE)

    @property
    def is_defined(self) -> bool:
        """Whether the score is a number."""
        return finite(self.score["value"]) is not None

    def point(self, x: float | str, mark: Mark = "") -> Point:
        """Return the score at a place of the x axis."""
        low, high = (finite(self.score[end]) for end in ("low", "high"))
        note = str(self.score.get("note", "")) if low is not None else ""
        return Point(x, self.score["value"], low, high, self.title, mark, one_line(note))


@dataclass(frozen=True)
class Facet:
    """The scores of one metric over the same items."""

    title: str
    metric: str
    unit: str
    better: str
    entries: tuple[Entry, ...]

    @property
    def confidence(self) -> float | None:
        """The level of all intervals, None where they are of several."""
        return one_level([entry.run for entry in self.entries])

    @property
    def defined(self) -> list[Entry]:
        """The entries whose score is a number."""
        return [entry for entry in self.entries if entry.is_defined]

    def notes(self) -> list[str]:
        """Return notes on the runs whose score is no number, and on intervals that results doubt."""
        names = [entry.title for entry in self.entries if not entry.is_defined]
        doubted: dict[str, list[str]] = {}
        for entry in self.defined:
            doubted.setdefault(entry.point("").note, []).append(entry.title)
        return ([f"undefined, so not shown: {', '.join(names)}"] if names else []) + [
            f"~ interval of {', '.join(titles)}: {note}" for note, titles in doubted.items() if note
        ]


def finite(value: float | None) -> float | None:
    """Return a number of a result, None where it is none."""
    return value if value is not None and isfinite(value) else None


def one_level(runs: Sequence[FinishedRun]) -> float | None:
    """Return the confidence of all intervals of some runs, None where they are of several levels."""
    levels = {confidence(run.result) for run in runs}
    return levels.pop() if len(levels) == 1 else None


def of_tasks(runs: Sequence[FinishedRun], tasks: Sequence[str]) -> list[FinishedRun]:
    """Return the runs of some tasks by name, all where none is named.

    Raises
    ------
    UserError
        There is no run at all, or none of a task.
    """
    if not runs:
        raise UserError("plot", "no finished run to plot", "a folder written by `zsbench eval --out`")
    known = list(dict.fromkeys(run.result["task"] for run in runs))
    for name in tasks:
        if name not in known:
            raise unknown_name("--task", "result of task", name, known, listed_by=f"here: {_listed(known)}")
    return [run for run in runs if not tasks or run.result["task"] in tasks]


def named_metrics(runs: Sequence[FinishedRun], metrics: Sequence[str]) -> list[str]:
    """Return the results' own names of metrics that a person spelled.

    Raises
    ------
    UserError
        No run has a metric.
    """
    known = list(dict.fromkeys(name for run in runs for name in run.result["metrics"]))
    names = []
    for written in metrics:
        name = naming.named(written, known)
        if name is None:
            raise unknown_name("--metric", "metric", written, known, listed_by=f"here: {_listed(known)}")
        names.append(name)
    return names


def facets(runs: Sequence[FinishedRun], *, metrics: Sequence[str] = (), tasks: Sequence[str] = ()) -> list[Facet]:
    """Return a facet for each task and metric, tasks in the order of the runs; by default each task's first metric.

    Runs of one task over different data stand in facets of their own: their values do not compare.

    Raises
    ------
    UserError
        As `of_tasks` and `named_metrics`; or no run has a score.
    """
    runs = of_tasks(runs, tasks)
    wanted = named_metrics(runs, metrics)
    variant_of = dict(zip(map(id, runs), variants([run.result for run in runs]), strict=True))
    by_data: dict[tuple[str, str], list[FinishedRun]] = {}
    for run in runs:
        by_data.setdefault((run.result["task"], _data(run)), []).append(run)
    several = _with_several([task for task, _ in by_data])
    every = []
    for (task, _), of_task in by_data.items():
        title = one_line(task) + (f", {number_of(of_task[0].result['n_items'], 'item')}" if task in several else "")
        names = list(dict.fromkeys(name for run in of_task for name in run.result["metrics"]))
        for name in [name for name in wanted if name in names] if wanted else names[:1]:
            of_metric = [run for run in of_task if name in run.result["metrics"]]
            entries = [Entry(run, variant_of[id(run)], name, run.result["metrics"][name]) for run in of_metric]
            score = entries[0].score
            every.append(Facet(title, name, score["unit"], score.get("better", "higher"), tuple(entries)))
    if not every:
        raise UserError("plot", "no run has a score (they failed)", "runs that finished")
    return every


def drawable(figures: Sequence[Figure]) -> list[Figure]:
    """Return the figures that have a point.

    Raises
    ------
    UserError
        None has one; the reasons are those of the figures' notes.
    """
    kept = [figure for figure in figures if any(series.points for series in figure.series)]
    if not kept:
        reasons = dict.fromkeys(note for figure in figures for note in figure.notes)
        raise UserError("plot", f"nothing to draw ({'; '.join(list(reasons)[:3]) or 'no value'})")
    return kept


def _data(run: FinishedRun) -> str:
    """Return what tells the data of a task's runs apart; an average is over its tasks, whatever their data are."""
    return "" if run.is_average else str(run.result.get("data_fingerprint", ""))


def _with_several(tasks: Sequence[str]) -> set[str]:
    return {task for task in tasks if list(tasks).count(task) > 1}


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
