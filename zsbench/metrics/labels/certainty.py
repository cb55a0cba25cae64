"""How sure a classifier is, before and after doubtful classes were taken from an item's choice.

The probabilities p of an item's classes follow from what the scores are (`core.score_kinds`): for logits they are
the softmax at the model's own scale, unless the task sets another. A score of minus infinity marks a class that was
taken away (method `shrink-certainty`), so one row tells both stages:

    certain         nothing taken away,  max p >= threshold
    newly certain   some taken away,     max p >= threshold
    never certain   max p < threshold

Source: Yang et al. 2023, arXiv:2308.06777, section 3.
"""

from __future__ import annotations

from typing import Any, Literal

from zsbench.config.options import PositiveShare
from zsbench.core.lazy import BoolArray, DoubleArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.metrics.metric import metric


def _confidence_and_removed(scores: Any, labels: Any) -> tuple[DoubleArray, BoolArray]:
    """Return the highest probability of each item, (n_items,), and which classes it lost, (n_items, n_classes).

    `labels` may say what the scores are; without that they are logits.

    Raises
    ------
    ValueError
        Predictions are labels without scores or distances, a score is NaN, or an item lost every class.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2:
        raise ValueError("predictions are labels without scores, so there is no certainty")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).any(axis=1).sum())} items have NaN scores")
    top = scores.max(axis=1, keepdims=True)
    if np.isneginf(top).any():
        raise ValueError(f"{int(np.isneginf(top).sum())} items have no class left")
    kind = getattr(labels, "scores", None) or ScoreKind("logits")
    return kind.probabilities(scores).max(axis=1), np.isneginf(scores)


@metric("certain-ratio", interval="wilson")
def certain_ratio(
    scores: Any,
    labels: Any,
    *,
    classes: Literal["all", "kept"] = "all",
    threshold: PositiveShare = 0.95,
) -> DoubleArray:
    """Share of items whose best class has a probability of at least `threshold`, among all classes or those kept.

    Examples
    --------
    >>> scores, labels = np.array([[9.0, 0.0, 0.0], [9.0, 0.0, -np.inf], [0.0, 0.1, 0.0]]), np.array([0, 1, 1])
    >>> certain_ratio(scores, labels).tolist(), certain_ratio(scores, labels, classes="kept").tolist()
    ([1.0, 0.0, 0.0], [1.0, 1.0, 0.0])
    """
    confidence, removed = _confidence_and_removed(scores, labels)
    certain = confidence >= threshold
    return np.asarray(certain if classes == "kept" else certain & ~removed.any(axis=1), dtype=np.float64)


@metric("acc-among", interval="wilson", spelled_out=("items",))
def accuracy_among(
    scores: Any,
    labels: Any,
    *,
    items: Literal["certain", "newly-certain", "never-certain"] = "certain",
    threshold: PositiveShare = 0.95,
) -> DoubleArray:
    """Share of right best classes among the items that are certain, newly certain, or never certain.

    Examples
    --------
    >>> scores, labels = np.array([[9.0, 0.0, 0.0], [9.0, 0.0, -np.inf], [0.0, 0.1, 0.0]]), np.array([0, 1, 1])
    >>> accuracy_among(scores, labels).tolist()
    [1.0, nan, nan]
    """
    confidence, removed = _confidence_and_removed(scores, labels)
    certain, shrunk = confidence >= threshold, removed.any(axis=1)
    among = {"certain": certain & ~shrunk, "newly-certain": certain & shrunk, "never-certain": ~certain}[items]
    return np.where(among, np.asarray(scores).argmax(axis=1) == np.asarray(labels), np.nan)


@metric("removed-classes", unit="", better="lower")
def removed_classes(scores: Any, labels: Any) -> DoubleArray:
    """Number of classes taken away, averaged over the items that lost any.

    Examples
    --------
    >>> scores, labels = np.array([[9.0, 0.0, 0.0], [9.0, 0.0, -np.inf], [0.0, 0.1, 0.0]]), np.array([0, 1, 1])
    >>> removed_classes(scores, labels).tolist()
    [nan, 1.0, nan]
    """
    n = _confidence_and_removed(scores, labels)[1].sum(axis=1)
    return np.where(n > 0, n, np.nan)


@metric("gold-kept", interval="wilson")
def gold_kept(scores: Any, labels: Any) -> DoubleArray:
    """Share of items that still have their true class, among the items that lost any.

    Examples
    --------
    >>> scores, labels = np.array([[9.0, 0.0, 0.0], [9.0, 0.0, -np.inf], [0.0, 0.1, 0.0]]), np.array([0, 1, 1])
    >>> gold_kept(scores, labels).tolist()
    [nan, 1.0, nan]
    """
    removed = _confidence_and_removed(scores, labels)[1]
    kept = ~removed[np.arange(len(removed)), np.asarray(labels)]
    return np.where(removed.any(axis=1), kept, np.nan)
