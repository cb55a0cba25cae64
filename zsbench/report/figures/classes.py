"""A metric within each class, label or group, the worst first."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.core.errors import unknown_name
from zsbench.core.words import number_of
from zsbench.report.figures.by_class import WAYS, By, NotByClass, Part, parts, refused, ways
from zsbench.report.figures.chosen import Entry, Facet, drawable, facets
from zsbench.report.figures.class_changes import by_rank, changes
from zsbench.report.figures.figure import Figure, Level, Point, Series
from zsbench.report.plain import one_line
from zsbench.report.tables import shown as number
from zsbench.results.finished_run import FinishedRun

MOST = 30
"""Classes that a figure shows."""


def classes(
    runs: Sequence[FinishedRun],
    *,
    metrics: Sequence[str] = (),
    tasks: Sequence[str] = (),
    by: By | None = None,
    most: int | None = MOST,
    ranked_by: str | None = None,
) -> list[Figure]:
    """Return a diagram for each task and metric: a point for each class, the classes with the worst values first.

    Baselines are left out where there are other runs. Classes are put in order by their mean over the runs. A task
    whose results do not tell classes apart has none; where no task does, that is an error.

    Parameters
    ----------
    by : `class`, `label` or `group`; by default the first of these that a task's results have.
    most : that many classes, None for all; what the others are like stands in the notes.
    ranked_by : the method whose values give the order of the classes, instead of the mean over the runs; what every
        other run changes for the poorer and the richer half of them stands in the notes.
    metrics, tasks : only these; by default the first metric of every task.

    Raises
    ------
    UserError
        An unknown task, metric or method, a metric that has no value within a class, or no task with classes.
    """
    every = facets(runs, metrics=metrics, tasks=tasks)
    if ranked_by is not None:
        known = list(dict.fromkeys(entry.run.result["method"] for facet in every for entry in facet.entries))
        if ranked_by not in known:
            raise unknown_name(
                "--ranked-by", "result of method", ranked_by, known, listed_by=f"here: {', '.join(known)}"
            )
    figures = [figure for facet in every for figure in _diagrams(facet, by, most, ranked_by, named=bool(metrics))]
    if not figures:
        raise refused([entry for facet in every for entry in facet.entries], by)
    return drawable(figures)


def _diagrams(facet: Facet, by: By | None, most: int | None, ranked_by: str | None, *, named: bool) -> list[Figure]:
    """Return a facet's diagrams: one, or none where its results do not tell classes apart.

    A metric that has no value within a class is an error only where somebody named it.
    """
    entries = [entry for entry in facet.entries if not entry.is_baseline] or list(facet.entries)
    known = {id(entry): ways(entry) for entry in entries}
    way = by or next((way for way in WAYS if any(way in each for each in known.values())), None)
    with_it = [entry for entry in entries if way in known[id(entry)]]
    if way is None or not with_it:
        return []
    try:
        split = [(entry, parts(entry, way)) for entry in with_it]
    except NotByClass:
        if named:
            raise
        return []
    left_out = [entry.title for entry in entries if way not in known[id(entry)]]
    notes = [f"no {way} known: {', '.join(left_out)}"] if left_out else []
    first = next((parts for entry, parts in split if entry.run.result["method"] == ranked_by), None)
    if first is None:
        names = _in_order([of_class for _, of_class in split], facet)
    else:
        names = by_rank(first, better=facet.better)
        notes += _changes(names, split, ranked_by or "")
    return [_diagram(facet, way, split, names, names[:most], notes)]


def _diagram(
    facet: Facet,
    by: By,
    split: Sequence[tuple[Entry, dict[str, Part]]],
    names: Sequence[str],
    shown: Sequence[str],
    notes: list[str],
) -> Figure:
    series = [
        Series(
            entry.title,
            tuple(_point(name, of_class[name], entry) for name in shown if name in of_class),
            muted=entry.is_baseline,
        )
        for entry, of_class in split
    ]
    return Figure(
        kind="classes",
        title=facet.title,
        x=_amount(names, shown, by),
        y=facet.metric,
        unit=facet.unit,
        better=facet.better,
        series=tuple(series),
        levels=(Level("all", split[0][0].score["value"]),) if len(split) == 1 and split[0][0].is_defined else (),
        confidence=facet.confidence,
        notes=tuple(_rest(names, shown, split) + notes),
    )


def _in_order(of_runs: Sequence[dict[str, Part]], facet: Facet) -> list[str]:
    """Return the classes from the worst to the best by their mean over runs, equal ones as they came."""
    names = dict.fromkeys(name for of_class in of_runs for name in of_class)
    means = {}
    for name in names:
        values = [of_class[name].value for of_class in of_runs if name in of_class]
        means[name] = sum(values) / len(values)
    return sorted(names, key=means.__getitem__, reverse=facet.better == "lower")


def _changes(names: Sequence[str], split: Sequence[tuple[Entry, dict[str, Part]]], ranked_by: str) -> list[str]:
    """Return a note on each other run: what it changes for the poorer and for the richer half of the classes.

    A run is compared with the same model's run of the method that ranks the classes, where there is one.
    """
    notes, ranking = [], [(entry, parts) for entry, parts in split if entry.run.result["method"] == ranked_by]
    for entry, after in split:
        if entry.run.result["method"] == ranked_by:
            continue
        before = next((parts for other, parts in ranking if other.model == entry.model), ranking[0][1])
        changed = changes(names, before, after)
        if changed is not None:
            unit = entry.score["unit"]
            poorer, richer = (f"{100 * d:+.1f} points" if unit == "%" else f"{d:+.4g} {unit}".strip() for d in changed)
            notes.append(
                f"{entry.title} against {ranked_by}: the poorer half of the classes {poorer}, the richer {richer}"
            )
    return notes


def _point(name: str, part: Part, entry: Entry) -> Point:
    return Point(one_line(name), part.value, part.low, part.high, f"{entry.title}, {number_of(part.n, 'item')}")


def _amount(names: Sequence[str], shown: Sequence[str], by: By) -> str:
    """Return how many classes a figure shows, as a title."""
    one, many = by, "classes" if by == "class" else f"{by}s"
    if len(shown) < len(names):
        return f"the {len(shown)} worst of {len(names)} {many}"
    return f"{len(names)} {many if len(names) > 1 else one}"


def _rest(names: Sequence[str], shown: Sequence[str], split: Sequence[tuple[Entry, dict[str, Part]]]) -> list[str]:
    """Return a note on the values of the classes that a figure does not show."""
    values = [of_class[name].value for _, of_class in split for name in names[len(shown) :] if name in of_class]
    if not values:
        return []
    score = split[0][0].score
    ends = " – ".join(dict.fromkeys(number(value, score["unit"]) for value in (min(values), max(values))))
    return [f"the other {len(names) - len(shown)}: {ends}{' ' + score['unit'] if score['unit'] else ''}"]
