"""What all kinds of figures draw alike: titles of axes, percent, colours by series, labels that keep clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zsbench.report.figures import _style
from zsbench.report.figures.figure import Figure, Point, Series
from zsbench.report.tables import COUNTED


class Looks:
    """Colour, marker and dash of every series of a picture: the same name looks the same in each panel."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        named = dict.fromkeys(s.name for figure in figures for s in figure.series if not s.muted)
        muted = dict.fromkeys(s.name for figure in figures for s in figure.series if s.muted)
        self._numbers = {name: number for number, name in enumerate(named)}
        self._muted = {name: number for number, name in enumerate(muted)}

    def colour(self, series: Series) -> str:
        """Return a series' colour."""
        return _style.MUTED if series.muted else _style.COLOURS[self._number(series) % len(_style.COLOURS)]

    def marker(self, series: Series) -> str:
        """Return a series' marker."""
        return _style.MARKERS[self._number(series) % len(_style.MARKERS)]

    def dash(self, series: Series) -> str:
        """Return the pattern of a series' line; a new one once all colours are used up, and at each second of them."""
        number = self._number(series)
        return _style.DASHES[(number % 2 + 2 * (number // len(_style.COLOURS))) % len(_style.DASHES)]

    def _number(self, series: Series) -> int:
        return self._muted[series.name] if series.muted else self._numbers[series.name]


def without_common_model(figures: Sequence[Figure]) -> list[Figure]:
    """Return figures whose series need not repeat the name of a model that all of them have: it goes to the title.

    A baseline's `none /` says nothing beside the grey that it is drawn in.
    """
    return [_shortened(figure) for figure in figures]


def _shortened(figure: Figure) -> Figure:
    if figure.kind in ("bars", "pareto"):
        models = [series.name for series in figure.series if not series.muted]
        return replace(figure, title=f"{figure.title}, {models[0]}") if len(models) == 1 else figure
    heads = {series.name.partition(" / ")[0] for series in figure.series if not series.muted}
    if len(heads) != 1 or any(" / " not in series.name for series in figure.series):
        return figure
    series = tuple(replace(series, name=series.name.partition(" / ")[2]) for series in figure.series)
    levels = tuple(replace(level, name=level.name.partition(" / ")[2] or level.name) for level in figure.levels)
    return replace(figure, title=f"{figure.title}, {heads.pop()}", series=series, levels=levels)


def factor(figure: Figure) -> float:
    """Return what values are multiplied with when drawn."""
    return 100.0 if figure.unit == "%" else 1.0


def value_title(figure: Figure) -> str:
    """Return the title of the axis of values: metric, unit, and an arrow to where it is better."""
    unit = f" ({figure.unit})" if figure.unit else ""
    return f"{figure.y}{unit} {'↑' if figure.better == 'higher' else '↓'}"


def shown(value: float, figure: Figure) -> str:
    """Return a value as it stands beside a bar: percent with one decimal, counts whole, the rest with three digits."""
    digits = ".1f" if figure.unit == "%" else ".0f" if figure.unit in COUNTED else ".3g"
    return f"{factor(figure) * value:{digits}}".replace("-", "−")


def ends(points: Sequence[Point], scale: float) -> list[list[float]] | None:
    """Return how far intervals reach below and above their values, as error bars take them; 0 where there is none.

    None where no point has an interval. An end beyond its value (rounding) is at the value.
    """
    if all(point.low is None or point.high is None for point in points):
        return None
    below = [scale * max(0.0, p.y - (p.y if p.low is None else p.low)) for p in points]
    above = [scale * max(0.0, (p.y if p.high is None else p.high) - p.y) for p in points]
    return [below, above]


def reach(figure: Figure) -> tuple[float, float]:
    """Return the least and the largest value that a figure shows, ends of intervals and levels included, as drawn."""
    values = [level.y for level in figure.levels]
    for series in figure.series:
        for point in series.points:
            values += [end for end in (point.y, point.low, point.high) if end is not None]
    scale = factor(figure)
    return scale * min(values), scale * max(values)


def value_limits(axes: Any, figure: Figure, *, at_zero: bool, room: float = 0.05) -> None:
    """Set the range of the axis of values, which is the x axis of bars and classes and the y axis of the others."""
    low, high = reach(figure)
    span = (high - min(low, 0.0) if at_zero else high - low) or abs(high) or 1.0
    # The name of the lowest level may stand below its line.
    below = 0.1 if figure.levels and not at_zero else 0.05
    bottom = low - below * span if low < 0 or not at_zero else 0.0
    if low >= 0:
        bottom = max(bottom, 0.0)
    top = high + room * span
    if figure.kind in ("bars", "classes"):
        axes.set_xlim(bottom, top)
    else:
        axes.set_ylim(bottom, top)


def plain_numbers(axis: Any, ticks: Sequence[float] = ()) -> None:
    """Write an axis' numbers as people do: 16, 1000, 20k, 1.5M; at `ticks` where they are given."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    if ticks:
        axis.set_major_locator(FixedLocator(list(ticks)))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _place: short(value)))


def short(value: float) -> str:
    """Return a number in a few letters.

    Examples
    --------
    >>> [short(value) for value in (0.05, 16, 1000, 25_000, 1_025_199, 7e9)]
    ['0.05', '16', '1000', '25k', '1.03M', '7G']
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def grid(axes: Any, axis: str) -> None:
    """Draw faint lines behind everything."""
    axes.grid(visible=True, axis=axis, color="#E4E4E4", linewidth=0.5)
    axes.set_axisbelow(True)
