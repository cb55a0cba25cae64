"""The class a prediction names: what metrics over labels, groups and hierarchies start from."""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import IntArray, np


def answers(pred: Any, gold: Any) -> tuple[IntArray, IntArray]:
    """Return predicted and gold labels, (n_items,) each; among equal scores the lowest class answers.

    Parameters
    ----------
    pred : scores (n_items, n_classes), or labels (n_items,) of an integer type.
    gold : labels (n_items,), 0-based.

    Raises
    ------
    ValueError
        Shapes disagree, a score is NaN, or a label is negative.
    """
    scores, labels = np.asarray(pred), np.asarray(gold)
    if scores.ndim == 2:
        if np.isnan(scores).any():
            raise ValueError(f"{int(np.isnan(scores).any(axis=1).sum())} items have NaN scores")
        scores = scores.argmax(axis=1)
    elif not np.issubdtype(scores.dtype, np.integer):
        raise ValueError(f"predictions {scores.shape} of type {scores.dtype} are neither scores nor labels")
    if labels.shape != scores.shape:
        raise ValueError(f"predictions {np.shape(pred)} and labels {labels.shape} do not fit")
    if len(labels) and min(scores.min(), labels.min()) < 0:
        raise ValueError("a label is negative")
    return scores.astype(np.int64), labels.astype(np.int64)
