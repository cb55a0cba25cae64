"""The interval that resamples give: percentiles, around the value, and what is said beside it.

Percentile: the interval is between the linear-interpolation quantiles alpha/2 and 1 - alpha/2 of the replicates.

Re-centred, where resampling moves a statistic: a resample holds some items twice and others not at all, so that it
ranks copies next to each other, finds fewer distinct classes and spreads classes apart. The bias b = mean(replicates)
- value is an estimate of how far the value itself is off what it would be over many more items. Where b is more than a
quarter of the replicates' standard error, both ends are moved by -b, so that the interval lies around the value, and
the end towards the truth once more. The note says which way the value reads, and by how much.

A share that is 0 or 1 in every resample has nothing to resample: its interval is Wilson's, of as many items (or, in
clusters, clusters) that all are alike.

Source: Efron & Tibshirani 1993, chapters 10 (bias; a quarter of the standard error, section 10.3) and 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics import doubts, shares
from zsbench.metrics.bootstrap import Table, percentile
from zsbench.metrics.metric import Interval

if TYPE_CHECKING:
    from zsbench.metrics.metric import Metric

_LEAST_BIAS = 0.25
_ROUNDING = 1e-12


def of_replicates(table: Table, values: DoubleArray, *, confidence: float, method: str) -> Interval:
    """Return the interval of a metric by its replicates (n_resamples,); undefined replicates are left out.

    `method` names how they were drawn, such as `bootstrap(B=10000, seed=0)`.
    """
    metric, value = table.metric, table.metric.reduce(table.statistics)
    low, high = percentile(values, confidence=confidence)
    if np.isnan(value) or np.isnan(low):
        return Interval(low, high, method)
    notes = [doubts.few(table.n_units, table.clusters)]
    if is_all_or_nothing(metric, value, values):
        return of_alike(metric, value, len(table.statistics), table.clusters, confidence)
    finite = values[np.isfinite(values)]
    if len(finite) < np.count_nonzero(~np.isnan(values)):
        notes.append(doubts.BEYOND if np.isinf(high) else "")
    else:
        bias, spread = float(finite.mean()) - value, float(finite.std())
        if abs(bias) > _LEAST_BIAS * spread and spread > _ROUNDING * max(1.0, abs(value)):
            low, high = _recentred(low, high, bias, metric, least=float(finite.min()))
            method = method.replace("bootstrap(", "re-centred bootstrap(", 1)
            notes.append(doubts.biased(bias, metric.unit))
        notes.append(doubts.skewed(finite))
    return Interval(min(low, value), max(high, value), method, doubts.joined(notes))


def _recentred(low: float, high: float, bias: float, metric: Metric, *, least: float) -> tuple[float, float]:
    """Return the ends moved against the bias, the one towards the truth twice, within what the metric can be."""
    low, high = low - bias - max(bias, 0.0), high - bias - min(bias, 0.0)
    if metric.greatest is not None:
        return max(low, 0.0), min(high, metric.greatest)
    return (max(low, 0.0) if least >= 0 and metric.better == "lower" else low), high


def is_all_or_nothing(metric: Metric, value: float, values: DoubleArray) -> bool:
    """Whether a share is 0, or the most it can be, in every resample or every item, (n,)."""
    ends = () if metric.greatest is None else (0.0, metric.greatest)
    is_at_end = any(abs(value - end) <= _ROUNDING for end in ends)
    return is_at_end and bool((np.abs(values[~np.isnan(values)] - value) <= _ROUNDING).all())


def of_alike(metric: Metric, value: float, n: int, clusters: IntArray | None, confidence: float) -> Interval:
    """Return Wilson's interval of n items of which none, or all, are right."""
    assert metric.greatest is not None
    items = np.full(n, 0.0 if value <= _ROUNDING else 1.0)
    low, high = shares.of_values(items, clusters, confidence=confidence)
    ends = min(low * metric.greatest, value), max(high * metric.greatest, value)
    return Interval(*ends, named("wilson", clusters), doubts.few_clusters(clusters))


def named(method: str, clusters: IntArray | None, *settings: str) -> str:
    """Return an interval's method with its settings: `bootstrap(B=10000, seed=0, clusters=110)`."""
    every = [*settings, *([] if clusters is None else [f"clusters={int(clusters.max()) + 1}"])]
    return f"{method}({', '.join(every)})" if every else method
