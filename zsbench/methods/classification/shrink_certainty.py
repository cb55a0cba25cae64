"""ShrinkMatch's shrunk class space: an unsure image loses its likeliest rivals until the best class is certain.

    p(1) >= p(2) >= ... >= p(C)         the image's probabilities, sorted                  (n_images, n_classes)
    conf(c) = p(1) / (p(1) + sum_{j > c} p(j)),   c = 2, ..., C - 1       rivals 2..c taken away
    cut     = the first c with conf(c) >= threshold, else C - 1;   1 (nothing taken away) when p(1) >= threshold

The rule's scores are the logarithms of the probabilities left, minus infinity for a class taken away.

Source: Yang et al. 2023, arXiv:2308.06777, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import PositiveShare
from zsbench.core.lazy import BoolArray, DoubleArray, FloatArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule, softmax
from zsbench.methods.classification._support import scored


@method(family="classification", after="prompt-ensemble")
def shrink_certainty(*, threshold: PositiveShare = 0.95) -> Rule:
    """Take confusing classes away from images whose best class is not certain.

    Parameters
    ----------
    threshold : probability from which the best class counts as certain.
    """

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        first = scored(before, method="shrink-certainty")
        kind = first.kind.for_model(encoder.model, problem.probability_scale)

        def score(batch: Batch) -> FloatArray:
            logits = kind.logits(first.score(batch))
            return restricted(logits, shrink(softmax(logits), threshold=threshold))

        return Classifier(score, ScoreKind("log-probabilities"))

    return build


@dataclass(frozen=True)
class Shrunk:
    """What shrinking left of each image's choice.

    Attributes
    ----------
    kept : (n_images, n_classes) classes left; none where an unsure image has two classes, which cannot shrink.
    confidence : (n_images,) probability of the best class among those left (among all where it cannot shrink).
    cut_index : (n_images,) number of rivals taken away plus one; 1 for certain images, 0 where it cannot shrink.
    """

    kept: BoolArray
    confidence: DoubleArray
    cut_index: IntArray


def shrink(probabilities: Any, *, threshold: float = 0.95) -> Shrunk:
    """Return the classes each image keeps; probabilities are (n_images, n_classes), rows that sum to 1.

    Among equal probabilities the lower class counts as the likelier. At least one rival goes.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    n, n_classes = probabilities.shape
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    best, certain = ranked[:, 0], ranked[:, 0] >= threshold
    if n_classes < 3:
        return Shrunk(np.repeat(certain[:, None], n_classes, axis=1), best, certain.astype(np.int64))
    # Column c of `left` is the mass of the best class and of ranks c, c + 1, ... (counted from 0).
    left = best[:, None] + np.cumsum(ranked[:, ::-1], axis=1)[:, ::-1]
    met = best[:, None] / left >= threshold
    met[:, :2], met[:, -1] = False, True
    cut = np.where(certain, 1, met.argmax(axis=1))
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(n_classes), order.shape), axis=1)
    confidence = np.where(certain, best, best / left[np.arange(n), cut])
    return Shrunk((rank == 0) | (rank >= cut[:, None]), confidence, cut)


def restricted(logits: Any, shrunk: Shrunk) -> FloatArray:
    """Return log probabilities over the classes left (n_images, n_classes); minus infinity for the others."""
    return np.asarray(_log_softmax(logits, shrunk.kept | (shrunk.cut_index == 0)[:, None]), dtype=np.float32)


def shrunk_loss(logits: Any, probabilities: Any, shrunk: Shrunk, *, threshold: float = 0.95) -> DoubleArray:
    """Return each image's loss (n_images,): cross entropy of the best class among those left, times max p.

    Zero for certain images and for those that stay below the threshold. `logits` (n_images, n_classes) are those of
    another view and head, `probabilities` those that `shrunk` was made of.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    counts = (shrunk.cut_index > 1) & (shrunk.confidence >= threshold)
    logs = _log_softmax(logits, shrunk.kept | ~counts[:, None])
    best = probabilities.argmax(axis=1)
    return np.where(counts, -logs[np.arange(len(best)), best] * probabilities.max(axis=1), 0.0)


def _log_softmax(logits: Any, kept: BoolArray) -> DoubleArray:
    """Return the logarithm of the softmax over the classes kept, minus infinity elsewhere, float64."""
    left = np.where(kept, np.asarray(logits, dtype=np.float64), -np.inf)
    shifted = left - left.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
