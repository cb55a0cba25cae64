"""Classification by groups of items (regions, income classes): the worst group's accuracy, and macro F1.

Gold is `Labels` with `groups`, one number an item; scores are (n_items, n_classes).

Source: Koh et al. 2021 (WILDS), arXiv:2012.07421; Gadre et al. 2023 (DataComp), arXiv:2304.14108, appendix.
"""

from __future__ import annotations

from typing import Any

from zsbench.config.options import Count, Cutoff
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics import doubts, shares
from zsbench.metrics.labels.classification import among_best, label_ranks
from zsbench.metrics.metric import Interval, metric
from zsbench.metrics.tallies import Weighted, Weights, by_group


def _worst(statistics: DoubleArray, *, min_items: Count = 1) -> float:
    groups = statistics[:, 0].astype(np.int64)
    sizes, right = np.bincount(groups), np.bincount(groups, weights=statistics[:, 1])
    counted = sizes >= max(min_items, 1)
    return float((right[counted] / sizes[counted]).min()) if counted.any() else float("nan")


def _weighted_worst(statistics: DoubleArray, *, min_items: Count = 1) -> Weighted:
    sizes_of, right_of = by_group(statistics[:, 0], statistics[:, 1] > 0)

    def values(weights: Weights) -> DoubleArray:
        sizes, right = sizes_of(weights), right_of(weights)
        counted = sizes >= max(min_items, 1)
        shares = np.divide(right, sizes, out=np.full_like(right, np.inf), where=counted)
        return np.asarray(np.where(counted.any(axis=0), shares.min(axis=0), np.nan))

    return Weighted(values, len(statistics))


def _simultaneous(
    statistics: DoubleArray, clusters: IntArray | None, confidence: float, *, min_items: Count = 1
) -> Interval | None:
    groups = statistics[:, 0].astype(np.int64)
    counted = (np.bincount(groups) >= max(min_items, 1))[groups]
    if not counted.any():
        return Interval(float("nan"), float("nan"), "undefined")
    of_items = None if clusters is None else clusters[counted]
    ends = shares.least_share(statistics[counted, 1], groups[counted], of_items, confidence=confidence)
    return Interval(*ends, "simultaneous wilson", doubts.few_clusters(clusters))


@metric("worst-group-acc", of_items=_worst, of_weights=_weighted_worst, strata=0, closed=_simultaneous, right=1)
def worst_group_accuracy(
    scores: Any,
    labels: Any,
    *,
    k: Cutoff = 1,
    min_items: Count = 1,  # noqa: ARG001 - the reducer's
) -> DoubleArray:
    """Accuracy at k in the group where it is lowest; the interval is one of all groups together.

    Groups with fewer than `min_items` items are left out: a handful of odd ones is no group.

    Raises
    ------
    ValueError
        The data has no groups.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 1, 1, 0]), groups=np.array([0, 0, 1, 1]))
    >>> worst_group_accuracy.metric.compute(np.array([0, 1, 1, 1]), labels)
    0.5
    """
    groups = getattr(labels, "groups", None)
    if groups is None:
        raise ValueError("the data has no groups, such as a `group:` column")
    return np.stack([np.asarray(groups, dtype=np.float64), among_best(scores, labels, k)], axis=1)


def _macro_f1(statistics: DoubleArray) -> float:
    from sklearn.metrics import f1_score

    truth, answers = statistics[:, 0], statistics[:, 1]
    return float(f1_score(truth, answers, average="macro", labels=np.unique(truth), zero_division=0.0))


def _weighted_macro_f1(statistics: DoubleArray) -> Weighted:
    truth, answers = statistics.T
    classes = np.unique(truth)
    true_of, right_of = by_group(truth, truth == answers)
    (answered_of,) = by_group(answers, values=classes)

    def values(weights: Weights) -> DoubleArray:
        true, right, answered = true_of(weights), right_of(weights), answered_of(weights)
        present = true > 0
        f1 = np.divide(2 * right, true + answered, out=np.zeros_like(right), where=present)
        return np.asarray(f1.sum(axis=0) / present.sum(axis=0))

    return Weighted(values, len(statistics))


_FEWEST_OF_A_CLASS = 10


def _few_in_classes(statistics: DoubleArray) -> str:
    counts = np.unique(statistics[:, 0], return_counts=True)[1]
    return doubts.few_in_classes(counts.astype(float), fewest=_FEWEST_OF_A_CLASS, what="items")


@metric("F1-over-classes", of_items=_macro_f1, of_weights=_weighted_macro_f1, doubt=_few_in_classes)
def f1_over_classes(scores: Any, labels: Any) -> DoubleArray:
    """F1 of each class present in the labels, averaged over these classes.

    Examples
    --------
    >>> pred, labels = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    >>> round(f1_over_classes.metric.compute(pred, labels), 3)
    0.733
    """
    label_ranks(scores, labels)  # refuses what is no score or no label
    answers = np.asarray(scores) if np.ndim(scores) == 1 else np.asarray(scores).argmax(axis=1)
    return np.stack([np.asarray(labels, dtype=np.float64), answers.astype(np.float64)], axis=1)
