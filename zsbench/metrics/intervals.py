"""Confidence intervals of metrics: a formula where one is right, the bootstrap for all else.

Formulas are Wilson's and what follows from them (`shares`), and for fields that print it mean +- 1.96 std / sqrt(n)
over episodes (std of the population, ddof 0). The bootstrap draws items, strata or clusters (`bootstrap`), and
`replicated` makes an interval of what was drawn. What an interval cannot promise is said in its note (`doubts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics import doubts, shares
from zsbench.metrics.bootstrap import Table, bootstrapped, sums_of
from zsbench.metrics.metric import Interval as Interval
from zsbench.metrics.metric import Metric
from zsbench.metrics.replicated import is_all_or_nothing, named, of_alike, of_replicates
from zsbench.metrics.shares import effective_size as effective_size
from zsbench.metrics.shares import wilson as wilson


def normal(values: DoubleArray, clusters: IntArray | None = None, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return mean -+ z std / sqrt(n) of values (n,), with ddof 0 and, at 95 %, z = 1.96: the few-shot convention.

    Of values in clusters 0..G-1, std / sqrt(n) is the standard error over clusters and z is Student's t of G - 1
    degrees of freedom; of a single cluster nothing is known, and the ends are infinite. The ends may lie outside 0..1.
    Source: the evaluation code of few-shot papers, e.g. arXiv:2106.09516.
    """
    z = 1.96 if confidence == 0.95 else NormalDist().inv_cdf(0.5 + confidence / 2)
    mean = float(np.mean(values))
    if clusters is None:
        half = z * float(np.std(values)) / len(values) ** 0.5
    elif (groups := int(clusters.max()) + 1) < 2:
        half = float("inf")
    else:
        t = NormalDist().inv_cdf(0.5 + confidence / 2) / shares.shrinkage(groups, confidence) ** 0.5
        half = t * shares.cluster_variance(values, clusters) ** 0.5
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
        by_formula = _by_formula(metric, defined, of_items, confidence)
        if by_formula is not None:
            results[number] = _doubted(by_formula, metric, defined)
            continue
        table = Table.of(metric, defined, of_items)
        drawn = table.affordable(resamples)
        alike.setdefault((*table.drawn_alike(), drawn), []).append((number, table))
    for (*_, drawn), group in alike.items():
        values = bootstrapped([table for _, table in group], drawn, seed)
        for (number, table), column in zip(group, values, strict=True):
            method = named("bootstrap", table.clusters, f"B={drawn}", f"seed={seed}")
            ends = of_replicates(table, column, confidence=confidence, method=method)
            results[number] = _doubted(ends, metric, table.statistics)
    return [results[number] for number in range(len(metrics))]


def cluster_numbers(clusters: Any) -> IntArray | None:
    """Return the numbers 0..G-1 of the clusters of items by their names, or None where each item is one of its own."""
    distinct, numbers = np.unique(np.asarray(clusters), return_inverse=True)
    return None if len(distinct) == len(numbers) else numbers


def _by_formula(metric: Metric, defined: DoubleArray, clusters: IntArray | None, confidence: float) -> Interval | None:
    """Return the interval that a formula gives, or None where it is the bootstrap's."""
    if metric.closed is not None:
        ends = metric.closed(defined, clusters, confidence)
        return None if ends is None else ends._replace(method=named(ends.method, clusters))
    if metric.interval == "wilson":
        low, high = shares.of_values(defined[:, 0], clusters, confidence=confidence)
        return Interval(low, high, named("wilson", clusters), doubts.few_clusters(clusters))
    return _normal(metric, defined, clusters, confidence) if metric.interval == "normal" else None


def _normal(metric: Metric, defined: DoubleArray, clusters: IntArray | None, confidence: float) -> Interval:
    values = defined[:, 0]
    low, high = normal(values, clusters, confidence=confidence)
    value = metric.reduce(defined)  # summed in another order: equal items must not fall out of their interval
    if is_all_or_nothing(metric, value, values):
        return of_alike(metric, value, len(values), clusters, confidence)
    of_units = values if clusters is None else sums_of(values[:, None] - value, clusters)[:, 0]
    notes = [doubts.few(len(of_units), clusters), doubts.skewed_mean(of_units)]
    return Interval(min(low, value), max(high, value), named("normal", clusters), doubts.joined(notes))


def _doubted(ends: Interval, metric: Metric, defined: DoubleArray) -> Interval:
    """Return an interval with what its metric says of its statistics beside its note."""
    of_metric = "" if metric.doubt is None else metric.doubt(defined)
    return ends._replace(note=doubts.joined([ends.note, of_metric]))
