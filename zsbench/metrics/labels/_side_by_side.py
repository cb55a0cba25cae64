"""Scores and targets of several labels an item in one table, so that classes can be chosen and items drawn in both."""

from __future__ import annotations

from typing import Any, Literal

from zsbench.core.lazy import DoubleArray, np

Columns = Literal["all", "unseen"]


def side_by_side(scores: Any, gold: Any, columns: Columns = "all") -> DoubleArray:
    """Return scores and 0/1 targets as (n_items, 2 n_classes), of all classes or of the unseen ones.

    Raises
    ------
    ValueError
        Shapes disagree, a score is NaN, a target is neither 0 nor 1, predictions are labels without scores, nothing
        says which classes are unseen, or none is.
    """
    table = _all_classes(scores, gold)
    if columns == "all":
        return table
    unseen = getattr(gold, "unseen", None)
    if unseen is None or not np.any(unseen):
        raise ValueError("the task does not say which classes are unseen (`unseen:` in its YAML)")
    return table[:, np.tile(np.asarray(unseen, dtype=bool), 2)]


def _all_classes(scores: Any, targets: Any) -> DoubleArray:
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
