"""Single-label classification: scores (n_items, n_classes) against labels (n_items,), ties counted against.

An item is right at k when fewer than k other classes score at least as high as its label. Without ties this is
the usual top-k; with ties it is the pessimistic reading, so a constant scorer cannot look good.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zsbench.config.options import Cutoff
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics import shares
from zsbench.metrics.metric import Interval, metric
from zsbench.metrics.tallies import Weighted, Weights, by_group


def label_ranks(scores: Any, labels: Any) -> DoubleArray:
    """Return for each item how many other classes score at least as high as its label (0 is best).

    Parameters
    ----------
    scores : (n_items, n_classes), finite; or predicted labels (n_items,) of an integer type, which rank 0 or infinity.
    labels : (n_items,), 0-based.

    Raises
    ------
    ValueError
        Shapes disagree, a score is NaN, a label is outside the classes.
    """
    if np.ndim(scores) == 1 and np.issubdtype(np.asarray(scores).dtype, np.integer):
        return np.where(np.asarray(scores) == np.asarray(labels), 0.0, np.inf)
    scores, labels = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ValueError(f"scores {scores.shape} and labels {labels.shape} do not fit")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).any(axis=1).sum())} items have NaN scores")
    if len(labels) and not (labels.min() >= 0 and labels.max() < scores.shape[1]):
        raise ValueError(f"labels {labels.min()}..{labels.max()} but {scores.shape[1]} classes")
    of_label = scores[np.arange(len(labels)), labels][:, None]
    return np.asarray((scores >= of_label).sum(axis=1) - 1, dtype=np.float64)


def among_best(scores: Any, labels: Any, k: int) -> Any:
    """Return whether each label is among the k best classes, (n_items,), ties counted against.

    Of fewer than k classes every one is among the best: the task says so beside the value.

    Raises
    ------
    ValueError
        k > 1 of predictions that are labels without scores; and what `label_ranks` refuses.
    """
    ranks = label_ranks(scores, labels)
    if np.ndim(scores) == 1 and k > 1:
        raise ValueError(f"predictions are labels without scores, so there are no {k} best classes")
    return ranks < k


@metric("acc", interval="wilson")
def accuracy(scores: Any, labels: Any, *, k: Cutoff = 1) -> DoubleArray:
    """Share of items whose label is among the k best classes. Source: Radford et al. 2021, section 3.1.

    Examples
    --------
    >>> scores, labels = np.array([[2.0, 1.0, 0.0], [2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]), np.array([0, 1, 2])
    >>> accuracy(scores, labels).tolist(), accuracy(scores, labels, k=2).tolist()
    ([1.0, 0.0, 1.0], [1.0, 1.0, 1.0])
    """
    return np.asarray(among_best(scores, labels, k), dtype=np.float64)


@metric("mean-top1-top5")
def mean_of_top_1_and_top_5(scores: Any, labels: Any) -> DoubleArray:
    """Mean of acc@1 and acc@5. Source: Radford et al. 2021, appendix A.

    Examples
    --------
    >>> scores, labels = np.array([[5.0, 4, 3, 2, 1, 0]] * 3), np.array([0, 1, 5])
    >>> mean_of_top_1_and_top_5(scores, labels).tolist()
    [1.0, 0.5, 0.0]
    """
    return np.asarray((accuracy(scores, labels, k=1) + accuracy(scores, labels, k=5)) / 2)


def _class_accuracies(statistics: DoubleArray) -> DoubleArray:
    labels = statistics[:, 0].astype(np.int64)
    totals, right = np.bincount(labels), np.bincount(labels, weights=statistics[:, 1])
    return np.asarray(right[totals > 0] / totals[totals > 0])


def mean_over_classes(statistics: DoubleArray) -> float:
    """Return the mean of the accuracies of classes, of (class, whether it is right) of each item (n_items, 2)."""
    return float(_class_accuracies(statistics).mean())


def _spread_over_classes(statistics: DoubleArray) -> float:
    return float(_class_accuracies(statistics).std())


def _weighted_accuracies(statistics: DoubleArray) -> Callable[[Weights], DoubleArray]:
    """Return weights -> the accuracies of the classes, (n_resamples, n_classes); NaN for one that a resample lacks.

    Draws within classes have all of them; a draw of clusters may have lost one.
    """
    totals_of, right_of = by_group(statistics[:, 0], statistics[:, 1] > 0)

    def accuracies(weights: Weights) -> DoubleArray:
        totals, right = totals_of(weights), right_of(weights)
        shares = np.divide(right, totals, out=np.full(totals.shape, np.nan), where=totals > 0)
        return np.ascontiguousarray(shares.T)

    return accuracies


def weighted_mean_over_classes(statistics: DoubleArray) -> Weighted:
    """Return `mean_over_classes` as a function of weights."""
    accuracies = _weighted_accuracies(statistics)
    return Weighted(lambda weights: np.asarray(np.nanmean(accuracies(weights), axis=1)), len(statistics))


def _weighted_spread(statistics: DoubleArray) -> Weighted:
    accuracies = _weighted_accuracies(statistics)
    return Weighted(lambda weights: np.asarray(np.nanstd(accuracies(weights), axis=1)), len(statistics))


def stratified(statistics: DoubleArray, clusters: IntArray | None, confidence: float) -> Interval | None:
    """Return the interval of a mean over classes; one of clusters, which reach over classes, is the bootstrap's."""
    if clusters is not None:
        return None
    classes = statistics[:, 0].astype(np.int64)
    ends = shares.mean_of_shares(statistics[:, 1], classes, confidence=confidence)
    return Interval(*ends, "stratified wilson")


def shares_of_mean(statistics: DoubleArray) -> DoubleArray:
    """Return what each item adds, (n_items,): as many times n / n_classes as its class is smaller than all items."""
    numbers, sizes = np.unique(statistics[:, 0], return_inverse=True, return_counts=True)[1:]
    return np.asarray(statistics[:, 1] * len(statistics) / (len(sizes) * sizes[numbers]))


@metric(
    "mean-per-class",
    of_items=mean_over_classes,
    of_weights=weighted_mean_over_classes,
    strata=0,
    closed=stratified,
    as_mean=shares_of_mean,
    right=1,
)
def mean_per_class(scores: Any, labels: Any) -> DoubleArray:
    """Accuracy per class, averaged over the classes present in the labels (balanced accuracy).

    A class without items is left out, not counted as zero. The interval is that of a sample drawn class by class, which
    holds for classes of one item too.

    Examples
    --------
    >>> pred, labels = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    >>> round(mean_per_class.metric.compute(pred, labels), 3)  # 2/3 of class 0, all of class 1
    0.833
    """
    return np.stack([np.asarray(labels, dtype=np.float64), label_ranks(scores, labels) < 1], axis=1)


@metric("per-class-std", better="lower", of_items=_spread_over_classes, of_weights=_weighted_spread, strata=0)
def per_class_std(scores: Any, labels: Any) -> DoubleArray:
    """Standard deviation, over the classes present in the labels, of the accuracy per class.

    Divided by the number of classes, not by one less. Resampled within classes, whose noise widens the spread.

    Examples
    --------
    >>> pred, labels = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    >>> round(per_class_std.metric.compute(pred, labels), 3)
    0.167
    """
    return np.asarray(mean_per_class(scores, labels))
