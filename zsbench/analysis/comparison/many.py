"""Several sides compared: every two of them on every task that both have, p adjusted among all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from zsbench.analysis.comparison.averages import judged_average, meetings
from zsbench.analysis.comparison.difference import Correction, Difference, adjusted
from zsbench.analysis.comparison.entrants import Entrant, NothingInCommon, pairs
from zsbench.analysis.comparison.joined import Joined
from zsbench.analysis.comparison.judge import NothingToCompare, Settings, common_metrics, judged, require_known
from zsbench.analysis.comparison.naming import Name, changed_keys, names_of
from zsbench.analysis.comparison.ranks import LEAST_TASKS, Ranks, average_ranks, friedman_p
from zsbench.analysis.comparison.sides import By, Side
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.words import number_of
from zsbench.metrics import naming


@dataclass(frozen=True)
class Row:
    """A difference with the numbers of its sides and the names of its runs; `is_average` where it is over tasks."""

    sides: tuple[int, int]
    first: Name
    second: Name
    difference: Difference
    is_average: bool = False

    @property
    def first_run(self) -> str:
        """Model and method of the first side's run."""
        return self.first.title

    @property
    def second_run(self) -> str:
        """Model and method of the second side's run."""
        return self.second.title


@dataclass
class Comparison:
    """All differences of one command.

    Attributes
    ----------
    rows : every two sides, task by task and metric by metric, then averages.
    joined : the items behind the rows, with the numbers of the sides.
    ranks : of more than two sides over several tasks.
    notes : what was left out, and what differs and was allowed to.
    metrics : those that were asked for; none for all.
    by : what makes a side of one folder, where sides are no folders.
    """

    sides: Sequence[Side]
    settings: Settings
    correction: Correction
    metrics: Sequence[str] = ()
    by: By | None = None
    rows: list[Row] = field(default_factory=list)
    joined: list[tuple[tuple[int, int], Joined]] = field(default_factory=list)
    ranks: list[Ranks] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def metrics_of(self, joined: Joined) -> list[str]:
        """Return the metrics by which two runs were compared: those of both, that were asked for and can be."""
        return [name for name in common_metrics(joined, self.metrics) if joined.can_compare(name)]


def compared(
    sides: Sequence[Side],
    *,
    metrics: Sequence[str] = (),
    settings: Settings,
    correction: Correction = "holm",
    by: By | None = None,
) -> Comparison:
    """Return all differences between sides.

    Parameters
    ----------
    metrics : only these; those that two runs have in common by default.
    correction : of p, over all rows of the comparison.
    by : sides are the methods, or models, of one folder: a run without a model meets every run of its task.

    Raises
    ------
    UserError
        No two sides can be compared, or two of them may not be; no two runs have a metric that is wanted.
    """
    result = Comparison(sides, settings, correction, metrics, by)
    refused: list[UserError] = []
    whole = []
    for i, j in combinations(range(len(sides)), 2):
        try:
            _require_items(sides[i], sides[j])
            met = pairs(sides[i].runs, sides[j].runs, one_against_all=by is not None)
        except UserError as error:
            # Of many sides, two may have nothing in common; of two, that is the answer.
            refused.append(error)
            if not isinstance(error, NothingInCommon):
                result.notes.append(f"{sides[i].title} and {sides[j].title} are not compared: {error.found}")
            continue
        result.joined += [((i, j), Joined(a, b, settings.allow)) for a, b in met]
        result.notes += _without_counterpart(sides, (i, j), met)
        whole.append((i, j))
    _require_metrics(result, whole, metrics)
    _judge(result, whole, metrics, refused)
    if not result.rows:
        raise refused[0]
    strangers = sum(isinstance(error, NothingInCommon) for error in refused)
    if strangers:
        result.notes.append(f"{strangers} of {math.comb(len(sides), 2)} pairs of sides have no task in common")
    rows = adjusted([row.difference for row in result.rows], correction)
    result.rows = [replace(row, difference=difference) for row, difference in zip(result.rows, rows, strict=True)]
    result.ranks = _ranks(result) if len(sides) > 2 else []
    if len(sides) == 2:
        result.notes += changed_keys([joined for _, joined in result.joined])
    result.notes = list(dict.fromkeys(result.notes))
    return result


def _require_items(first: Side, second: Side) -> None:
    """Refuse a side of averages alone.

    Raises
    ------
    NothingInCommon
        An average has no items: they are those of the runs behind it.
    """
    for side in (first, second):
        if side.averages and not side.runs:
            name = side.averages[0].names[0]
            problem = f"'{name}' is an average, which has no items of its own"
            raise NothingInCommon(side.title, problem, "the suite's folder, with the results behind the average")


