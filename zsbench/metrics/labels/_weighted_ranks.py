"""Rank statistics of many resamples at once: scores are sorted once, each resample costs sums of weights.

A resample is a column of weights, how often it holds each item (`zsbench.metrics.tallies`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.tallies import OfWeights, Sums, Weighted, Weights, by_group


def of_every_class(
    statistics: DoubleArray, of_class: Callable[[Any, Any], OfWeights], mean: Any, *, level: int
) -> Weighted:
    """Return the mean over classes of what `of_class` makes of the scores and targets (n_items,) of each.

    `level` is what a score of a positive costs, in sums of weights.
    """
    scores, targets = np.split(statistics, 2, axis=1)
    classes = [of_class(s, t) for s, t in zip(scores.T, targets.T, strict=True)]
    return Weighted(
        lambda weights: mean(np.stack([value(weights) for value in classes], axis=1)),
        scores.size + level * int(targets.sum()),
    )


def precision(scores: DoubleArray, targets: DoubleArray, interpolation: str) -> OfWeights:
    """Return weights -> the average precision of one class, as `average_precision` defines it, of each resample."""
    positive = targets > 0
    levels = np.unique(scores[positive])
    if not len(levels):
        return lambda weights: np.zeros(weights.shape[1])
    order = np.argsort(scores, kind="stable")
    order = order[np.searchsorted(scores[order], levels[0]) :]
    items_of = Sums(order, np.searchsorted(scores[order], levels), len(scores))
    _, positives_of = by_group(scores, positive, values=levels)

    def values(weights: Weights) -> DoubleArray:
        positives = positives_of(weights)
        hits, items = _from_the_top(positives), _from_the_top(items_of(weights))
        shares = hits / np.maximum(items, 1)
        if interpolation == "none":
            return np.asarray((positives * shares).sum(axis=0) / np.maximum(hits[0], 1))
        best = np.maximum.accumulate(np.where(positives > 0, shares, 0), axis=0)
        reach = [np.maximum(-(-tenth * hits[0] // 10), 1) for tenth in range(11)]
        # From low to high scores the hits fall: the last level with enough of them is where the recall is reached.
        rows = np.stack([(hits >= enough).sum(axis=0) - 1 for enough in reach])
        return np.asarray(np.where(hits[0] > 0, np.take_along_axis(best, rows, axis=0).mean(axis=0), 0))

    return values


def _from_the_top(counts: DoubleArray) -> DoubleArray:
    """Return counts (n_levels, n_resamples) of each level, from low to high, and of all above it."""
    return np.asarray(np.cumsum(counts[::-1], axis=0)[::-1])


def area(scores: DoubleArray, targets: DoubleArray) -> OfWeights:
    """Return weights -> the area under the ROC curve of one class, as `area` defines it, of each resample."""
    return _of_cells(scores, targets > 0, np.arange(len(scores)), len(scores))


def pooled_area(scores: DoubleArray, targets: DoubleArray) -> Weighted:
    """Return the area under one ROC curve of all cells of a table (n_items, n_classes), an item's cells together."""
    n_items, n_classes = scores.shape
    items = np.repeat(np.arange(n_items), n_classes)
    values = _of_cells(scores.ravel(), targets.ravel() > 0, items, n_items)
    return Weighted(values, scores.size + 15 * int(targets.sum()))


def _of_cells(scores: DoubleArray, positive: Any, items: IntArray, n_items: int) -> OfWeights:
    """Return weights of items -> the area of cells (n,), of which `items` says whose they are."""
    levels = np.unique(scores[positive])
    sides = [np.flatnonzero(chosen) for chosen in (~positive, positive)]
    negative, true = (cells[np.argsort(scores[cells], kind="stable")] for cells in sides)
    # In turns: the negatives between two levels of the positives, and those at a level.
    starts = np.stack([np.searchsorted(scores[negative], levels, side) for side in ("left", "right")], axis=1).ravel()
    negatives_of = Sums(items[negative], np.concatenate([[0], starts]), n_items, largest=len(scores))
    positives_of = Sums(items[true], np.searchsorted(scores[true], levels), n_items, largest=len(scores))

    def values(weights: Weights) -> DoubleArray:
        negatives, positives = negatives_of(weights), positives_of(weights)
        below = np.cumsum(negatives, axis=0)
        wins = (positives * (below[:-1:2] + negatives[1::2] / 2)).sum(axis=0)
        pairs = positives.sum(axis=0) * below[-1]
        return np.asarray(np.divide(wins, pairs, out=np.full(wins.shape, np.nan), where=pairs > 0))

    return values


def mean_of_defined(areas: DoubleArray) -> DoubleArray:
    """Return the mean over classes of areas (n_resamples, n_classes), without those that are NaN; NaN if all are."""
    defined = np.isfinite(areas)
    n = defined.sum(axis=1)
    sums = np.where(defined, areas, 0).sum(axis=1)
    return np.asarray(np.divide(sums, n, out=np.full(sums.shape, np.nan), where=n > 0))
