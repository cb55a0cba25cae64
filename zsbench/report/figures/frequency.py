"""The accuracy of each class against how often it stands in pretraining data, and the line through them."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.words import number_of
from zsbench.metrics.by_concept import of_concepts
from zsbench.metrics.frequency_curve import log_counts
from zsbench.report.figures.chosen import Entry, Facet, drawable, facets, finite, of_tasks
from zsbench.report.figures.figure import Figure, Point, Series
from zsbench.report.plain import one_line
from zsbench.report.tables import shown as number
from zsbench.results.finished_run import FinishedRun

SLOPE = "slope-per-decade"
"""The metric whose statistics hold the count of every class."""


def frequency(runs: Sequence[FinishedRun], *, metrics: Sequence[str] = (), tasks: Sequence[str] = ()) -> list[Figure]:
    """Return a diagram for each task with counts: a point for each class, a line for each run.

    The line is that of least squares over the logarithm of counts, so its slope is the metric `slope-per-decade`. A
    class that was never found stands at 1. Baselines are left out where there are other runs.

    Parameters
    ----------
    metrics : none, or that one: the figure is of accuracies whatever other metrics there are.

    Raises
    ------
    UserError
        Another metric, an unknown task, or no task with counts.
    """
    if set(metrics) - {SLOPE}:
        raise UserError("--metric", f"'{next(iter(set(metrics) - {SLOPE}))}'", f"{SLOPE}, or none")
    with_counts = [run for run in of_tasks(runs, tasks) if SLOPE in run.result["metrics"]]
    if not with_counts:
        raise UserError("plot", "no result knows how often classes are", "a task with `frequency: counts.json`")
    return drawable([_diagram(facet) for facet in facets(with_counts, metrics=[SLOPE])])


def _diagram(facet: Facet) -> Figure:
    entries = [entry for entry in facet.entries if not entry.is_baseline] or list(facet.entries)
    return Figure(
        kind="frequency",
        title=facet.title,
        x="occurrences in pretraining data",
        y="accuracy of a class",
        unit="%",
        better="higher",
        series=tuple(_series(entry) for entry in entries),
        scale="log",
        confidence=None,
        notes=("lines: least squares over log counts",),
    )


def _series(entry: Entry) -> Series:
    statistics = entry.run.statistics(entry.run.metric(SLOPE))
    items = entry.run.items
    name_of = dict(zip(statistics[:, 0].tolist(), map(str, items.get("gold", statistics[:, 0])), strict=True))
    numbers, accuracies, counts = of_concepts(statistics)
    x = np.maximum(counts, 1)
    points = [
        Point(
            float(at), float(y), label=one_line(f"{entry.title}, {name_of[label]}, {number_of(int(n), 'occurrence')}")
        )
        for label, at, y, n in zip(numbers.tolist(), x, accuracies, counts, strict=True)
    ]
    slope = finite(entry.score["value"])
    if slope is None:
        return Series(entry.title, tuple(points), muted=entry.is_baseline)
    decades = log_counts(counts) / np.log(10)
    for end in (decades.argmin(), decades.argmax()):
        height = float(accuracies.mean() + slope * (decades[end] - decades.mean()))
        points.append(Point(float(x[end]), height, label=f"line of {entry.title}", mark="end"))
    name = f"{entry.title}: {number(slope, '%', sign=True)} points a decade"
    return Series(name, tuple(points), muted=entry.is_baseline)
