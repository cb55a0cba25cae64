"""Values against a numeric option that runs differ in: shots, prompts, layers, bits, thresholds, k, items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.errors import UserError
from zsbench.report.figures import options
from zsbench.report.figures.chosen import BASELINE, drawable, finite, named_metrics, of_tasks, one_level
from zsbench.report.figures.figure import Figure, Level, Point, Series
from zsbench.report.plain import one_line
from zsbench.report.variants import variants
from zsbench.results.finished_run import FinishedRun

# The axis is logarithmic where the largest x is this many times the smallest.
_SPANS = 10


@dataclass(frozen=True)
class _Run:
    """A run with its options, its x and what its line is known by."""

    run: FinishedRun
    options: options.Leaves
    x: float | None
    about: tuple[str, ...]  # model and method, where x is not a matter of theirs

    @property
    def task(self) -> Any:
        """What the runs of one diagram share."""
        return options.identity({key: value for key, value in self.options.items() if key.startswith("task.")}, "")

    @property
    def series(self) -> Any:
        """What the points of one line share beside their task."""
        of_rest = {key: value for key, value in self.options.items() if not key.startswith("task.")}
        return self.about, options.identity(of_rest, "")


def curve(
    runs: Sequence[FinishedRun], *, metrics: Sequence[str] = (), tasks: Sequence[str] = (), x: str | None = None
) -> list[Figure]:
    """Return a diagram for each task and metric: a line for each model and method over a numeric option.

    Runs that differ in their seeds alone are one point: the mean of their values and of the ends of their intervals. A
    run that has no value of the option is a level.

    Parameters
    ----------
    x : the option: a dotted key of the config, its last part, or `parameters` or `gflops` for checkpoints by size; by
        default the one that runs which are equal otherwise differ in.
    metrics, tasks : only these; by default the first metric of every task.

    Raises
    ------
    UserError
        An unknown task, metric or option; several options to choose from; or no line of at least two points.
    """
    chosen = _distinct([run for run in of_tasks(runs, tasks) if not run.is_average])
    wanted = named_metrics(chosen, metrics)
    key = options.key_of(x, [(run.result, options.of_run(run.result)) for run in chosen])
    every = [_placed(run, key) for run in chosen]
    figures = []
    for members in _grouped(every, lambda member: member.task):
        names = list(dict.fromkeys(name for member in members for name in member.run.result["metrics"]))
        for metric in [name for name in wanted if name in names] if wanted else names[:1]:
            figures.append(_diagram(members, metric, key))
    lines = [figure for figure in figures if any(len(series.points) > 1 for series in figure.series)]
    if not lines:
        found = f"{options.title(key)} has no two values among runs that are equal otherwise"
        raise UserError("plot", found, "runs that differ in it alone")
    return drawable(lines)


def _distinct(runs: Sequence[FinishedRun]) -> list[FinishedRun]:
    """Return runs without those that ask the very same question, of which the last counts."""
    return list({(run.names, run.result.get("question", id(run))): run for run in runs}.values())


def _placed(run: FinishedRun, key: str) -> _Run:
    found = options.of_run(run.result)
    of_model = key in options.MODEL_FACTS or key.startswith("model.")
    of_method = key.startswith("method.")
    about = (() if of_model else (run.result["model"],)) + (() if of_method else (run.result["method"],))
    return _Run(run, options.without(found, key), options.number(run.result, found, key), about)


def _grouped(members: Sequence[Any], by: Any) -> list[list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for member in members:
        groups.setdefault(by(member), []).append(member)
    return list(groups.values())


def _diagram(members: Sequence[_Run], metric: str, key: str) -> Figure:
    scored = [m for m in members if metric in m.run.result["metrics"]]
    defined = [m for m in scored if finite(m.run.result["metrics"][metric]["value"]) is not None]
    task = _merged([m.run.result["task"] for m in members])
    lines = _grouped(defined, lambda member: member.series)
    series, levels = [], []
    repeats: set[int] = set()
    for name, line in zip(_names(lines, task), lines, strict=True):
        placed = _grouped([m for m in line if m.x is not None], lambda member: member.x)
        repeats.update(map(len, placed))
        points = [_point(of_x, metric, name) for of_x in placed]
        if points:
            is_muted = all(m.run.result["model"] == BASELINE for m in line)
            series.append(Series(name, tuple(sorted(points, key=lambda point: float(point.x))), muted=is_muted))
        without = [m for m in line if m.x is None]
        levels += [Level(name, _point(without, metric, name).y)] if without else []
    xs = [float(point.x) for line in series for point in line.points]
    score = scored[0].run.result["metrics"][metric]
    return Figure(
        kind="curve",
        title=one_line(task),
        x=options.title(key),
        y=metric,
        unit=score["unit"],
        better=score.get("better", "higher"),
        series=tuple(series),
        scale="log" if xs and min(xs) > 0 and max(xs) >= _SPANS * min(xs) else "linear",
        levels=tuple(levels),
        confidence=one_level([m.run for m in scored]),
        notes=tuple(_notes(scored, defined, metric, repeats)),
    )


def _notes(scored: Sequence[_Run], defined: Sequence[_Run], metric: str, repeats: set[int]) -> list[str]:
    notes = []
    if repeats - {1}:
        n = str(max(repeats)) if len(repeats) == 1 else f"up to {max(repeats)}"
        notes.append(
            f"a point is the mean of {n} runs that differ in their seeds, its band the mean of their intervals"
        )
    left_out = [one_line(" / ".join(m.run.names)) for m in scored if m not in defined]
    doubts = [note for m in defined if (note := m.run.result["metrics"][metric].get("note", ""))]
    if doubts:
        reasons = one_line("; ".join(list(dict.fromkeys(doubts))[:3]))
        notes.append(
            f"~ intervals of {len(doubts)} of {len(defined)} runs may cover less often than they say: {reasons}"
        )
    return notes + ([f"undefined, so not shown: {', '.join(left_out)}"] if left_out else [])


def _point(members: Sequence[_Run], metric: str, name: str) -> Point:
    """Return one point for runs of one x: the mean of values, and of the ends where all have some."""
    scores = [m.run.result["metrics"][metric] for m in members]
    means = []
    for end in ("value", "low", "high"):
        known = [value for value in (finite(score[end]) for score in scores) if value is not None]
        means.append(sum(known) / len(known) if len(known) == len(scores) else None)
    value, low, high = means
    assert value is not None
    x = members[0].x
    label = f"{name}, mean of {len(members)} runs" if len(members) > 1 else name
    return Point(0.0 if x is None else x, value, low, high, label)


def _names(lines: Sequence[Sequence[_Run]], task: str) -> list[str]:
    """Return what the legend calls each line: model and method, and what tells it from others of the same names."""
    rows = [
        {
            "task": task,
            "model": _merged([m.run.result["model"] for m in line]),
            "method": _merged([m.run.result["method"] for m in line]),
            "config": {k: v for k, v in line[0].options.items() if not k.startswith("task.")},
        }
        for line in lines
    ]
    titles = []
    for row, variant in zip(rows, variants(rows), strict=True):
        titles.append(one_line(f"{row['model']} / {row['method']}" + (f" ({variant})" if variant else "")))
    return titles


def _merged(names: Sequence[str]) -> str:
    """Return what names have in common at their beginning, up to a whole word.

    Examples
    --------
    >>> _merged(["digits-1-shot-1", "digits-16-shot-3"])
    'digits'
    """
    distinct = list(dict.fromkeys(names))
    if len(distinct) == 1:
        return distinct[0]
    same = 0  # letters that all begin with
    while len({name[: same + 1] for name in distinct}) == 1:
        same += 1
    common = distinct[0][:same]
    if common.count("(") > common.count(")"):  # names that show an option: `span-threshold(threshold=0.3)`
        return common.rpartition("(")[0].rstrip()
    if any(name[same : same + 1].isalnum() for name in distinct):
        while common[-1:].isalnum():
            common = common[:-1]
    return common.rstrip(" -_.,/:@") or f"{distinct[0]} and {len(distinct) - 1} more"
