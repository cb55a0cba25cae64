"""Gold as metrics of classes take it: labels, with what the task knows about their classes, groups and scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.lazy import IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Problem
from zsbench.metrics.labels.gold import Labels


def known_labels(
    gold: Sequence[Any], groups: IntArray | None, problem: Problem, kind: ScoreKind | None
) -> Labels | IntArray:
    """Return gold for metrics: bare where nothing but the labels is known.

    Parameters
    ----------
    gold : a label an image, or several of them.
    groups : (n_images,) numbers of the images' groups, or None.
    problem : the classes, with what is known about them.
    kind : what the predicted scores are, for metrics that need probabilities.
    """
    labels = label_array(gold, len(problem.class_names))
    if labels.ndim > 1:
        return labels if kind is None else Labels(labels, scores=kind)
    known = any(part is not None for part in (problem.unseen, problem.distances, groups, kind, problem.counts))
    if not known:
        return labels
    return Labels(labels, problem.unseen, problem.distances, groups, kind, counts=problem.counts)


def label_array(gold: Sequence[Any], n_classes: int) -> IntArray:
    """Return labels (n,), or the 0/1 matrix (n, n_classes) where items carry several labels."""
    if all(isinstance(label, int) for label in gold):
        return np.asarray(gold, dtype=np.int64)
    matrix = np.zeros((len(gold), n_classes), dtype=np.int64)
    for row, labels in enumerate(gold):
        matrix[row, [labels] if isinstance(labels, int) else list(labels)] = 1
    return matrix
