"""One panel of a picture, by kind: bars and classes lie on their side, so that names stand upright."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from zsbench.report.figures import _axes, _style
from zsbench.report.figures._axes import Looks
from zsbench.report.figures._labels import name_levels, place_labels
from zsbench.report.figures.figure import Figure, Point, Series

_ERROR = {"elinewidth": 0.9, "capsize": 1.8, "capthick": 0.9}


def bars(axes: Any, figure: Figure, looks: Looks, width: int) -> None:
    """Draw bars from zero, each with its interval and its number; names are folded at `width` letters."""
    rows = [(series, point) for series in figure.series for point in series.points]
    scale = _axes.factor(figure)
    for number, (series, point) in enumerate(rows):
        axes.barh(number, scale * point.y, height=0.66, color=looks.colour(series), linewidth=0)
        reach = _axes.ends([point], scale)
        if reach is not None:
            bar = axes.errorbar(scale * point.y, number, xerr=reach, fmt="none", ecolor=_style.INK, **_ERROR)
            _outlined(bar, dashed=bool(point.note))
        end = scale * max(end for end in (point.y, point.high, 0.0) if end is not None)
        weight = "bold" if point.mark == "best" else "normal"
        axes.annotate(
            _axes.shown(point.y, figure) + " ~" * bool(point.note), (end, number), (3, 0),
            textcoords="offset points", va="center", fontsize=_style.SMALL, fontweight=weight, color=_style.INK,
        )  # fmt: skip
    _rows(axes, [_style.fold(name, width) for name in row_names(figure)])
    _axes.value_limits(axes, figure, at_zero=True, room=0.17)
    axes.set_xlabel(_axes.value_title(figure))
    _axes.grid(axes, "x")


def _outlined(bar: Any, *, dashed: bool) -> None:
    """Give an error bar a light edge, which it needs where the bar below is as dark as it is itself."""
    from matplotlib.patheffects import withStroke

    _, caps, lines = bar.lines
    for part in (*caps, *lines):
        part.set_path_effects([withStroke(linewidth=_ERROR["elinewidth"] + 1.0, foreground="white")])
    for line in lines:
        line.set_linestyle((0, (2, 1.2)) if dashed else "-")


def row_names(figure: Figure) -> list[str]:
    """Return what bars are called: model and method, the method alone where it is a baseline or there is one model.

    A single model is named in the title.
    """
    models = [series for series in figure.series if not series.muted]
    whole = len(models) > 1
    return [p.label if whole and not series.muted else str(p.x) for series in figure.series for p in series.points]


def classes(axes: Any, figure: Figure, looks: Looks, width: int) -> None:
    """Draw a row for each class with a dot and an interval for each run; rows are in the order of the first run."""
    names = class_names(figure)
    rows = {name: number for number, name in enumerate(names)}
    scale, n = _axes.factor(figure), len(figure.series)
    for number, series in enumerate(figure.series):
        offset = 0.0 if n == 1 else 0.7 * (number / (n - 1) - 0.5)
        places = [rows[str(point.x)] + offset for point in series.points]
        values, reach = [scale * point.y for point in series.points], _axes.ends(series.points, scale)
        axes.errorbar(
            values, places, xerr=reach, linestyle="none",
            marker=looks.marker(series), markersize=3.2, color=looks.colour(series), **{**_ERROR, "capsize": 0},
        )  # fmt: skip
    for level in figure.levels:
        axes.axvline(scale * level.y, color=_style.INK, linewidth=0.7, linestyle=":")
        axes.annotate(
            f"{level.name} {_axes.shown(level.y, figure)}", (scale * level.y, 1), (0, 2), textcoords="offset points",
            xycoords=("data", "axes fraction"), ha="center", fontsize=_style.SMALL, color=_style.INK,
        )  # fmt: skip
    _rows(axes, [_style.fold(name, width) for name in names])
    _axes.value_limits(axes, figure, at_zero=True)
    axes.set_xlabel(_axes.value_title(figure))
    _axes.grid(axes, "both")


def class_names(figure: Figure) -> list[str]:
    """Return the classes in the order in which they are drawn."""
    return list(dict.fromkeys(str(point.x) for series in figure.series for point in series.points))


def curve(axes: Any, figure: Figure, looks: Looks, _width: int) -> None:
    """Draw lines with bands, and levels as dotted lines."""
    scale = _axes.factor(figure)
    if figure.scale == "log":
        axes.set_xscale("log")
    for series in figure.series:
        colour, xs = looks.colour(series), [float(point.x) for point in series.points]
        reach = _axes.ends(series.points, scale)
        ys = [scale * point.y for point in series.points]
        if reach is not None and len(xs) > 1:
            low = [y - below for y, below in zip(ys, reach[0], strict=True)]
            high = [y + above for y, above in zip(ys, reach[1], strict=True)]
            axes.fill_between(xs, low, high, color=colour, alpha=0.13, linewidth=0)
        elif reach is not None:
            axes.errorbar(xs, ys, yerr=reach, fmt="none", ecolor=colour, **_ERROR)
        axes.plot(xs, ys, looks.dash(series), color=colour, marker=looks.marker(series), markersize=3.5, linewidth=1.2)
    _levels(axes, figure)
    values = sorted({float(point.x) for series in figure.series for point in series.points})
    _axes.plain_numbers(axes.xaxis, _apart(values, figure.scale))
    _axes.value_limits(axes, figure, at_zero=False)
    axes.set(xlabel=figure.x, ylabel=_axes.value_title(figure))
    _axes.grid(axes, "y")
    name_levels(axes, figure, [(s, p, "") for s in figure.series for p in s.points])


def frequency(axes: Any, figure: Figure, looks: Looks, _width: int) -> None:
    """Draw a dot for each point of a logarithmic axis, and a line between the ends of each series."""
    scale = _axes.factor(figure)
    axes.set_xscale("log")
    for series in figure.series:
        colour = looks.colour(series)
        for is_end in (False, True):
            places = [(float(p.x), scale * p.y) for p in series.points if (p.mark == "end") == is_end]
            if not places:
                continue
            look = {"linestyle": looks.dash(series), "linewidth": 1.4}
            if not is_end:
                look = {"linestyle": "none", "marker": looks.marker(series), "markersize": 3.2, "alpha": 0.6}
                look["clip_on"] = False  # classes that are never right stand on the axis
            axes.plot(*zip(*places, strict=True), color=colour, markeredgewidth=0, **look)
    _axes.plain_numbers(axes.xaxis)
    _axes.value_limits(axes, figure, at_zero=False)
    axes.set(xlabel=figure.x, ylabel=_axes.value_title(figure))
    _axes.grid(axes, "y")


def _apart(values: Sequence[float], scale: str) -> list[float]:
    """Return the values that all can have a number at the axis, or none where they are too many or too close."""
    if len(values) > 8 or len(values) < 2:
        return list(values) if len(values) == 1 else []
    steps = [b / a if scale == "log" else b - a for a, b in pairwise(values)]
    whole = values[-1] / values[0] if scale == "log" else values[-1] - values[0]
    close = min(steps) ** 12 < whole if scale == "log" else 12 * min(steps) < whole
    return [] if close else list(values)


def pareto(axes: Any, figure: Figure, looks: Looks, width: int) -> None:
    """Draw cost against value: a marker a run with its name, and steps along the front."""
    scale = _axes.factor(figure)
    if figure.scale == "log":
        axes.set_xscale("log")
    for series in figure.series:
        for point in series.points:
            on_front = point.mark == "front"
            axes.errorbar(
                [float(point.x)], [scale * point.y], yerr=_axes.ends([point], scale), linestyle="none",
                marker=looks.marker(series), markersize=5 if on_front else 4, color=looks.colour(series),
                markerfacecolor=looks.colour(series) if on_front else "white", **{**_ERROR, "capsize": 0},
            )  # fmt: skip
    edge = sorted((float(p.x), p.y) for series in figure.series for p in series.points if p.mark == "front")
    if len(edge) > 1:
        xs, ys = zip(*edge, strict=True)
        axes.plot(xs, [scale * y for y in ys], drawstyle="steps-post", color=_style.INK, linewidth=0.8, zorder=1)
    _levels(axes, figure)
    _axes.value_limits(axes, figure, at_zero=False, room=0.1)
    axes.margins(x=0.15)
    costs = {float(point.x) for series in figure.series for point in series.points}
    _axes.plain_numbers(axes.xaxis, list(costs) if len(costs) == 1 else ())
    axes.set(xlabel=figure.x, ylabel=_axes.value_title(figure))
    _axes.grid(axes, "both")
    name_levels(axes, figure, _named(figure))
    place_labels(axes, _named(figure), scale, width)


def _named(figure: Figure) -> list[tuple[Series, Point, str]]:
    """Return the points with what they are called: the method, the whole name where a legend does not tell models."""
    every = [(s, p) for s in figure.series for p in s.points]
    return [(s, p, p.label.removeprefix(f"{s.name} / ") + " ~" * bool(p.note)) for s, p in every]


def _levels(axes: Any, figure: Figure) -> None:
    """Draw a horizontal line for each level; `name_levels` names them once the axes have their ranges."""
    for level in figure.levels:
        axes.axhline(_axes.factor(figure) * level.y, color=_style.MUTED, linewidth=0.9, linestyle=":", zorder=1)


def _rows(axes: Any, names: Sequence[str]) -> None:
    """Name the rows at the left, the first on top; a row is as high as its name has lines."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
