"""Classification by groups of items (regions, income classes): the worst group's accuracy, and macro F1.

Gold is `Labels` with `groups`, one number an item; scores are (n_items, n_classes).

Source: Koh et al. 2021 (WILDS), arXiv:2012.07421; Gadre et al. 2023 (DataComp), arXiv:2304.14108, appendix.
"""

from __future__ import annotations

from typing import Any

from zsbench.config.options import Count, Cutoff
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.labels.classification import among_best, label_ranks
from zsbench.metrics.metric import metric


def _worst(statistics: DoubleArray, *, min_items: Count = 1) -> float:
    groups = statistics[:, 0].astype(np.int64)
    sizes, right = np.bincount(groups), np.bincount(groups, weights=statistics[:, 1])
    counted = sizes >= max(min_items, 1)
    return float((right[counted] / sizes[counted]).min()) if counted.any() else float("nan")


@metric("worst-group-acc", of_items=_worst, strata=0)
def worst_group_accuracy(
    scores: Any,
    labels: Any,
    *,
    k: Cutoff = 1,
    min_items: Count = 1,  # noqa: ARG001 - the reducer's
) -> DoubleArray:
    """Accuracy at k in the group where it is lowest; resampled within groups.

    Groups with fewer than `min_items` items are left out: a handful of odd ones is no group.

    Raises
    ------
    ValueError
        The data has no groups, or there are fewer than k classes.
    """
    groups = getattr(labels, "groups", None)
    if groups is None:
        raise ValueError("the data has no groups, such as a `group:` column")
    return np.stack([np.asarray(groups, dtype=np.float64), among_best(scores, labels, k)], axis=1)


def _macro_f1(statistics: DoubleArray) -> float:
    from sklearn.metrics import f1_score

    truth, answers = statistics[:, 0], statistics[:, 1]
    return float(f1_score(truth, answers, average="macro", labels=np.unique(truth), zero_division=0.0))


@metric("F1-over-classes", of_items=_macro_f1)
def f1_over_classes(scores: Any, labels: Any) -> DoubleArray:
    """F1 of each class present in the labels, averaged over these classes."""
    label_ranks(scores, labels)  # refuses what is no score or no label
    answers = np.asarray(scores) if np.ndim(scores) == 1 else np.asarray(scores).argmax(axis=1)
    return np.stack([np.asarray(labels, dtype=np.float64), answers.astype(np.float64)], axis=1)
