"""Which paired test fits a metric, and its p; where items come in clusters, clusters are what is exchanged or drawn.

Sign flips of clusters: T = |sum d| of the differences d, under every way to exchange both runs' values of whole
clusters. Student's t of clusters of sizes m_g, with s_g the sum of a cluster's differences:

    t = mean d / sqrt(V)        V = G / (G - 1) sum_g (s_g - m_g mean d)^2 / n^2        G - 1 degrees of freedom

Wilcoxon's signed ranks are those of the clusters' mean differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zsbench.analysis.comparison.joined import Tables
from zsbench.core.lazy import DoubleArray, IntArray, lazy, np
from zsbench.metrics.bootstrap import sizes_of, sums_of
from zsbench.metrics.paired import bootstrap_p, mcnemar, sign_flips, student_t, wilcoxon

special = lazy("scipy.special")

TestName = Literal["auto", "sign-flips", "t", "wilcoxon", "bootstrap"]


@dataclass(frozen=True)
class Tested:
    """A test by its name, and the p of no difference; NaN where the test is undefined."""

    name: str
    p: float


def tested(tables: Tables, resampled_differences: DoubleArray, *, wanted: TestName, seed: int) -> Tested:
    """Return the wanted test of a metric; what is no mean over items has no test but the bootstrap."""
    metric, clusters = tables.metric, tables.clusters
    values = tables.means
    of = "" if clusters is None else f" of {len(sizes_of(clusters))} clusters"
    if wanted == "bootstrap" or values is None:
        # Undefined replicates (infinity minus infinity) speak for neither side.
        return Tested(
            "bootstrap" + of, bootstrap_p(np.nan_to_num(resampled_differences, nan=0.0), units=tables.n_units)
        )
    first, second = values
    if wanted == "auto" and metric.interval == "wilson" and clusters is None and _is_single(tables):
        return Tested("McNemar", mcnemar(first, second))
    difference = second - first
    if wanted == "t":
        return Tested("paired t" + of, _student(first, second, clusters))
    sums = difference if clusters is None else sums_of(difference[:, None], clusters)[:, 0]
    if wanted == "wilcoxon":
        means = sums if clusters is None else sums / sizes_of(clusters)
        return Tested("Wilcoxon" + of, wilcoxon(np.zeros(len(means)), means) if means.any() else 1.0)
    return Tested("sign flips" + of, sign_flips(sums, seed=seed))


def _is_single(tables: Tables) -> bool:
    return len(tables.first) == len(tables.second) == 1


def _student(first: DoubleArray, second: DoubleArray, clusters: IntArray | None) -> float:
    """Return the p of t; NaN where all differences are equal and not zero, of which t knows no variance."""
    difference = second - first
    if not difference.any():
        return 1.0
    if clusters is None:
        return float("nan") if np.ptp(difference) == 0 else student_t(first, second)[1]
    sizes, average = sizes_of(clusters), float(difference.mean())
    groups = len(sizes)
    deviations = sums_of(difference[:, None], clusters)[:, 0] - sizes * average
    if groups < 2 or not np.abs(deviations).max() > 1e-12:
        return float("nan")
    variance = groups / (groups - 1) * float((deviations**2).sum()) / len(difference) ** 2
    return float(2 * special.stdtr(groups - 1, -abs(average) / variance**0.5))
