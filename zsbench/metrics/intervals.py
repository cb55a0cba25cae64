"""Confidence intervals: Wilson for shares, percentile bootstrap over items, strata or clusters for all else.

Wilson, with z the normal quantile of 1 - alpha/2:

    centre = (p + z^2 / 2n) / (1 + z^2 / n)
    half   = z sqrt(p (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n)

Where items come in G clusters, n is the effective number of items p (1 - p) / V, with V the variance of a share over
clusters of sizes m_g with k_g successes, and t the quantile of G - 1 degrees of freedom:

    V = G / (G - 1) sum_g (k_g - p m_g)^2 / n^2        n_eff = min(n, p (1 - p) / V) (z / t)^2

At p = 0 and p = 1, where V is 0 whatever the clusters are, n_eff is G (z / t)^2.

Normal, for fields that print mean +- 1.96 std / sqrt(n) over episodes (std of the population, ddof 0).

Source: Wilson 1927; Korn & Graubard 1998 (shares of clusters). Bootstrap: see `bootstrap`.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

from zsbench.core.lazy import DoubleArray, IntArray, lazy, np
from zsbench.metrics.bootstrap import Table, bootstrapped, percentile, sizes_of, sums_of
from zsbench.metrics.metric import Metric

special = lazy("scipy.special")


class Interval(NamedTuple):
    """The two ends, how they were found, and what keeps them from covering the truth as often as they say."""

    low: float
    high: float
    method: str
    note: str = ""


def wilson(successes: float, n: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of `successes` out of `n`; (0, 1) when n is 0.

    Raises
    ------
    ValueError
        `successes` is not between 0 and n.
    """
    if n == 0:
        return 0.0, 1.0
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes out of {n}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p, z2 = successes / n, z * z / n
    centre = (p + z2 / 2) / (1 + z2)
    half = z * (p * (1 - p) / n + z2 / (4 * n)) ** 0.5 / (1 + z2)
    # At p = 0 and p = 1 the bound is the share itself; rounding must not move it.
    return (0.0 if p == 0 else max(0.0, centre - half)), (1.0 if p == 1 else min(1.0, centre + half))


def effective_size(values: DoubleArray, clusters: IntArray, *, confidence: float = 0.95) -> float:
    """Return how many independent items say as much about a share as these in clusters.

    Parameters
    ----------
    values : (n_items,) of 0 and 1.
    clusters : (n_items,), the number 0..G-1 of each item's cluster.

    Examples
    --------
    >>> values, clusters = np.array([1.0, 1.0, 0.0, 0.0] * 50), np.arange(200) // 2
    >>> round(effective_size(values, clusters))  # the items of a cluster are alike
    97
    """
    n, p, sizes = len(values), float(np.mean(values)), sizes_of(clusters)
    groups = len(sizes)
    if groups < 2:
        return 1.0
    t, z = float(special.stdtrit(groups - 1, 0.5 + confidence / 2)), NormalDist().inv_cdf(0.5 + confidence / 2)
    variance = groups / (groups - 1) * float(((sums_of(values[:, None], clusters)[:, 0] - p * sizes) ** 2).sum()) / n**2
    independent = float(groups) if p in (0, 1) else min(n, p * (1 - p) / variance) if variance else float(n)
    return independent * (z / t) ** 2


def normal(values: DoubleArray, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return mean -+ z std / sqrt(n) of values (n,), with ddof 0 and, at 95 %, z = 1.96: the few-shot convention.

    The ends may lie outside 0..1. Source: the evaluation code of few-shot papers, e.g. arXiv:2106.09516.
    """
    z = 1.96 if confidence == 0.95 else NormalDist().inv_cdf(0.5 + confidence / 2)
    mean, half = float(np.mean(values)), z * float(np.std(values)) / len(values) ** 0.5
    return mean - half, mean + half


def interval(
    metric: Metric,
    statistics: DoubleArray,
    *,
    clusters: Sequence[str] | None = None,
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the interval of one metric's statistics (n_items, n_statistics).

    Items with a NaN row are undefined and left out. With a single item the interval is the whole truth that one
    item holds: Wilson says how little that is, the bootstrap can only repeat the value.
    """
    options: dict[str, Any] = {"clusters": clusters, "resamples": resamples, "confidence": confidence, "seed": seed}
    return intervals([metric], [statistics], **options)[0]


def intervals(
    metrics: Sequence[Metric],
    tables: Sequence[DoubleArray],
    *,
    clusters: Sequence[str] | None = None,
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Interval]:
    """Return what `interval` says of each metric; those that draw the same items draw them once.

    `clusters` names the cluster of each item, (n_items,), where items are not independent of each other.
    """
    results: dict[int, Interval] = {}
    alike: dict[Any, list[tuple[int, Table]]] = {}
    names = None if clusters is None else np.asarray(clusters)
    for number, (metric, statistics) in enumerate(zip(metrics, tables, strict=True)):
        is_defined = ~np.isnan(statistics).any(axis=1)
        defined, of_items = statistics[is_defined], None if names is None else cluster_numbers(names[is_defined])
        if metric.interval != "bootstrap":
            results[number] = _closed(metric, defined, of_items, confidence)
            continue
        table = Table.of(metric, defined, of_items)
        drawn = table.affordable(resamples)
        alike.setdefault((*table.drawn_alike(), drawn), []).append((number, table))
    for (*_, drawn), group in alike.items():
        values = bootstrapped([table for _, table in group], drawn, seed)
        for (number, table), column in zip(group, values, strict=True):
            method = _named("bootstrap", table.clusters, f"B={drawn}", f"seed={seed}")
            results[number] = Interval(*percentile(column, confidence=confidence), method)
    return [results[number] for number in range(len(metrics))]


def cluster_numbers(clusters: Any) -> IntArray | None:
    """Return the numbers 0..G-1 of the clusters of items by their names, or None where each item is one of its own."""
    distinct, numbers = np.unique(np.asarray(clusters), return_inverse=True)
    return None if len(distinct) == len(numbers) else numbers


def _closed(metric: Metric, defined: DoubleArray, clusters: IntArray | None, confidence: float) -> Interval:
    """Return an interval that a formula gives."""
    values = defined[:, 0]
    method = _named(metric.interval, clusters)
    if metric.interval == "wilson":
        if clusters is None:
            return Interval(*wilson(float(values.sum()), len(values), confidence=confidence), method)
        n = effective_size(values, clusters, confidence=confidence)
        return Interval(*wilson(float(values.mean()) * n, n, confidence=confidence), method)
    low, high = normal(values, confidence=confidence)
    value = metric.reduce(defined)  # summed in another order: equal items must not fall out of their interval
    return Interval(min(low, value), max(high, value), method)


def _named(method: str, clusters: IntArray | None, *settings: str) -> str:
    """Return an interval's method with its settings: `bootstrap(B=10000, seed=0, clusters=110)`."""
    every = [*settings, *([] if clusters is None else [f"clusters={int(clusters.max()) + 1}"])]
    return f"{method}({', '.join(every)})" if every else method
