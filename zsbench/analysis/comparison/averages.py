"""Rows over several tasks compared: the difference of two averages from the differences of their parts.

Every replicate draws the items of all parts and averages them as the row does, averages of averages included. Parts
over the same data (two depths of one set of queries, several seeds over one test set) are drawn together, item by item
or cluster by cluster; parts over other data are drawn independently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zsbench.analysis.comparison.difference import Difference
from zsbench.analysis.comparison.entrants import Entrant
from zsbench.analysis.comparison.joined import Joined, Tables, Unalike
from zsbench.analysis.comparison.judge import Settings, note_of, replicates, values_of
from zsbench.analysis.comparison.shared_draws import overlapping
from zsbench.analysis.comparison.sides import Side
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.bootstrap import percentile
from zsbench.metrics.paired import bootstrap_p
from zsbench.results.combination import Combination
from zsbench.results.finished_run import FinishedRun
from zsbench.results.joint import of_one_place

_APART = 1_000_003
"""Between the seeds of two data sets, so that their draws have nothing in common."""


@dataclass(frozen=True)
class Meeting:
    """Two averages of one name, and what keeps them from being compared, if anything does."""

    first: FinishedRun
    second: FinishedRun
    obstacle: str = ""


def meetings(first: Side, second: Side) -> list[Meeting]:
    """Return which averages of two sides meet: those of equal names, else the only ones of an average's name."""
    by_names = {average.names: average for average in second.averages}
    same = [Meeting(average, by_names[average.names]) for average in first.averages if average.names in by_names]
    if same:
        return same
    met = []
    for name in dict.fromkeys(average.names[0] for average in first.averages):
        groups = [[a for a in side.averages if a.names[0] == name] for side in (first, second)]
        if groups[1]:
            obstacle = "" if len(groups[0]) == len(groups[1]) == 1 else "several rows of this name on a side"
            met.append(Meeting(groups[0][0], groups[1][0], obstacle))
    return met


class _NoDifference(Exception):
    """Why two averages are not compared."""


def judged_average(meeting: Meeting, first: Side, second: Side, settings: Settings) -> Difference | str:
    """Return the difference of two averages, or a sentence that says why there is none."""
    try:
        return _judged(meeting, first, second, settings)
    except _NoDifference as reason:
        return f"no difference of the average '{meeting.first.names[0]}': {reason}"


