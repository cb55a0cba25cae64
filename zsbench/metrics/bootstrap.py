"""Resamples of items, or of whole clusters of them, and the value of a metric on each.

B resamples of n items, drawn with replacement, within strata where a metric has them. Where items come in clusters (the
captions of an image, the sentences of a document), G of G clusters are drawn, and all items of a drawn cluster count as
often as it was drawn. The interval is between the linear-interpolation quantiles alpha/2 and 1 - alpha/2.

Source: Efron & Tibshirani 1993, chapters 13 and 8 (clusters).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.metric import Metric
from zsbench.metrics.tallies import Weighted, Weights, weights_type

_DRAWS_AT_ONCE = 4_000_000
_COUNTED_AT_ONCE = 50_000
_MAX_DRAWS = 200_000_000
_MAX_WORK = 4_000_000_000
_LEAST_RESAMPLES = 200


def replicates(
    metric: Metric, statistics: DoubleArray, index: IntArray, counts: DoubleArray | None = None
) -> DoubleArray:
    """Return the metric of every resample: `index` is (B, m), rows of item numbers; the result is (B,).

    `counts` is how often each resample holds each item (B, n_items), where it is known.
    """
    if metric.of_items is not None:
        return np.array([metric.of_items(statistics[rows]) for rows in index])
    assert metric.of_sums is not None
    counts = _counts(index, len(statistics)) if counts is None else counts
    return np.asarray(metric.of_sums(counts @ statistics, np.full(len(index), float(index.shape[1]))))


def cluster_replicates(
    metric: Metric,
    statistics: DoubleArray,
    clusters: IntArray,
    index: IntArray,
    counts: DoubleArray | None = None,
) -> DoubleArray:
    """Return the metric of resamples of whole clusters, (B,).

    Parameters
    ----------
    statistics : (n_items, n_statistics).
    clusters : (n_items,), the number 0..G-1 of each item's cluster.
    index : (B, G), rows of cluster numbers.
    counts : how often each resample holds each cluster (B, G), where it is known.
    """
    counts = _counts(index, index.shape[1]) if counts is None else counts
    if metric.of_items is not None:
        every = np.arange(len(statistics))
        times = counts[:, clusters].astype(np.int64)
        return np.array([metric.of_items(statistics[np.repeat(every, row)]) for row in times])
    assert metric.of_sums is not None
    return np.asarray(metric.of_sums(counts @ sums_of(statistics, clusters), counts @ sizes_of(clusters)))


def sums_of(statistics: DoubleArray, clusters: IntArray) -> DoubleArray:
    """Return the sums of statistics (n_items, n_statistics) over each cluster, (G, n_statistics)."""
    sums = np.zeros((int(clusters.max()) + 1, statistics.shape[1]))
    np.add.at(sums, clusters, statistics)
    return sums


def sizes_of(clusters: IntArray) -> DoubleArray:
    """Return how many items each cluster has, (G,)."""
    return np.bincount(clusters).astype(np.float64)


def percentile(values: DoubleArray, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of bootstrap replicates; undefined replicates are left out."""
    alpha = 1 - confidence
    if np.isnan(values).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(values, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


@dataclass(frozen=True)
class Table:
    """The defined statistics of one of several metrics, and the metric as a function of weights where it has one.

    Attributes
    ----------
    statistics : (n_items, n_statistics) without NaN.
    clusters : (n_items,) numbers 0..G-1, or None where items are independent.
    """

    metric: Metric
    statistics: DoubleArray
    clusters: IntArray | None
    weighted: Weighted | None

    @classmethod
    def of(cls, metric: Metric, statistics: DoubleArray, clusters: IntArray | None = None) -> Table:
        """Return a table with what the metric needs of it, found once."""
        weighted = None if metric.of_weights is None else metric.of_weights(statistics)
        return cls(metric, statistics, clusters, weighted)

    @property
    def n_units(self) -> int:
        """What is drawn: items, or clusters."""
        return len(self.statistics) if self.clusters is None else int(self.clusters.max()) + 1

    @property
    def strata(self) -> DoubleArray | None:
        """The stratum of each item, where items are drawn within strata; clusters may reach over several of them."""
        of_metric = self.metric.strata
        return None if of_metric is None or self.clusters is not None else self.statistics[:, of_metric]

    def affordable(self, resamples: int) -> int:
        """Return how many of the wanted resamples are drawn: fewer of many items, or where one costs much."""
        return _affordable(resamples, self.n_units, self.weighted.work if self.weighted else 0)

    def drawn_alike(self) -> Any:
        """Return what tables have in common that can share their draws."""
        strata, clusters = (None if part is None else part.tobytes() for part in (self.strata, self.clusters))
        return len(self.statistics), max(self.statistics.shape), strata, clusters


def resampled(
    metric: Metric,
    tables: Sequence[DoubleArray],
    *,
    clusters: IntArray | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> tuple[list[DoubleArray], int]:
    """Return the metric of the same resamples (B,) of several tables over the same items, and B.

    Parameters
    ----------
    tables : statistics (n_items, n_statistics) without NaN, item by item, such as those of two runs.
    clusters : (n_items,) numbers 0..G-1 of the items' clusters, drawn as a whole; None where items are independent.
    """
    rows = [Table.of(metric, table, clusters) for table in tables]
    drawn = min(row.affordable(resamples) for row in rows)
    return bootstrapped(rows, drawn, seed), drawn


def bootstrapped(tables: Sequence[Table], resamples: int, seed: int) -> list[DoubleArray]:
    """Return the replicates of metrics whose tables are drawn alike, on the same resamples."""
    first = tables[0]
    clusters, n = first.clusters, first.n_units
    width = max(table.statistics.shape[1] for table in tables)
    is_weighted = any(table.weighted for table in tables)
    is_counted = is_weighted or clusters is not None or any(table.metric.of_items is None for table in tables)
    parts: list[list[DoubleArray]] = [[] for _ in tables]
    block = max(width, len(first.statistics) if is_weighted else n)
    for index in _draws(np.random.default_rng(seed), n, resamples, first.strata, width=block):
        counts = _counts(index, n) if is_counted else None
        weights = _weights(counts, clusters) if is_weighted and counts is not None else None
        for part, table in zip(parts, tables, strict=True):
            if table.weighted is not None:
                part.append(table.weighted.values(weights))
            elif clusters is not None:
                part.append(cluster_replicates(table.metric, table.statistics, clusters, index, counts))
            else:
                part.append(replicates(table.metric, table.statistics, index, counts))
    return [np.concatenate(part) for part in parts]


def _counts(index: IntArray, n: int) -> DoubleArray:
    """Return how often each resample holds each item, (B, n); counted in parts that stay in the processor's cache."""
    counts = np.empty((len(index), n))
    step = max(1, _COUNTED_AT_ONCE // n)
    places = np.arange(step)[:, None] * n
    for start in range(0, len(index), step):
        part = index[start : start + step]
        numbers = (part + places[: len(part)]).ravel()
        counts[start : start + step] = np.bincount(numbers, minlength=len(part) * n).reshape(len(part), n)
    return counts


def _weights(counts: DoubleArray, clusters: IntArray | None = None) -> Weights:
    """Return counts (n_resamples, n_units) as metrics of many resamples take them, (n_items, n_resamples)."""
    n_items = counts.shape[1] if clusters is None else len(clusters)
    of_units = np.ascontiguousarray(counts.astype(weights_type(n_items)).T)
    return of_units if clusters is None else of_units[clusters]


def _affordable(resamples: int, n: int, work: int) -> int:
    """Return how many resamples are drawn of n items: fewer of many, which the method's name says.

    `work` is how many numbers one resample of the dearest metric touches.
    """
    resamples = min(resamples, max(1000, _MAX_DRAWS // max(1, n)))
    return min(resamples, max(_LEAST_RESAMPLES, _MAX_WORK // max(1, work)))


def _draws(
    rng: np.random.Generator, n: int, resamples: int, strata: DoubleArray | None, *, width: int
) -> Iterator[IntArray]:
    """Yield blocks of (b, n) item numbers, drawn with replacement, within strata where there are any.

    Neither a block nor the sums of `width` statistics made of it take more than a few dozen megabytes.
    """
    block = max(1, _DRAWS_AT_ONCE // max(n, width))
    groups = [] if strata is None else [np.flatnonzero(strata == s) for s in np.unique(strata)]
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        if strata is None:
            yield rng.integers(0, n, (size, n))
        else:
            yield np.concatenate([g[rng.integers(0, len(g), (size, len(g)))] for g in groups], axis=1)
