"""Confidence intervals: Wilson for shares, percentile bootstrap over items, strata or clusters for all else.

Wilson, with z the normal quantile of 1 - alpha/2:

    centre = (p + z^2 / 2n) / (1 + z^2 / n)
    half   = z sqrt(p (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n)

Bootstrap: B resamples of the items, the metric of each from its resampled sums, the interval from the
linear-interpolation quantiles alpha/2 and 1 - alpha/2.

Normal, for fields that print mean +- 1.96 std / sqrt(n) over episodes (std of the population, ddof 0).

Source: Wilson 1927; Efron & Tibshirani 1993, chapters 13 and 8 (clusters).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.metric import Metric
from zsbench.metrics.tallies import Weighted, Weights, weights_type

_DRAWS_AT_ONCE = 4_000_000
_COUNTED_AT_ONCE = 50_000
_MAX_DRAWS = 200_000_000
_MAX_WORK = 4_000_000_000
_LEAST_RESAMPLES = 200


def wilson(successes: float, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
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


def normal(values: DoubleArray, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return mean -+ z std / sqrt(n) of values (n,), with ddof 0 and, at 95 %, z = 1.96: the few-shot convention.

    The ends may lie outside 0..1. Source: the evaluation code of few-shot papers, e.g. arXiv:2106.09516.
    """
    z = 1.96 if confidence == 0.95 else NormalDist().inv_cdf(0.5 + confidence / 2)
    mean, half = float(np.mean(values)), z * float(np.std(values)) / len(values) ** 0.5
    return mean - half, mean + half


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


def _weights(counts: DoubleArray) -> Weights:
    """Return counts (n_resamples, n_items) as metrics of many resamples take them, (n_items, n_resamples)."""
    return np.ascontiguousarray(counts.astype(weights_type(counts.shape[1])).T)


def cluster_replicates(metric: Metric, statistics: DoubleArray, clusters: IntArray, index: IntArray) -> DoubleArray:
    """Return the metric of resamples of whole clusters: `index` is (B, G), `clusters` (n,) numbers 0..G-1."""
    members = [np.flatnonzero(clusters == g) for g in range(index.shape[1])]
    if metric.of_items is not None:
        return np.array([metric.of_items(statistics[np.concatenate([members[g] for g in row])]) for row in index])
    assert metric.of_sums is not None
    sums = np.stack([statistics[m].sum(axis=0) for m in members])[index].sum(axis=1)
    sizes = np.array([float(len(m)) for m in members])[index].sum(axis=1)
    return np.asarray(metric.of_sums(sums, sizes))


def percentile(values: DoubleArray, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of bootstrap replicates; undefined replicates are left out."""
    alpha = 1 - confidence
    if np.isnan(values).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(values, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def interval(
    metric: Metric, statistics: DoubleArray, *, resamples: int = 10_000, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float, str]:
    """Return low, high and the name of the method for one metric's statistics (n_items, n_statistics).

    Items with a NaN row are undefined and left out. With a single item the interval is the whole truth that one
    item holds: Wilson says how little that is, the bootstrap can only repeat the value.
    """
    return intervals([metric], [statistics], resamples=resamples, confidence=confidence, seed=seed)[0]


def intervals(
    metrics: Sequence[Metric],
    tables: Sequence[DoubleArray],
    *,
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[tuple[float, float, str]]:
    """Return what `interval` says of each metric; those that draw the same items draw them once."""
    results: dict[int, tuple[float, float, str]] = {}
    alike: dict[Any, list[_Table]] = {}
    for number, (metric, table) in enumerate(zip(metrics, tables, strict=True)):
        defined = table[~np.isnan(table).any(axis=1)]
        if metric.interval != "bootstrap":
            results[number] = _closed(metric, defined, confidence)
            continue
        weighted = None if metric.of_weights is None else metric.of_weights(defined)
        strata = None if metric.strata is None else defined[:, metric.strata].tobytes()
        drawn = _affordable(resamples, len(defined), weighted.work if weighted else 0)
        alike.setdefault((len(defined), max(defined.shape), strata, drawn), []).append(
            _Table(number, metric, defined, weighted)
        )
    for (*_, drawn), group in alike.items():
        values = _bootstrapped(group, drawn, seed)
        for table_of, column in zip(group, values, strict=True):
            ends = percentile(column, confidence=confidence)
            results[table_of.number] = (*ends, f"bootstrap(B={drawn}, seed={seed})")
    return [results[number] for number in range(len(metrics))]


def resampled(
    metric: Metric, tables: Sequence[DoubleArray], *, resamples: int = 10_000, seed: int = 0
) -> tuple[list[DoubleArray], int]:
    """Return the metric of the same resamples (B,) of several tables over the same items, and B.

    Parameters
    ----------
    tables : statistics (n_items, n_statistics) without NaN, item by item, such as those of two runs.
    """
    rows = []
    for number, table in enumerate(tables):
        weighted = None if metric.of_weights is None else metric.of_weights(table)
        rows.append(_Table(number, metric, table, weighted))
    work = max((table.weighted.work for table in rows if table.weighted), default=0)
    drawn = _affordable(resamples, len(tables[0]), work)
    return _bootstrapped(rows, drawn, seed), drawn


@dataclass(frozen=True)
class _Table:
    """The defined statistics of one of several metrics, and the metric as a function of weights where it has one."""

    number: int
    metric: Metric
    defined: DoubleArray
    weighted: Weighted | None


def _closed(metric: Metric, defined: DoubleArray, confidence: float) -> tuple[float, float, str]:
    """Return an interval that a formula gives."""
    if metric.interval == "wilson":
        return *wilson(float(defined[:, 0].sum()), len(defined), confidence=confidence), "wilson"
    low, high = normal(defined[:, 0], confidence=confidence)
    value = metric.reduce(defined)  # summed in another order: equal items must not fall out of their interval
    return min(low, value), max(high, value), "normal"


def _bootstrapped(tables: Sequence[_Table], resamples: int, seed: int) -> list[DoubleArray]:
    """Return the replicates of metrics whose tables have one shape and one stratum an item."""
    first, n = tables[0], len(tables[0].defined)
    strata = None if first.metric.strata is None else first.defined[:, first.metric.strata]
    width = max(table.defined.shape[1] for table in tables)
    is_weighted = any(table.weighted for table in tables)
    is_counted = is_weighted or any(table.metric.of_items is None for table in tables)
    parts: list[list[DoubleArray]] = [[] for _ in tables]
    for index in _draws(np.random.default_rng(seed), n, resamples, strata, width=width):
        counts = _counts(index, n) if is_counted else None
        weights = _weights(counts) if is_weighted and counts is not None else None
        for part, table in zip(parts, tables, strict=True):
            if table.weighted is not None:
                part.append(table.weighted.values(weights))
            else:
                part.append(replicates(table.metric, table.defined, index, counts))
    return [np.concatenate(part) for part in parts]


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
