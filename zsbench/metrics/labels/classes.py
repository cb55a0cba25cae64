"""F1 of classes by name, and its mean over all of them: scores (n_items, n_classes) against labels (n_items,).

    P = tp / (tp + fp)      R = tp / (tp + fn)      F1 = 2 tp / (2 tp + fp + fn)

Gold is `Labels` with `class_names`. An item is counted for the class of its label and for the one of its best score,
the first of equal ones. `label=NAME` speaks of one class; without it all classes are counted together, which makes the
three of them the accuracy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zsbench.config.options import Text
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics import doubts
from zsbench.metrics.labels.classification import label_ranks
from zsbench.metrics.metric import metric
from zsbench.metrics.tallies import Weighted, Weights, by_group

COUNTS = ("tp", "fp", "fn")
_FEWEST_OF_A_CLASS = 10


def _answers(scores: Any, labels: Any) -> IntArray:
    """Return the number of the class that each item is given, (n_items,)."""
    label_ranks(scores, labels)  # refuses what is no score or no label
    return np.asarray(scores) if np.ndim(scores) == 1 else np.asarray(scores).argmax(axis=1)


def _names(labels: Any) -> list[str]:
    names: list[str] | None = getattr(labels, "class_names", None)
    if names is None:
        raise ValueError("the classes have no names")
    return names


def _mean_f1(statistics: DoubleArray) -> float:
    truth, answers = statistics[:, 0].astype(np.int64), statistics[:, 1].astype(np.int64)
    n = int(statistics[0, 2])
    true, answered = np.bincount(truth, minlength=n), np.bincount(answers, minlength=n)
    right = np.bincount(truth[truth == answers], minlength=n)
    return float(_f1(right.astype(float), (true + answered).astype(float)).mean())


def _f1(right: DoubleArray, sides: DoubleArray) -> DoubleArray:
    return np.asarray(np.divide(2 * right, sides, out=np.zeros_like(right), where=sides > 0))


def _weighted_mean_f1(statistics: DoubleArray) -> Weighted:
    truth, answers = statistics[:, 0], statistics[:, 1]
    classes = np.arange(int(statistics[0, 2]))
    true_of, right_of = by_group(truth, truth == answers, values=classes)
    (answered_of,) = by_group(answers, values=classes)

    def values(weights: Weights) -> DoubleArray:
        return np.asarray(_f1(right_of(weights), true_of(weights) + answered_of(weights)).mean(axis=0))

    return Weighted(values, len(statistics))


def _few_in_classes(statistics: DoubleArray) -> str:
    counts = np.bincount(statistics[:, 0].astype(np.int64), minlength=int(statistics[0, 2]))
    return doubts.few_in_classes(counts.astype(float), fewest=_FEWEST_OF_A_CLASS, what="items")


@metric("F1-over-all-classes", of_items=_mean_f1, of_weights=_weighted_mean_f1, doubt=_few_in_classes)
def f1_over_all_classes(scores: Any, labels: Any) -> DoubleArray:
    """F1 of each class of the task, averaged over all of them; a class without a right answer counts 0.

    scikit-learn's macro F1 with `labels=` all classes and `zero_division=0`. `F1-over-classes` leaves out the classes
    that no label names.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 0, 0, 1]), class_names=["cat", "dog", "owl"])
    >>> round(f1_over_all_classes.metric.compute(np.array([0, 0, 1, 1]), labels), 3)  # (0.8 + 2/3 + 0) / 3
    0.489
    """
    answers = _answers(scores, labels)
    n = np.full(len(answers), len(_names(labels)), dtype=np.float64)
    return np.stack([np.asarray(labels, dtype=np.float64), answers.astype(np.float64), n], axis=1)


def _counts(scores: Any, labels: Any, label: str | None) -> DoubleArray:
    """Return (n_items, 3) of 0 and 1: the class (any class) is given rightly, given wrongly, missed."""
    names, answers = _names(labels), _answers(scores, labels)
    if label is None:
        right = answers == np.asarray(labels)
        return np.stack([right, ~right, ~right], axis=1).astype(np.float64)
    if label not in names:
        raise ValueError(f"no class '{label}'")
    given, true = answers == names.index(label), np.asarray(labels) == names.index(label)
    return np.stack([given & true, given & ~true, true & ~given], axis=1).astype(np.float64)


def _share(above: Callable[[DoubleArray], Any], below: Callable[[DoubleArray], Any]) -> Callable[..., DoubleArray]:
    """Return the reducer of a share of counts (..., 3): undefined without an item of the class, 0 without an answer."""

    def reduce(sums: DoubleArray, n: DoubleArray) -> DoubleArray:  # noqa: ARG001 - the reducer's signature
        over, under = np.asarray(above(sums), dtype=np.float64), np.asarray(below(sums))
        share = np.divide(over, under, out=np.zeros_like(over), where=under > 0)
        return np.asarray(np.where(sums[..., 0] + sums[..., 2] > 0, share, np.nan))

    return reduce


@metric(
    "class-F1",
    of_sums=_share(lambda s: 2 * s[..., 0], lambda s: 2 * s[..., 0] + s[..., 1] + s[..., 2]),
    columns=COUNTS,
)
def f1(scores: Any, labels: Any, *, label: Text | None = None) -> DoubleArray:
    """F1 of one class, or of all of them together.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 0, 0, 1]), class_names=["cat", "dog"])
    >>> f1.metric.of_sums(f1(np.array([0, 0, 1, 1]), labels, label="cat").sum(axis=0), 4).item()
    0.8
    """
    return _counts(scores, labels, label)


@metric("class-precision", of_sums=_share(lambda s: s[..., 0], lambda s: s[..., 0] + s[..., 1]), columns=COUNTS)
def precision(scores: Any, labels: Any, *, label: Text | None = None) -> DoubleArray:
    """Share of the items that are given a class which belong to it.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 0, 0, 1]), class_names=["cat", "dog"])
    >>> precision.metric.of_sums(precision(np.array([0, 0, 1, 1]), labels, label="dog").sum(axis=0), 4).item()
    0.5
    """
    return _counts(scores, labels, label)


@metric("class-recall", of_sums=_share(lambda s: s[..., 0], lambda s: s[..., 0] + s[..., 2]), columns=COUNTS)
def recall(scores: Any, labels: Any, *, label: Text | None = None) -> DoubleArray:
    """Share of the items of a class that are given it.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 0, 0, 1]), class_names=["cat", "dog"])
    >>> round(recall.metric.of_sums(recall(np.array([0, 0, 1, 1]), labels, label="cat").sum(axis=0), 4).item(), 3)
    0.667
    """
    return _counts(scores, labels, label)
