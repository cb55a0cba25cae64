"""Correlations of two lists of numbers: Pearson's of the values, Spearman's of their ranks."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.core.lazy import DoubleArray, lazy, np

special = lazy("scipy.special")

LEAST = 3
"""Fewer pairs than this correlate perfectly, or not at all, whatever they are."""


def pearson(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the linear correlation, from -1 to 1; None below three pairs or where a side has no spread.

    Examples
    --------
    >>> round(pearson([1, 2, 3], [2, 4, 7]), 3), pearson([1, 2], [2, 4]), pearson([1, 2, 3], [5, 5, 5])
    (0.993, None, None)
    """
    x, y = (np.asarray(side, dtype=np.float64) for side in (first, second))
    if len(x) < LEAST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    x, y = (side - side.mean() for side in (x, y))
    return float(np.clip((x @ y) / (np.linalg.norm(x) * np.linalg.norm(y)), -1, 1))


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the correlation of the ranks, equal values sharing the mean of theirs; None as for `pearson`.

    Examples
    --------
    >>> round(spearman([1, 10, 100, 100], [1, 2, 4, 3]), 3)
    0.949
    """
    return pearson(*(_ranks(np.asarray(side, dtype=np.float64)).tolist() for side in (first, second)))


def probability(r: float, n: int) -> float:
    """Return how probable a Pearson correlation at least as far from 0 is among n unrelated normal pairs (two-sided).

    (1 + r) / 2 then has a beta distribution, whose both parameters are n / 2 - 1.

    Examples
    --------
    >>> round(probability(0.9310431234031935, 3), 6)
    0.2378
    """
    return float(special.betainc(n / 2 - 1, 0.5, (1 - r) * (1 + r)))


def _ranks(values: DoubleArray) -> DoubleArray:
    """Return the rank of each value from 1; equal values share the mean of the ranks that they take."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place])