def average_difference(
    first: FinishedRun,
    second: FinishedRun,
    runs: Sequence[FinishedRun],
    *,
    resamples: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Difference | str:
    """Return the difference of two averages (second minus first), or a sentence that says why there is none.

    Parameters
    ----------
    first, second : rows over the same tasks, such as one of a method and one of a baseline; p is not adjusted yet.
    runs : among which the results behind them are; of results of one config, those in the average's own suite count.
    """
    settings = Settings(resamples, seed, confidence)
    return judged_average(Meeting(first, second), _side_of(first, runs), _side_of(second, runs), settings)


def _side_of(average: FinishedRun, runs: Sequence[FinishedRun]) -> Side:
    """Return a side that holds an average and all runs, those of its suite last, where they outdo others."""
    suite = average.folder.absolute().parents[2:3]
    near = sorted(runs, key=lambda run: run.folder.absolute().parents[2:3] == suite)
    parts = [tuple(run for run in near if run.is_average is wanted) for wanted in (False, True)]
    return Side(average.title, *parts)


def _judged(meeting: Meeting, first: Side, second: Side, settings: Settings) -> Difference:
    if meeting.obstacle:
        raise _NoDifference(meeting.obstacle)
    trees = _Tree(meeting.first, first), _Tree(meeting.second, second)
    if trees[0].of != trees[1].of or trees[0].names != trees[1].names:
        raise _NoDifference("the rows are not over the same tasks in the same way")
    leaves, units = _leaves(trees, settings)
    values = [np.array([leaf.values[side] for leaf in leaves]) for side in (0, 1)]
    before, after = (trees[0].of.value(side) for side in values)
    shortest = min(len(leaf.draws[0]) for leaf in leaves)
    draws = [trees[0].of.values(np.stack([leaf.draws[side][:shortest] for leaf in leaves])) for side in (0, 1)]
    gained = draws[1] - draws[0]
    low, high = percentile(gained, confidence=settings.confidence)
    name, score = next(iter(meeting.first.result["metrics"].items()))
    gains = [(leaf.values[1] - leaf.values[0]) * (1 if leaf.better == "higher" else -1) for leaf in leaves]
    wins, losses = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    return Difference(
        meeting.first.names[0], name, score["unit"], score.get("better", "higher"), before, after, after - before,
        low, high, bootstrap_p(np.nan_to_num(gained), units=units), "bootstrap of all tasks",
        sum(leaf.n for leaf in leaves), sum(leaf.left_out for leaf in leaves), wins, len(gains) - wins - losses,
        losses, method=f"bootstrap(B={shortest}, seed={settings.seed})", resamples=shortest, seed=settings.seed,
        confidence=settings.confidence, note=_note(leaves, gained),
    )  # fmt: skip


def _note(leaves: Sequence[_Leaf], gained: DoubleArray) -> str:
    """Return what is said of the interval of an average: of the task of the fewest items or clusters."""
    fewest = min(leaves, key=lambda leaf: leaf.units)
    return note_of(fewest.units, fewest.clusters, gained)


class _Tree:
    """An average as a function of its tasks' metrics.

    Attributes
    ----------
    runs, names : the runs that it goes back to, and the metric of each.
    of : how their values are combined.
    """

    def __init__(self, average: FinishedRun, side: Side) -> None:
        self.runs: list[FinishedRun] = []
        self.names: list[str] = []
        by_hash = {run.result.get("config_hash"): run for run in (*side.runs, *side.averages)}
        self.of = self._combination(average, by_hash, side.title)

    def _combination(self, average: FinishedRun, by_hash: Mapping[Any, FinishedRun], title: str) -> Combination:
        config = average.result.get("config", {})
        about, hashes = config.get("average", {}), config.get("of", [])
        parts: list[int | Combination] = []
        for task, key in zip(about.get("tasks", []), hashes, strict=False):
            run = by_hash.get(key)
            if run is None:
                raise _NoDifference(f"'{title}' lacks the result of '{task}' behind it")
            if run.is_average:
                parts.append(self._combination(run, by_hash, title))
            else:
                parts.append(self._number(run, about.get("metric") or next(iter(run.result["metrics"]))))
        if not parts:
            raise _NoDifference(f"'{title}' names no results behind it")
        return Combination("harmonic" if about.get("kind") == "harmonic" else "mean", tuple(parts))

    def _number(self, run: FinishedRun, name: str) -> int:
        for number, known in enumerate(zip(self.runs, self.names, strict=True)):
            if known[0] is run and known[1] == name:
                return number
        self.runs.append(run)
        self.names.append(name)
        return len(self.runs) - 1


@dataclass(frozen=True)
class _Leaf:
    """One task of an average: values and replicates of both sides."""

    values: tuple[float, float]
    draws: tuple[DoubleArray, DoubleArray]
    better: str
    n: int
    left_out: int
    units: int
    clusters: IntArray | None


def _leaves(trees: tuple[_Tree, _Tree], settings: Settings) -> tuple[list[_Leaf], int]:
    """Return values and replicates of every task, and how many items or clusters were drawn for all of them.

    Tasks over the same data are drawn together.
    """
    first, second = trees
    tables, labels = [], []
    for a, b, name in zip(first.runs, second.runs, first.names, strict=True):
        if any(name not in run.result["metrics"] for run in (a, b)):
            raise _NoDifference(f"no metric '{name}' on both sides for '{a.names[0]}'")
        joined = Joined(Entrant((a,)), Entrant((b,)), settings.allow)
        table = _tables(joined, name)
        if not table.is_defined.any():
            raise _NoDifference(f"'{name}' is undefined for every item of '{a.names[0]}'")
        tables.append(table)
        labels.append((joined.ids if joined.clusters is None else joined.clusters)[table.is_defined])
    draws: dict[int, tuple[DoubleArray, DoubleArray]] = {}
    units = 0
    for place, numbers in enumerate(of_one_place(first.runs)):
        here = replace(settings, seed=settings.seed + _APART * place)
        chosen = [tables[number] for number in numbers]
        units += len({label for number in numbers for label in labels[number].tolist()})
        if len(numbers) == 1:
            drawn = replicates(chosen, here)
        else:
            drawn = overlapping(
                chosen, [labels[number] for number in numbers], resamples=here.resamples, seed=here.seed
            )
        draws |= dict(zip(numbers, drawn, strict=True))
    return [_leaf(table, draws[number]) for number, table in enumerate(tables)], units


def _tables(joined: Joined, name: str) -> Tables:
    try:
        return joined.tables(name)
    except Unalike as error:
        raise _NoDifference(error.found) from None


def _leaf(tables: Tables, draws: tuple[DoubleArray, DoubleArray]) -> _Leaf:
    first, second = values_of(tables)
    return _Leaf(
        (first[0], second[0]),
        draws,
        tables.metric.better,
        len(tables.first[0]),
        tables.left_out,
        tables.n_units,
        tables.clusters,
    )
