"""Names beside points and of level lines, where they cover neither a point nor each other as far as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from zsbench.report.figures import _style
from zsbench.report.figures._axes import factor
from zsbench.report.figures.figure import Figure, Point, Series

# More names than this are a thicket; then those on the front are named.
_MOST = 16

# Where a name may stand, the best first: (dx, dy) in points, horizontal and vertical alignment.
_PLACES = (
    (5, 3, "left", "bottom"), (5, -3, "left", "top"), (-5, 3, "right", "bottom"), (-5, -3, "right", "top"),
    (0, 7, "center", "bottom"), (0, -7, "center", "top"), (6, 14, "left", "bottom"), (-6, -14, "right", "top"),
)  # fmt: skip

# Where the name of a level may stand: share of the width, (dx, dy) in points, horizontal and vertical alignment.
_LEVEL_PLACES = (
    (0, 2, 1.5, "left", "bottom"), (1, -2, 1.5, "right", "bottom"),
    (0, 2, -1.5, "left", "top"), (1, -2, -1.5, "right", "top"),
)  # fmt: skip


def place_labels(axes: Any, named: Sequence[tuple[Series, Point, str]], scale: float, width: int) -> None:
    """Write a name beside each point; the axes have their ranges already."""
    if len(named) > _MOST:
        named = [entry for entry in named if entry[1].mark == "front"]
    renderer = axes.figure.canvas.get_renderer()
    inside = axes.get_window_extent(renderer)
    taken = [_around(axes, point, scale) for _, point, _ in named]
    taken += [box for line in axes.lines for box in _along(line)]
    taken += [text.get_window_extent(renderer) for text in axes.texts]
    for _, point, name in named:
        text = axes.annotate(
            _style.fold(name, width), (float(point.x), scale * point.y), (0, 0), textcoords="offset points",
            fontsize=_style.SMALL, color=_style.INK, annotation_clip=False,
        )  # fmt: skip
        costs = []
        for number in range(len(_PLACES)):
            _put(text, number)
            box = text.get_window_extent(renderer)
            costs.append((_outside(box, inside) + sum(_shared(box, other) for other in taken), number))
        _put(text, min(costs)[1])
        taken.append(text.get_window_extent(renderer))


def name_levels(axes: Any, figure: Figure, named: Sequence[tuple[Series, Point, str]]) -> None:
    """Write the name of each level line at the left or at the right of it, where no other line runs through it.

    The points of `named` are kept clear, too. A light edge keeps a name legible where there is no such place.
    """
    from matplotlib.patheffects import withStroke

    renderer = axes.figure.canvas.get_renderer()
    inside, scale = axes.get_window_extent(renderer), factor(figure)
    taken = [_around(axes, point, scale) for _, point, _ in named]
    taken += [_level_box(axes, inside, scale * level.y) for level in figure.levels]
    for level in sorted(figure.levels, key=lambda level: -level.y):
        text = axes.annotate(
            level.name, (0, scale * level.y), (0, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            fontsize=_style.SMALL - 1, color="#5F5F5F", annotation_clip=False,
            path_effects=[withStroke(linewidth=1.6, foreground="white")],
        )  # fmt: skip
        costs = []
        for number in range(len(_LEVEL_PLACES)):
            _put_level(text, number)
            box = text.get_window_extent(renderer)
            costs.append((_outside(box, inside) + sum(_shared(box, other) for other in taken), number))
        _put_level(text, min(costs)[1])
        taken.append(text.get_window_extent(renderer))


def _put_level(text: Any, number: int) -> None:
    x, dx, dy, horizontal, vertical = _LEVEL_PLACES[number]
    text.set(horizontalalignment=horizontal, verticalalignment=vertical)
    text.xy = (x, text.xy[1])
    text.xyann = (dx, dy)


def _level_box(axes: Any, inside: Any, y: float) -> Any:
    """Return the narrow box of a level line, in pixels."""
    from matplotlib.transforms import Bbox

    at, half = axes.transData.transform((1, y))[1], 0.6 * axes.figure.dpi / 72
    return Bbox.from_extents(inside.x0, at - half, inside.x1, at + half)


def _put(text: Any, number: int) -> None:
    dx, dy, horizontal, vertical = _PLACES[number]
    text.set(horizontalalignment=horizontal, verticalalignment=vertical)
    text.xyann = (dx, dy)


def _around(axes: Any, point: Point, scale: float) -> Any:
    """Return the box that a marker fills, in pixels."""
    from matplotlib.transforms import Bbox

    x, y = axes.transData.transform((float(point.x), scale * point.y))
    half = 3 * axes.figure.dpi / 72
    return Bbox.from_extents(x - half, y - half, x + half, y + half)


def _along(line: Any) -> list[Any]:
    """Return narrow boxes along the upright and level parts of a line, in pixels."""
    from matplotlib.transforms import Bbox

    corners = line.get_transform().transform_path(line.get_path()).vertices
    return [
        Bbox.from_extents(min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1) + 1, max(y0, y1) + 1)
        for (x0, y0), (x1, y1) in pairwise(corners)
        if abs(x0 - x1) < 1 or abs(y0 - y1) < 1
    ]


def _shared(one: Any, other: Any) -> float:
    """Return the area that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return float(width * height) if width > 0 and height > 0 else 0.0


def _outside(box: Any, inside: Any) -> float:
    """Return the area of a box that lies outside the axes."""
    return float(box.width * box.height) - _shared(box, inside)
