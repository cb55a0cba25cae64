"""Curves of concept frequency as diagrams: means of bins over counts on a logarithmic axis, a line for each curve."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.analysis.frequency.measured import SIGNIFICANT, Measured
from zsbench.analysis.frequency.tables import facts
from zsbench.core.lazy import np
from zsbench.metrics.frequency_curve import used
from zsbench.report.figures.figure import Figure, Point, Series
from zsbench.report.plain import one_line

_OF_SERIES = ("pretraining", "model")
_NORMAL = 1.96


def figures(curves: Sequence[Measured]) -> list[Figure]:
    """Return a diagram for each way of counting and asking; its lines are those of models and corpora.

    A point is a bin that r is made of, at its right edge; its band is the 95 % interval of its mean.
    """
    panels: dict[tuple[tuple[str, str], ...], list[Measured]] = {}
    for curve in curves:
        way = tuple((key, value) for key, value in facts(curve).items() if key not in _OF_SERIES)
        panels.setdefault(way, []).append(curve)
    varying = {key for way in panels for key, value in way if any(dict(other).get(key) != value for other in panels)}
    return [_figure(way, of_panel, varying) for way, of_panel in panels.items()]


def _figure(way: Sequence[tuple[str, str]], curves: Sequence[Measured], varying: set[str]) -> Figure:
    metric = dict(way)["metric"]
    title = " ".join(value for key, value in way if key in varying and value) or "concept frequency"
    notes = [f"{_name(curve)}: r undefined" for curve in curves if curve.line.r is None]
    return Figure(
        kind="curve",
        title=one_line(title),
        x="occurrences in pretraining data",
        y=one_line(metric),
        unit=curves[0].performance.unit,
        better="higher",
        series=tuple(Series(_named(curve), _points(curve)) for curve in curves),
        scale="log",
        notes=tuple(notes),
    )


def _name(curve: Measured) -> str:
    every = facts(curve)
    return one_line(" ".join(filter(None, (every.get("model", ""), every["pretraining"]))))


def _named(curve: Measured) -> str:
    """Return what the legend calls a curve: model, corpus and r, with two stars where it is significant."""
    r, p = curve.line.r, curve.line.p
    if r is None:
        return _name(curve)
    return f"{_name(curve)}: r = {r:.2f}{'**' if p is not None and p < SIGNIFICANT else ''}"


def _points(curve: Measured) -> tuple[Point, ...]:
    found = curve.curve
    points = []
    for number in used(found, curve.rule.first).tolist():
        mean, n = float(found.mean[number]), int(found.n[number])
        half = _NORMAL * float(found.std[number]) / np.sqrt(n)
        points.append(Point(float(found.counts[number]), mean, mean - half, mean + half, f"{n} concepts"))
    return tuple(points)
