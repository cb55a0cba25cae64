"""Figures as a picture: PNG, SVG or PDF, a panel for each, one legend for all; drawn by matplotlib without a screen."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from zsbench.report.figures import _axes, _panels, _style
from zsbench.report.figures._axes import Looks
from zsbench.report.figures.figure import Figure, Series

ENDINGS = ("png", "svg", "pdf")

Panel = Callable[[Any, Figure, Looks, int], None]
_PANELS: dict[str, Panel] = {
    "bars": _panels.bars,
    "classes": _panels.classes,
    "curve": _panels.curve,
    "frequency": _panels.frequency,
    "pareto": _panels.pareto,
}
_LYING = ("bars", "classes")  # names at the left take a part of the width


def require_matplotlib() -> None:
    """Refuse to go on without matplotlib.

    Raises
    ------
    UserError
        It is not installed.
    """
    _style.matplotlib()


def drawn(figures: Sequence[Figure], ending: str, *, width: float | None = None, title: str = "") -> tuple[bytes, str]:
    """Return a picture of figures of one kind, the same bytes for the same figures, and the letters it has no font for.

    Parameters
    ----------
    ending : one of `ENDINGS`.
    width : in inches; by default a column of a paper for one figure, and its page for several.
    title : over all panels.

    Raises
    ------
    UserError
        matplotlib is not installed.
    """
    matplotlib = _style.matplotlib()
    figures = _axes.without_common_model(figures)
    settings, missing = _style.settings([title, *_style.texts_of(figures)])
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters without a font, which are returned, and of narrow pictures
        picture = _picture(figures, width, title)
        written = io.BytesIO()
        picture.savefig(written, format=ending, metadata=_style.METADATA[ending])
    return written.getvalue(), missing


def _picture(figures: Sequence[Figure], width: float | None, title: str) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    width = width or (_style.COLUMN if len(figures) == 1 else _style.PAGE)
    n_columns = _columns(figures, width)
    rows = [figures[i : i + n_columns] for i in range(0, len(figures), n_columns)]
    letters = int(width / n_columns * (6.5 if figures[0].kind in _LYING else 5))
    heights = [max(_height(figure, letters) for figure in row) for row in rows]
    looks = Looks(figures)
    names = _legend(figures)
    n_across = _across(names, width)
    extra = (0.17 * ceil(len(names) / n_across) + 0.1 if names else 0.0) + (0.22 if title else 0.0)
    picture = Canvas(figsize=(width, sum(heights) + extra), layout="constrained", dpi=200)
    FigureCanvasAgg(picture)
    grid = picture.add_gridspec(len(rows), n_columns, height_ratios=heights)
    panels = []
    for number, figure in enumerate(figures):
        row, column = divmod(number, n_columns)
        panels.append(_cell(picture, grid[row, column], _height(figure, letters), heights[row]))
    if title:
        picture.suptitle(_style.fold(title, int(width * 14)))
    if names:
        _draw_legend(picture, figures[0].kind, names, looks, n_across)
    for axes, figure in zip(panels, figures, strict=True):
        head = f"{figure.title}: {figure.x}" if figure.kind == "classes" else figure.title
        pad = 14 if figure.kind == "classes" and figure.levels else 6
        # Names at the left leave the title about half of a panel that lies.
        room = int(width / n_columns * (8 if figure.kind in _LYING else 11))
        axes.set_title(_style.fold(head, room), loc="left", fontweight="bold", pad=pad)
        _PANELS[figure.kind](axes, figure, looks, letters)
    return picture


def _cell(picture: Any, place: Any, height: float, of_row: float) -> Any:
    """Return axes at the top of a cell of the grid, no higher than their rows need beside a neighbour with more."""
    if of_row - height < 0.1:
        return picture.add_subplot(place)
    return picture.add_subplot(place.subgridspec(2, 1, height_ratios=[height, of_row - height])[0])


def _columns(figures: Sequence[Figure], width: float) -> int:
    """Return how many panels stand side by side."""
    least = 3.0 if figures[0].kind in _LYING else 2.2
    return max(1, min(len(figures), int(width / least)))


def _height(figure: Figure, letters: int) -> float:
    """Return the height of a panel in inches: as much as its rows need, or in proportion to a column of a paper."""
    if figure.kind not in _LYING:
        return 2.3
    names = _panels.row_names(figure) if figure.kind == "bars" else _panels.class_names(figure)
    n_lines = max(1 + _style.fold(name, letters).count("\n") for name in names)
    least = 0.19 if figure.kind == "bars" else max(0.15, 0.075 * len(figure.series))
    return max(least, 0.12 * n_lines + 0.03) * len(names) + 0.62


def _legend(figures: Sequence[Figure]) -> list[Series]:
    """Return the series that a legend tells apart, none where there is one or their names stand beside them."""
    if figures[0].kind == "bars":
        return []
    series = {s.name: s for figure in figures for s in figure.series}
    return list(series.values()) if len(series) > 1 else []


def _across(series: Sequence[Series], width: float) -> int:
    """Return how many names of the legend fit side by side."""
    longest = max((len(s.name) for s in series), default=1)
    return max(1, min(len(series), int(width / (0.45 + 0.058 * longest))))


def _draw_legend(picture: Any, kind: str, series: Sequence[Series], looks: Looks, n_across: int) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for one in series:
        look: dict[str, Any] = {"color": looks.colour(one), "marker": looks.marker(one), "markersize": 3.5}
        has_line = kind in ("curve", "frequency") and len(one.points) > 1
        handles.append(Line2D([], [], linestyle=looks.dash(one) if has_line else "none", linewidth=1.2, **look))
    legend = picture.legend(
        handles, [str(number) for number in range(len(series))], loc="outside lower center", ncols=n_across,
        frameon=False, handlelength=2.2, columnspacing=1.2,
    )  # fmt: skip
    # Set afterwards: matplotlib leaves out names that begin with an underscore.
    for text, one in zip(legend.get_texts(), series, strict=True):
        text.set_text(one.name)