def _require_metrics(result: Comparison, whole: Sequence[tuple[int, int]], wanted: Sequence[str]) -> None:
    """Refuse a wanted metric that no two runs, and no two averages, have in common; note where it is lacking."""
    if not result.joined:
        return
    of_pair = [(joined, common_metrics(joined)) for _, joined in result.joined]
    sides = {number for pair in whole for number in pair}
    of_averages = [name for number in sides for run in result.sides[number].averages for name in run.result["metrics"]]
    require_known(wanted, list(dict.fromkeys([*(name for _, names in of_pair for name in names), *of_averages])))
    for name in wanted:
        lacking = [joined.first.task for joined, names in of_pair if naming.named(name, names) is None]
        if lacking:
            tasks = ", ".join(dict.fromkeys(lacking))
            result.notes.append(f"{number_of(len(lacking), 'pair')} of runs without '{name}' left out ({tasks})")


def _judge(
    result: Comparison, whole: Iterable[tuple[int, int]], metrics: Sequence[str], refused: list[UserError]
) -> None:
    """Add the differences of every two runs, then those of averages, side by side; keep the pairs that have any."""
    names = names_of([entrant for _, joined in result.joined for entrant in (joined.first, joined.second)])
    met: dict[tuple[int, int], list[Joined]] = {}
    for numbers, joined in result.joined:
        met.setdefault(numbers, []).append(joined)
    result.joined = []
    for sides in whole:
        for joined in met.get(sides, ()):
            if metrics and not common_metrics(joined, metrics):
                continue
            first, second = names[id(joined.first.first)], names[id(joined.second.first)]
            try:
                rows = judged(joined, metrics=metrics, settings=result.settings)
                result.rows += [Row(sides, first, second, row) for row in rows]
                result.joined.append((sides, joined))
            except NothingToCompare as error:
                refused.append(error)
                joined.notes.append(f"{joined.first.task}, {first} and {second}: {error.found}")
            result.notes += joined.notes
        _compare_averages(result, sides, metrics)


def _compare_averages(result: Comparison, sides: tuple[int, int], metrics: Sequence[str]) -> None:
    first, second = (result.sides[number] for number in sides)
    for meeting in meetings(first, second):
        if metrics and not any(naming.named(name, list(meeting.first.result["metrics"])) for name in metrics):
            continue
        difference = judged_average(meeting, first, second, result.settings)
        if isinstance(difference, str):
            result.notes.append(difference)
        else:
            a, b = (Name(*average.names[1:]) for average in (meeting.first, meeting.second))
            result.rows.append(Row(sides, a, b, difference, is_average=True))


def _without_counterpart(
    sides: Sequence[Side], numbers: tuple[int, int], met: Sequence[tuple[Entrant, Entrant]]
) -> Iterator[str]:
    """Yield how many runs of each side nothing was compared with."""
    known = {id(run) for pair in met for entrant in pair for run in entrant.runs}
    for number in dict.fromkeys(numbers):
        alone = sum(id(run) not in known for run in sides[number].runs)
        if alone:
            yield f"{sides[number].title}: {number_of(alone, 'run')} without a counterpart left out"


def _ranks(result: Comparison) -> list[Ranks]:
    """Return average ranks metric by metric, over the tasks on which every side has one run."""
    of_task: dict[str, dict[int, list[Entrant]]] = {}
    for numbers, joined in result.joined:
        for number, entrant in zip(numbers, (joined.first, joined.second), strict=True):
            known = of_task.setdefault(entrant.task, {}).setdefault(number, [])
            if not any(entrant.runs == other.runs for other in known):
                known.append(entrant)
    sides = range(len(result.sides))
    whole = {
        task: [groups[number][0] for number in sides]
        for task, groups in of_task.items()
        if all(len(groups.get(number, ())) == 1 for number in sides)
    }
    names = dict.fromkeys(row.difference.metric for row in result.rows if not row.is_average)
    ranked = [_ranks_of(name, whole, result.settings.seed) for name in names]
    return [ranks for ranks in ranked if ranks is not None]


def _ranks_of(metric: str, whole: dict[str, list[Entrant]], seed: int) -> Ranks | None:
    """Return the average ranks of one metric, or None where fewer than two tasks have it for every side."""
    values, better, tasks, test_sets = [], [], [], []
    for task, entrants in whole.items():
        row = [_value(entrant, metric) for entrant in entrants]
        if any(math.isnan(value) for value in row):
            continue
        values.append(row)
        better.append(entrants[0].first.metric(metric).better == "higher")
        tasks.append(task)
        test_sets.append(entrants[0].first.result.get("test_fingerprint", ""))
    if len(tasks) < 2:
        return None
    ranks = average_ranks(values, higher_is_better=better)
    is_tested = len(tasks) >= LEAST_TASKS and len(set(test_sets)) == len(test_sets)
    p = friedman_p(ranks, seed=seed) if is_tested else None
    return Ranks(metric, tuple(tasks), tuple(np.mean(ranks, axis=0).tolist()), p)


def _value(entrant: Entrant, metric: str) -> float:
    """Return a metric's mean over an entrant's runs; NaN where one of them lacks it or has it undefined."""
    values = [run.result["metrics"].get(metric, {}).get("value") for run in entrant.runs]
    return float("nan") if any(value is None for value in values) else float(np.mean(values))
