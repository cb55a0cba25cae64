"""Values with intervals, one bar a run: models as series, baselines muted, the best marked."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.report.figures.chosen import Entry, Facet, drawable, facets
from zsbench.report.figures.figure import Figure, Series
from zsbench.results.finished_run import FinishedRun


def bars(runs: Sequence[FinishedRun], *, metrics: Sequence[str] = (), tasks: Sequence[str] = ()) -> list[Figure]:
    """Return a diagram for each task and metric, a series for each model and a bar for each of its methods.

    Parameters
    ----------
    runs : in the order of the bars; rows over several tasks among them are bars like any other.
    metrics, tasks : only these; by default the first metric of every task.

    Raises
    ------
    UserError
        An unknown task or metric, or nothing to show.
    """
    return drawable([_diagram(facet) for facet in facets(runs, metrics=metrics, tasks=tasks)])


def _diagram(facet: Facet) -> Figure:
    values = [entry.score["value"] for entry in facet.defined]
    # Where all are alike, none is best.
    extreme = max if facet.better == "higher" else min
    best = {extreme(values)} if len(set(values)) > 1 else set()
    groups: dict[str, list[Entry]] = {}
    for entry in facet.defined:
        groups.setdefault(entry.model, []).append(entry)
    series = []
    for model, entries in groups.items():
        is_baseline = entries[0].is_baseline
        points = [entry.point(entry.method, mark="best" if entry.score["value"] in best else "") for entry in entries]
        series.append(Series("baseline" if is_baseline else model, tuple(points), muted=is_baseline))
    return Figure(
        kind="bars",
        title=facet.title,
        x="",
        y=facet.metric,
        unit=facet.unit,
        better=facet.better,
        series=tuple(series),
        confidence=facet.confidence,
        notes=tuple(facet.notes()),
    )
