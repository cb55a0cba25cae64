"""Accuracy on rare classes and on all others: scores (n_items, n_classes) against labels (n_items,).

Gold is `Labels` with `counts`, one number a class. Sorted by count, the first floor(fraction n) + 1 classes of the task
are the tail (`metrics.tails`), whether or not the data have items of them; each class weighs the same.

Source: Parashar et al. 2024 (REAL), arXiv:2401.12425.
"""

from __future__ import annotations

from typing import Any

from zsbench.config.options import ProperShare
from zsbench.core.lazy import BoolArray, DoubleArray, np
from zsbench.metrics.labels.classification import (
    mean_over_classes,
    mean_per_class,
    shares_of_mean,
    stratified,
    weighted_mean_over_classes,
)
from zsbench.metrics.labels.frequency import counts_of
from zsbench.metrics.metric import metric
from zsbench.metrics.tails import FRACTION, tail

OF_FREQUENCY = ("slope-per-decade", "frequency-spearman", "tail-acc", "head-acc")
"""Metrics that a task of classes with counts has besides those it names."""

_OVER_CLASSES: dict[str, Any] = {
    "of_items": mean_over_classes,
    "of_weights": weighted_mean_over_classes,
    "strata": 0,
    "closed": stratified,
    "as_mean": shares_of_mean,
    "right": 1,
}


def _among(scores: Any, labels: Any, classes: BoolArray) -> DoubleArray:
    """Return the statistics of `mean_per_class`, undefined for items of other classes than these (n_classes,)."""
    statistics = np.asarray(mean_per_class(scores, labels))
    return np.where(classes[np.asarray(labels)][:, None], statistics, np.nan)


@metric("tail-acc", **_OVER_CLASSES)
def tail_accuracy(scores: Any, labels: Any, *, fraction: ProperShare = FRACTION) -> DoubleArray:
    """Accuracy per class, averaged over the rarest classes: floor(fraction n) + 1 of n, equal counts in class order.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 1, 1, 2]), counts=np.array([900, 3, 50]))
    >>> tail_accuracy.metric.compute(np.array([0, 1, 0, 0]), labels)  # class 1 alone
    0.5
    """
    return _among(scores, labels, tail(counts_of(labels), fraction))


@metric("head-acc", **_OVER_CLASSES)
def head_accuracy(scores: Any, labels: Any, *, fraction: ProperShare = FRACTION) -> DoubleArray:
    """Accuracy per class, averaged over all classes that are not in the tail.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 1, 1, 2]), counts=np.array([900, 3, 50]))
    >>> head_accuracy.metric.compute(np.array([0, 1, 0, 0]), labels)  # classes 0 and 2
    0.5
    """
    return _among(scores, labels, ~tail(counts_of(labels), fraction))
