"""Several sides compared: every two of them on every task that both have, p adjusted among all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from zsbench.analysis.comparison.averages import judged_average, meetings
from zsbench.analysis.comparison.difference import Correction, Difference, adjusted
from zsbench.analysis.comparison.entrants import Entrant, NothingInCommon, pairs
from zsbench.analysis.comparison.joined import Joined
from zsbench.analysis.comparison.judge import Settings, judged
from zsbench.analysis.comparison.ranks import LEAST_TASKS, Ranks, average_ranks, friedman_p
from zsbench.analysis.comparison.sides import Side
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.metrics import naming


@dataclass(frozen=True)
class Row:
    """A difference with the numbers of its sides and the titles of its runs; `is_average` where it is over tasks."""

    sides: tuple[int, int]
    first_run: str
    second_run: str
    difference: Difference
    is_average: bool = False


@dataclass
class Comparison:
    """All differences of one command.

    Attributes
    ----------
    rows : every two sides, task by task and metric by metric, then averages.
    joined : the items behind the rows, with the numbers of the sides.
    ranks : of more than two sides over several tasks.
    notes : what was left out, and what differs and was allowed to.
    """

    sides: Sequence[Side]
    settings: Settings
    correction: Correction
    rows: list[Row] = field(default_factory=list)
    joined: list[tuple[tuple[int, int], Joined]] = field(default_factory=list)
    ranks: list[Ranks] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compared(
    sides: Sequence[Side],
    *,
    metrics: Sequence[str] = (),
    settings: Settings,
    correction: Correction = "holm",
    one_against_all: bool = False,
) -> Comparison:
    """Return all differences between sides.

    Parameters
    ----------
    metrics : only these; those that two runs have in common by default.
    correction : of p, over all rows of the comparison.
    one_against_all : a run without a model meets every run of its task (see `pairs`).

    Raises
    ------
    UserError
        No two sides can be compared, or two of them may not be.
    """
    result = Comparison(sides, settings, correction)
    refused = []
    for i, j in combinations(range(len(sides)), 2):
        try:
            met = pairs(sides[i].runs, sides[j].runs, one_against_all=one_against_all)
        except UserError as error:
            # Of many sides, two may have nothing in common; of two, that is the answer.
            refused.append(error)
            if not isinstance(error, NothingInCommon):
                result.notes.append(f"{sides[i].title} and {sides[j].title} are not compared: {error.found}")
            continue
        for a, b in met:
            _meet(result, (i, j), Joined(a, b, settings.allow), metrics)
        result.notes += _without_counterpart(sides, (i, j), met)
        _compare_averages(result, (i, j), metrics)
    if not result.rows:
        raise refused[0]
    strangers = sum(isinstance(error, NothingInCommon) for error in refused)
    if strangers:
        result.notes.append(f"{strangers} of {math.comb(len(sides), 2)} pairs of sides have no task in common")
    rows = adjusted([row.difference for row in result.rows], correction)
    result.rows = [
        Row(row.sides, row.first_run, row.second_run, difference, row.is_average)
        for row, difference in zip(result.rows, rows, strict=True)
    ]
    result.ranks = _ranks(result) if len(sides) > 2 else []
    result.notes = list(dict.fromkeys(result.notes))
    return result


def _meet(result: Comparison, sides: tuple[int, int], joined: Joined, metrics: Sequence[str]) -> None:
    rows = judged(joined, metrics=metrics, settings=result.settings)
    result.rows += [Row(sides, joined.first.title, joined.second.title, row) for row in rows]
    result.joined.append((sides, joined))
    result.notes += joined.notes


def _compare_averages(result: Comparison, sides: tuple[int, int], metrics: Sequence[str]) -> None:
    first, second = (result.sides[number] for number in sides)
    for meeting in meetings(first, second):
        if metrics and not any(naming.named(name, list(meeting.first.result["metrics"])) for name in metrics):
            continue
        difference = judged_average(meeting, first, second, result.settings)
        if isinstance(difference, str):
            result.notes.append(difference)
        else:
            result.rows.append(Row(sides, meeting.first.title, meeting.second.title, difference, is_average=True))


def _without_counterpart(
    sides: Sequence[Side], numbers: tuple[int, int], met: Sequence[tuple[Entrant, Entrant]]
) -> Iterator[str]:
    """Yield how many runs of each side nothing was compared with."""
    known = {id(run) for pair in met for entrant in pair for run in entrant.runs}
    for number in dict.fromkeys(numbers):
        alone = sum(id(run) not in known for run in sides[number].runs)
        if alone:
            yield f"{sides[number].title}: {alone} {'run' if alone == 1 else 'runs'} without a counterpart left out"


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
