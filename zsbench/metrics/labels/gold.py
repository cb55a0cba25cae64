"""Gold of single-label classification, with what some metrics need beside the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import BoolArray, DoubleArray, IntArray, NDArray
from zsbench.core.score_kinds import ScoreKind


@dataclass(frozen=True)
class Labels:
    """Labels that know their classes; `np.asarray(gold)` gives the labels alone.

    Attributes
    ----------
    labels : (n_items,), 0-based, or a 0/1 matrix (n_items, n_classes).
    unseen : (n_classes,) True where the class had no labelled example; None where there is no such split.
    distances : (n_classes, n_classes) distance between classes, or None.
    groups : (n_items,) number of each item's group, or None.
    scores : what the scores that these labels judge are, for metrics that need probabilities; None for logits.
    class_names : in label order, for metrics of single classes; None where nobody asks for them by name.
    counts : (n_classes,) how often each class stands in pretraining data, or None.
    """

    labels: IntArray
    unseen: BoolArray | None = None
    distances: DoubleArray | None = None
    groups: IntArray | None = None
    scores: ScoreKind | None = None
    class_names: list[str] | None = None
    counts: IntArray | None = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the labels."""
        return self.labels if dtype is None else self.labels.astype(dtype)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.labels)
