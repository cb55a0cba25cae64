"""Multi-label classification: scores (n_items, n_classes) against a 0/1 matrix, each class ranked by itself.

Gold may also be labels (n_items,), read as one positive an item. Statistics are the scores and the targets side by
side, (n_items, 2 n_classes), because a rank statistic needs all items together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics import doubts
from zsbench.metrics.metric import metric
from zsbench.metrics.tallies import OfWeights, Sums, Weighted, Weights, by_group


def side_by_side(scores: Any, targets: Any) -> DoubleArray:
    """Return scores and 0/1 targets as (n_items, 2 n_classes).

    Raises
    ------
    ValueError
        Shapes disagree, a score is NaN, a target is neither 0 nor 1, or predictions are labels without scores.
    """
    scores, targets = np.asarray(scores, dtype=np.float64), np.asarray(targets)
    if scores.ndim != 2:
        raise ValueError("predictions are labels without scores, so classes cannot be ranked")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).any(axis=1).sum())} items have NaN scores")
    if targets.ndim == 1:
        targets = targets[:, None] == np.arange(scores.shape[1])
    if targets.shape != scores.shape:
        raise ValueError(f"scores {scores.shape} and targets {targets.shape} do not fit")
    if not np.isin(targets, (0, 1)).all():
        raise ValueError("targets other than 0 and 1")
    return np.concatenate([scores, targets.astype(np.float64)], axis=1)


def average_precision(scores: DoubleArray, targets: DoubleArray, *, interpolation: str = "none") -> float:
    """Return the average precision of one class; 0 without positives. Scores and targets are (n_items,).

    Precision at a positive is the share of positives among the items that score at least as high.

    none : that precision, averaged over the positives.
    11 : the best precision at recall >= r, averaged over r = 0, 0.1, ..., 1.
    """
    positives = np.sort(scores[targets > 0])
    n = len(positives)
    if not n:
        return 0.0
    hits = n - np.searchsorted(positives, positives)
    precision = hits / (len(scores) - np.searchsorted(np.sort(scores), positives))
    if interpolation == "none":
        return float(precision.mean())
    # From low to high scores recall falls, so the best precision at recall >= r is a running maximum.
    best = np.maximum.accumulate(precision)[::-1]
    # In whole numbers: positive number ceil(r n / 10) is the first to reach recall r / 10.
    first = np.maximum(-(-np.arange(11) * n // 10), 1) - 1
    return float(best[first].mean())


def _mean_average_precision(statistics: DoubleArray, *, interpolation: str = "none") -> float:
    scores, targets = np.split(statistics, 2, axis=1)
    pairs = zip(scores.T, targets.T, strict=True)
    return float(np.mean([average_precision(s, t, interpolation=interpolation) for s, t in pairs]))


def _of_every_class(
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


def _weighted_precision(scores: DoubleArray, targets: DoubleArray, interpolation: str) -> OfWeights:
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
        precision = hits / np.maximum(items, 1)
        if interpolation == "none":
            return np.asarray((positives * precision).sum(axis=0) / np.maximum(hits[0], 1))
        best = np.maximum.accumulate(np.where(positives > 0, precision, 0), axis=0)
        reach = [np.maximum(-(-tenth * hits[0] // 10), 1) for tenth in range(11)]
        # From low to high scores the hits fall: the last level with enough of them is where the recall is reached.
        rows = np.stack([(hits >= enough).sum(axis=0) - 1 for enough in reach])
        return np.asarray(np.where(hits[0] > 0, np.take_along_axis(best, rows, axis=0).mean(axis=0), 0))

    return values


def _from_the_top(counts: DoubleArray) -> DoubleArray:
    """Return counts (n_levels, n_resamples) of each level, from low to high, and of all above it."""
    return np.asarray(np.cumsum(counts[::-1], axis=0)[::-1])


def _weighted_map(statistics: DoubleArray, *, interpolation: str = "none") -> Weighted:
    of_class = partial(_weighted_precision, interpolation=interpolation)
    level = 10 if interpolation == "none" else 40
    return _of_every_class(statistics, of_class, lambda values: values.mean(axis=1), level=level)


_FEWEST_POSITIVES = 25


def _few_positives(statistics: DoubleArray) -> str:
    positives = np.split(statistics, 2, axis=1)[1].sum(axis=0)
    return doubts.few_in_classes(positives, fewest=_FEWEST_POSITIVES, what="positives")


@metric("mAP", of_items=_mean_average_precision, of_weights=_weighted_map, doubt=_few_positives)
def mean_average_precision(
    scores: Any,
    targets: Any,
    *,
    interpolation: Literal["none", "11"] = "none",  # noqa: ARG001 - the reducer's
) -> DoubleArray:
    """Average precision of each class, averaged over all classes; a class without positives counts 0.

    `interpolation=11` is PASCAL VOC's measure up to 2009. Source: Everingham et al. 2010, section 4.2; Radford et
    al. 2021, appendix A.

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3], [0.5, 0.7], [0.1, 0.2]]), np.array([[1, 1], [0, 0], [1, 0]])
    >>> round(mean_average_precision.metric.compute(scores, targets), 3)
    0.667
    """
    return side_by_side(scores, targets)


def area(scores: DoubleArray, targets: DoubleArray) -> float:
    """Return the area under one class's ROC curve, P(positive above negative) with ties half; NaN if one side lacks.

    Scores and targets are (n_items,).
    """
    positives, negatives = scores[targets > 0], np.sort(scores[targets == 0])
    if not len(positives) or not len(negatives):
        return float("nan")
    wins = sum(np.searchsorted(negatives, positives, side).sum() for side in ("left", "right")) / 2
    return float(wins / (len(positives) * len(negatives)))


def _mean_roc_auc(statistics: DoubleArray) -> float:
    scores, targets = np.split(statistics, 2, axis=1)
    areas = np.array([area(s, t) for s, t in zip(scores.T, targets.T, strict=True)])
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


def _weighted_area(scores: DoubleArray, targets: DoubleArray) -> OfWeights:
    """Return weights -> the area under the ROC curve of one class, as `area` defines it, of each resample."""
    positive = targets > 0
    levels = np.unique(scores[positive])
    order = np.flatnonzero(~positive)
    order = order[np.argsort(scores[order], kind="stable")]
    # In turns: the negatives between two levels of the positives, and those at a level.
    starts = np.stack([np.searchsorted(scores[order], levels, side) for side in ("left", "right")], axis=1).ravel()
    negatives_of = Sums(order, np.concatenate([[0], starts]), len(scores))
    _, positives_of = by_group(scores, positive, values=levels)

    def values(weights: Weights) -> DoubleArray:
        negatives, positives = negatives_of(weights), positives_of(weights)
        below = np.cumsum(negatives, axis=0)
        wins = (positives * (below[:-1:2] + negatives[1::2] / 2)).sum(axis=0)
        pairs = positives.sum(axis=0) * below[-1]
        return np.asarray(np.divide(wins, pairs, out=np.full(wins.shape, np.nan), where=pairs > 0))

    return values


def _mean_of_defined(areas: DoubleArray) -> DoubleArray:
    defined = np.isfinite(areas)
    n = defined.sum(axis=1)
    sums = np.where(defined, areas, 0).sum(axis=1)
    return np.asarray(np.divide(sums, n, out=np.full(sums.shape, np.nan), where=n > 0))


def _weighted_roc_auc(statistics: DoubleArray) -> Weighted:
    return _of_every_class(statistics, _weighted_area, _mean_of_defined, level=15)


@metric("ROC-AUC", of_items=_mean_roc_auc, of_weights=_weighted_roc_auc)
def roc_auc(scores: Any, targets: Any) -> DoubleArray:
    """Area under the ROC curve of each class, averaged over the classes with positives and negatives.

    With two classes and one label an item, both classes are ranked by the difference of the two scores, which
    orders items as the probability of either class does. Source: Radford et al. 2021, appendix A (Hateful Memes).

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3], [0.5, 0.7], [0.1, 0.2]]), np.array([[1, 1], [0, 0], [1, 0]])
    >>> roc_auc.metric.compute(scores, targets)
    0.5
    """
    table = side_by_side(scores, targets)
    if np.ndim(targets) == 1 and table.shape[1] == 4:
        table[:, :2] -= table[:, 1::-1].copy()
    return table
