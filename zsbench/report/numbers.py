"""How values stand in cells: with their intervals, and with no more digits than the intervals support."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import floor, log10
from typing import Literal

from zsbench.report.grid import UNDEFINED
from zsbench.report.tables import COUNTED, Row, decimals_of

Stat = Literal["interval", "pm", "none"]

MOST_DECIMALS = 6


def decimals(table: Sequence[Row]) -> int:
    """Return the decimals that the widest interval of one metric supports: two digits of its half width.

    They are never so few that a value looks like an end of its interval. Without intervals they are those of other
    tables: one for shares, which are in percent, three for the rest.
    """
    intervals = [
        (_scale(row.unit) * row.low, _scale(row.unit) * row.value, _scale(row.unit) * row.high)
        for row in table
        if row.value is not None and row.low is not None and row.high is not None and row.high > row.low
    ]
    if not intervals:
        return max((decimals_of(row.unit) for row in table), default=1)
    if all(row.unit in COUNTED for row in table):
        return 0
    widest = max(high - low for low, _, high in intervals)
    return max([supported(widest / 2), *(_apart(interval) for interval in intervals)])


def _apart(interval: tuple[float, float, float]) -> int:
    """Return the fewest decimals that tell low end, value and high end apart where they differ.

    No more than one beyond those that the interval supports: nearer than that they are alike to any reader.
    """
    most = supported((interval[2] - interval[0]) / 2) + 1
    for n in range(most):
        if all(a == b or f"{a:.{n}f}" != f"{b:.{n}f}" for a, b in pairwise(interval)):
            return n
    return most


def supported(half: float) -> int:
    """Return the decimals of a value that is known up to `half`, which is above 0.

    >>> supported(2.2), supported(12.0), supported(0.031), supported(9.96)
    (1, 0, 3, 0)
    """
    rounded = float(f"{half:.1e}")
    return min(max(1 - floor(log10(rounded)), 0), MOST_DECIMALS)


def written_decimals(values: Sequence[float], unit: str) -> int:
    """Return the decimals with which published values were printed: as many as show each of them whole.

    >>> written_decimals([0.6064, 0.58], "%"), written_decimals([1.985], "m")
    (2, 3)
    """
    scaled = [value * _scale(unit) for value in values]
    enough = (n for n in range(MOST_DECIMALS) if all(abs(round(value, n) - value) < 1e-9 for value in scaled))
    return next(enough, MOST_DECIMALS)


def stated(row: Row, digits: int, stat: Stat) -> str:
    """Return a value with its interval; as plus and minus one number only where both sides are alike."""
    if row.value is None:
        return UNDEFINED
    value = number(row.value, row.unit, digits)
    if row.low is None or row.high is None or stat == "none":
        return value
    if stat == "interval":
        return f"{value} ({number(row.low, row.unit, digits)} – {number(row.high, row.unit, digits)})"
    below, above = (number(side, row.unit, digits) for side in (row.value - row.low, row.high - row.value))
    return f"{value} ± {above}" if below == above else f"{value} +{above} −{below}"


def number(value: float, unit: str, digits: int, *, sign: bool = False) -> str:
    """Return a number with so many decimals, a share in percent.

    >>> number(0.6934, "%", 1), number(-0.0001, "m", 2), number(0.02, "%", 1, sign=True)
    ('69.3', '0.00', '+2.0')
    """
    text = f"{value * _scale(unit):{'+' if sign else ''}.{digits}f}"
    return text.replace("-", "") if text.startswith("-") and not text.strip("-0.") else text


def _scale(unit: str) -> float:
    return 100.0 if unit == "%" else 1.0
