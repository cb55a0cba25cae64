"""Performance against the frequency of concepts: means in bins of log counts, and how straight a line they make.

    x    = ln(max(count, 1))                          a concept that was never counted stands at 1
    e_i  = linspace(min x, max x, B)                  B edges
    bin  = number of edges strictly below x           bin 0 holds x = min x alone, bin i holds e_(i-1) < x <= e_i
    r    = Pearson of e_i and the mean of bin i       i = first .. B - 2: the last bin is left out

A bin stands at its right edge, not at its centre; its spread is divided by n (ddof 0). An empty bin has no mean and is
left out of r, or counts as 0 (`empty="zero"`), which is what the reference writes for text retrieval.

Source: Udandarao et al. 2024, arXiv:2404.04125, and bethgelab/frequency_determines_performance (notebooks
`zero_shot_integrated_search_results`, `zero_shot_log_linear_plots`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.correlation import pearson, probability

EmptyBin = Literal["nan", "zero"]


@dataclass(frozen=True)
class Curve:
    """Bins of a curve, B of them.

    Attributes
    ----------
    edges : (B,), natural logarithms of counts, the right edge of each bin.
    n : (B,), concepts in each bin.
    mean, std : (B,), of their performance; NaN where a bin is empty.
    bins : (n_concepts,), the bin of each concept.
    """

    edges: DoubleArray
    n: IntArray
    mean: DoubleArray
    std: DoubleArray
    bins: IntArray

    @property
    def counts(self) -> DoubleArray:
        """The right edge of each bin as a count, (B,)."""
        return np.exp(self.edges)


@dataclass(frozen=True)
class Line:
    """How straight the means of some bins lie: Pearson's r with its two-sided p, None where it is undefined."""

    r: float | None
    p: float | None
    n: int


def log_counts(counts: Sequence[int] | IntArray | DoubleArray) -> DoubleArray:
    """Return ln(max(count, 1)), (n,).

    Examples
    --------
    >>> log_counts([0, 1, 10]).round(3).tolist()
    [0.0, 0.0, 2.303]
    """
    return np.asarray(np.log(np.maximum(np.asarray(counts, dtype=np.float64), 1.0)))


def binned(counts: Sequence[int] | IntArray, values: Sequence[float] | DoubleArray, n_bins: int) -> Curve:
    """Return the bins of concepts with `counts` (n,) and performance `values` (n,).

    Raises
    ------
    ValueError
        No concept, lists of different lengths, a value that is no finite number, or fewer than two edges.

    Examples
    --------
    >>> curve = binned([0, 1, 2, 4, 8], [0.0, 0.2, 0.4, 0.5, 0.9], 4)
    >>> curve.n.tolist(), curve.mean.round(2).tolist(), curve.counts.round(1).tolist()
    ([2, 1, 1, 1], [0.1, 0.4, 0.5, 0.9], [1.0, 2.0, 4.0, 8.0])
    """
    x, y = log_counts(counts), np.asarray(values, dtype=np.float64)
    if not len(x) or x.shape != y.shape:
        raise ValueError(f"{len(x)} counts and {len(y)} values")
    if not np.isfinite(y).all():
        raise ValueError(f"{int((~np.isfinite(y)).sum())} values are no finite numbers")
    if n_bins < 2:
        raise ValueError(f"{n_bins} edges")
    edges = np.linspace(x.min(), x.max(), n_bins)
    bins = np.digitize(x, edges, right=True)
    n = np.bincount(bins, minlength=n_bins)
    mean, std = np.full(n_bins, np.nan), np.full(n_bins, np.nan)
    for number in np.flatnonzero(n):
        mean[number], std[number] = y[bins == number].mean(), y[bins == number].std()
    return Curve(edges, n, mean, std, bins)


def used(curve: Curve, first: int, empty: EmptyBin = "nan") -> IntArray:
    """Return the numbers of the bins that a correlation is made of, from `first` to the last but one."""
    numbers = np.arange(first, len(curve.edges) - 1)
    return numbers if empty == "zero" else numbers[curve.n[numbers] > 0]


def straightness(curve: Curve, first: int, empty: EmptyBin = "nan") -> Line:
    """Return Pearson's r of log edges and means of the bins from `first` on, but for the last.

    Examples
    --------
    >>> curve = binned([0, 1, 2, 4, 8, 16], [0.0, 0.2, 0.4, 0.5, 0.9, 1.0], 5)
    >>> straightness(curve, 1).n, round(straightness(curve, 1).r, 3)
    (3, 0.945)
    """
    numbers = used(curve, first, empty)
    r = pearson(curve.edges[numbers].tolist(), np.nan_to_num(curve.mean[numbers]).tolist())
    return Line(r, None if r is None else probability(r, len(numbers)), len(numbers))
