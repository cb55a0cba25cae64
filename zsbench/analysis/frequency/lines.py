"""Two lines through the accuracies of many models on two tasks, below and above a value of the first: Let It Wag!

    y = slope x + intercept, least squares, over models with x < split, and over those with x > split

Source: Udandarao et al. 2024, arXiv:2404.04125, section 6: x is ImageNet's accuracy in percent, split at 50.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.correlation import pearson


@dataclass(frozen=True)
class Line:
    """A line through n models; slope and intercept are None of fewer than two different x."""

    slope: float | None
    intercept: float | None
    n: int


@dataclass(frozen=True)
class Lines:
    """The lines on both sides of the split, Pearson's r over all models (None where undefined), and models on it."""

    low: Line
    high: Line
    split: float
    r: float | None
    n_on_split: int


def lines(x: Sequence[float], y: Sequence[float], split: float) -> Lines:
    """Return the lines through models with accuracies x and y (n,); a model on the split is on neither side.

    Examples
    --------
    >>> found = lines([10, 20, 60, 70], [5, 6, 20, 40], 50)
    >>> round(found.low.slope, 3), round(found.high.slope, 3)
    (0.1, 2.0)
    """
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    low, high = (_line(xs[side], ys[side]) for side in (xs < split, xs > split))
    return Lines(low, high, split, pearson(x, y), int((xs == split).sum()))


def _line(x: DoubleArray, y: DoubleArray) -> Line:
    if len(np.unique(x)) < 2:
        return Line(None, None, len(x))
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    return Line(slope, float(y.mean() - slope * x.mean()), len(x))
