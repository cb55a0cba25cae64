"""Labelled spans: a predicted span counts when label, start and end all equal a gold one.

Both sides are lists, one entry a sentence, of (start, end, label) with the end inclusive, in words. Spans form a
set, so duplicates collapse. Statistics are counts (tp, fp, fn); a ratio with an empty denominator is 0.

    P = tp / (tp + fp)      R = tp / (tp + fn)      F1 = 2 tp / (2 tp + fp + fn)

Source: GLiNER's evaluation (Zaratiana et al. 2023, arXiv:2311.08526); equals conlleval on clean IOB2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from zsbench.lazy import lazy
from zsbench.metrics import metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    np = lazy("numpy")

Span = tuple[int, int, str]
Spans = Sequence[Sequence[Span]]


def counts(pred: Spans, gold: Spans) -> Array:
    """Return (n_sentences, 3) counts of true positives, false positives and false negatives."""
    if len(pred) != len(gold):
        raise ValueError(f"{len(pred)} predicted sentences for {len(gold)} gold ones")
    pairs = [({tuple(s) for s in p}, {tuple(s) for s in g}) for p, g in zip(pred, gold, strict=True)]
    rows = [(len(p & g), len(p - g), len(g - p)) for p, g in pairs]
    return np.asarray(rows, dtype=np.float64).reshape(-1, 3)


def counts_by_label(pred: Spans, gold: Spans) -> tuple[list[str], Array]:
    """Return the labels present on either side, sorted, and counts (n_sentences, n_labels, 3)."""
    labels = sorted({span[2] for side in (pred, gold) for spans in side for span in spans})
    tables = [
        counts([[s for s in p if s[2] == label] for p in pred], [[s for s in g if s[2] == label] for g in gold])
        for label in labels
    ]
    return labels, np.stack(tables, axis=1) if tables else np.zeros((len(gold), 0, 3))


def _ratio(above: Array, below: Array) -> Array:
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))


def _f1(sums: Array) -> Array:
    return _ratio(2 * sums[..., 0], 2 * sums[..., 0] + sums[..., 1] + sums[..., 2])


def _reduce_f1(sums: Array, n: Array, average: str = "micro") -> Array:  # noqa: ARG001 - the reducer's signature
    if average == "micro":
        return _f1(sums)
    by_label = sums.reshape(*sums.shape[:-1], -1, 3)
    present = by_label.sum(axis=-1) > 0
    return _ratio((_f1(by_label) * present).sum(axis=-1), present.sum(axis=-1).astype(np.float64))


@metric("F1", of_sums=_reduce_f1)
def f1(pred: Spans, gold: Spans, *, average: Literal["micro", "macro"] = "micro") -> Array:
    """F1 of exact spans: micro over all of them, or the mean over labels present in gold or prediction."""
    if average == "micro":
        return counts(pred, gold)
    return counts_by_label(pred, gold)[1].reshape(len(gold), -1)


@metric("precision", of_sums=lambda sums, n: _ratio(sums[..., 0], sums[..., 0] + sums[..., 1]))  # noqa: ARG005
def precision(pred: Spans, gold: Spans) -> Array:
    """Share of predicted spans that are right, micro over all sentences."""
    return counts(pred, gold)


@metric("recall", of_sums=lambda sums, n: _ratio(sums[..., 0], sums[..., 0] + sums[..., 2]))  # noqa: ARG005
def recall(pred: Spans, gold: Spans) -> Array:
    """Share of gold spans that were found, micro over all sentences."""
    return counts(pred, gold)
