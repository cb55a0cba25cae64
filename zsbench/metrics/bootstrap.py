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
_COUNTS_DRAWN_ABOVE = 20_000
_MAX_DRAWS = 1_000_000_000
_MAX_WORK = 4_000_000_000
_LEAST_RESAMPLES = 200
_WORK_OF_AN_ITEM = 20


def replicates(metric: Metric, statistics: DoubleArray, index: IntArray | None, counts: Any = None) -> DoubleArray:
    """Return the metric of every resample: `index` is (B, m), rows of item numbers; the result is (B,).

    `counts` is how often each resample holds each item (B, n_items), where it is known; one of the two may be None.
    """
    if metric.of_items is not None:
        every = np.arange(len(statistics))
        drawn = (np.repeat(every, row) for row in counts) if index is None else index
        return np.array([metric.of_items(statistics[rows]) for rows in drawn])
    assert metric.of_sums is not None
    if index is None:
        return np.asarray(metric.of_sums(_products(counts, statistics), np.full(len(counts), float(len(statistics)))))
    counts = _counts(index, len(statistics)) if counts is None else counts
    return np.asarray(metric.of_sums(counts @ statistics, np.full(len(index), float(index.shape[1]))))


def _products(counts: Any, statistics: DoubleArray) -> DoubleArray:
    """Return counts (B, n) of a small whole type times statistics (n, k); whole numbers at single precision.

    Sums of whole numbers below 2^24 are exact at single precision, which takes half the memory and time.
    """
    size = float(np.abs(statistics).max(initial=0)) * float(counts.max(initial=0)) * len(statistics)
    is_whole = size < 2**24 and bool((statistics == np.rint(statistics)).all())
    kind = np.float32 if is_whole else np.float64
    return np.asarray(counts.astype(kind) @ statistics.astype(kind), dtype=np.float64)


def cluster_replicates(
    metric: Metric,
    statistics: DoubleArray,
    clusters: IntArray,
    index: IntArray | None,
    counts: Any = None,
) -> DoubleArray:
    """Return the metric of resamples of whole clusters, (B,).

    Parameters
    ----------
    statistics : (n_items, n_statistics).
    clusters : (n_items,), the number 0..G-1 of each item's cluster.
    index : (B, G), rows of cluster numbers.
    counts : how often each resample holds each cluster (B, G), where it is known; one of the two may be None.
    """
    if counts is None:
        assert index is not None
        counts = _counts(index, index.shape[1])
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
    ranks = [alpha / 2, 1 - alpha / 2]
    if np.isinf(values).any():
        return _ends_of_infinite(values[~np.isnan(values)], ranks)
    low, high = np.nanquantile(values, ranks)
    return float(low), float(high)


def _ends_of_infinite(values: DoubleArray, ranks: Sequence[float]) -> tuple[float, float]:
    """Return the quantiles of values of which some are infinite: a step towards infinity is infinite, none is not."""
    lower, upper = (np.quantile(values, ranks, method=method) for method in ("lower", "higher"))
    finite = np.isfinite(values)
    inner = np.quantile(np.where(finite, values, values[finite].max() if finite.any() else 0), ranks)
    low, high = np.where(np.isfinite(upper), inner, np.where(lower == upper, upper, np.inf))
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
        work = self.weighted.work if self.weighted else 0
        if self.weighted is None and self.metric.of_items is not None:
            work = _WORK_OF_AN_ITEM * len(self.statistics)
        return _affordable(resamples, self.n_units, work)

    def values(self, index: IntArray | None, counts: Any, weights: Weights | None = None) -> DoubleArray:
        """Return the metric of each resample, (B,).

        Parameters
        ----------
        index : (B, n_units), the units drawn.
        counts : (B, n_units), how often each unit was drawn; one of the two may be None.
        weights : the counts as metrics of weights take them, where they are known.
        """
        if self.weighted is not None:
            return self.weighted.values(_weights(counts, self.clusters) if weights is None else weights)
        if self.clusters is not None:
            return cluster_replicates(self.metric, self.statistics, self.clusters, index, counts)
        return replicates(self.metric, self.statistics, index, counts)

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
    is_weighted = any(table.weighted for table in tables)
    is_counted = is_weighted or clusters is not None or any(table.metric.of_items is None for table in tables)
    parts: list[list[DoubleArray]] = [[] for _ in tables]
    width = max(table.statistics.shape[1] for table in tables)
    block = max(width, len(first.statistics) if is_weighted else n)
    rng = np.random.default_rng(seed)
    for index, counts in _samples(rng, n, resamples, first.strata, width=block, is_counted=is_counted):
        weights = _weights(counts, clusters) if is_weighted else None
        for part, table in zip(parts, tables, strict=True):
            part.append(table.values(index, counts, weights))
    return [np.concatenate(part) for part in parts]


def counts_of_units(n: int, resamples: int, seed: int) -> Iterator[Any]:
    """Yield blocks (b, n) of how often each of n units is drawn when n of them are, `resamples` rows in all."""
    samples = _samples(np.random.default_rng(seed), n, resamples, None, width=n, is_counted=True)
    return (counts for _, counts in samples)


def _samples(
    rng: np.random.Generator, n: int, resamples: int, strata: DoubleArray | None, *, width: int, is_counted: bool
) -> Iterator[tuple[IntArray | None, Any]]:
    """Yield blocks of resamples: the items drawn (b, n), or how often each was drawn (b, n), or both."""
    if n > _COUNTS_DRAWN_ABOVE and strata is None:
        block = max(1, _DRAWS_AT_ONCE // max(n, width))
        for start in range(0, resamples, block):
            yield None, drawn_counts(rng, n, min(block, resamples - start))
        return
    for index in _draws(rng, n, resamples, strata, width=width):
        yield index, _counts(index, n) if is_counted else None


def drawn_counts(rng: np.random.Generator, n: int, size: int) -> Any:
    """Return how often each of n items is drawn in n draws with replacement, (size, n), without drawing one by one.

    Counts that are Poisson are those of a multinomial sample of as many draws as they add up to; the few draws that
    then lack of n are made one by one. The Poisson's mean is low enough that draws nearly always lack: a row of too
    many is drawn again. Probabilities are whole numbers of 1 / 65,536.

    Examples
    --------
    >>> drawn_counts(np.random.default_rng(0), 40_000, 2).sum(axis=1).tolist()
    [40000, 40000]
    """
    values = _poisson(1 - 4 / n**0.5)
    counts = np.empty((size, n), dtype=np.uint8)
    for row in counts:
        lacking = -1
        while lacking < 0:
            bits = rng.bit_generator.random_raw(-(-n // 4)).astype("<u8", copy=False).view("<u2")
            np.take(values, bits[:n], out=row)
            lacking = n - int(row.sum(dtype=np.int64))
        np.add.at(row, rng.integers(0, n, lacking), np.uint8(1))
    return counts


def _poisson(mean: float) -> Any:
    """Return 65,536 values of which each is as likely as in a Poisson distribution, to 1 / 65,536."""
    ends, term, total = [], float(np.exp(-mean)), 0.0
    for value in range(1, 20):
        total += term
        ends.append(round(65536 * total))
        term *= mean / value
    return np.searchsorted(ends, np.arange(65536), side="right").astype(np.uint8)


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


def _weights(counts: Any, clusters: IntArray | None = None) -> Weights:
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
