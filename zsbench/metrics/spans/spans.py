"""Labelled spans: a predicted span counts when label, start and end all equal a gold one.

Both sides are lists, one entry a sentence, of rows that begin with (start, end, label), the end inclusive, in words.
Spans form a set, so duplicates collapse. A mention without borders is counted and equals nothing. Statistics are
counts (tp, fp, fn). Without a gold span nothing can be right, and all three are undefined; with gold spans, the
precision of no prediction is 0.

    P = tp / (tp + fp)      R = tp / (tp + fn)      F1 = 2 tp / (2 tp + fp + fn)

`average=micro` counts all spans together, `macro` is the mean over the labels present in gold or prediction, `weighted`
their mean weighted by gold spans. `label=NAME` speaks of the spans of that label alone.

Source: GLiNER's evaluation (Zaratiana et al. 2023, arXiv:2311.08526); equals conlleval on clean IOB2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from zsbench.config.options import Text
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric

Spans = Sequence[Sequence[Any]]
Average = Literal["micro", "macro", "weighted"]
COUNTS = ("tp", "fp", "fn")


def counts(pred: Spans, gold: Spans, label: str | None = None) -> DoubleArray:
    """Return (n_sentences, 3) counts of true positives, false positives and false negatives, of one label or of all."""
    if len(pred) != len(gold):
        raise ValueError(f"{len(pred)} predicted sentences for {len(gold)} gold ones")
    rows = []
    for predicted, true in zip(pred, gold, strict=True):
        p, g = ({_key(span) for span in side if label in (None, span[2])} for side in (predicted, true))
        right = sum(key[0] is not None for key in p & g)
        rows.append((right, len(p) - right, len(g) - right))
    return np.asarray(rows, dtype=np.float64).reshape(-1, 3)


def _key(span: Sequence[Any]) -> tuple[Any, ...]:
    """Return what makes a span one of a kind: without borders, its text too."""
    return tuple(span[:3]) if span[0] is not None else tuple(span)


def counts_by_label(pred: Spans, gold: Spans) -> tuple[list[str], DoubleArray]:
    """Return the labels present on either side, sorted, and counts (n_sentences, n_labels, 3)."""
    labels = sorted({span[2] for side in (pred, gold) for spans in side for span in spans})
    tables = [counts(pred, gold, label) for label in labels]
    return labels, np.stack(tables, axis=1) if tables else np.zeros((len(gold), 0, 3))


def _ratio(above: DoubleArray, below: DoubleArray) -> DoubleArray:
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))


def _precision(sums: DoubleArray) -> DoubleArray:
    return _ratio(sums[..., 0], sums[..., 0] + sums[..., 1])


def _recall(sums: DoubleArray) -> DoubleArray:
    return _ratio(sums[..., 0], sums[..., 0] + sums[..., 2])


def _f1(sums: DoubleArray) -> DoubleArray:
    return _ratio(2 * sums[..., 0], 2 * sums[..., 0] + sums[..., 1] + sums[..., 2])


def _averaged(share: Callable[[DoubleArray], DoubleArray]) -> Callable[..., DoubleArray]:
    """Return the reducer of a share of (..., 3) counts, which are a table of labels unless the average is micro."""

    def reduce(sums: DoubleArray, n: DoubleArray, average: str = "micro") -> DoubleArray:  # noqa: ARG001 - the reducer's signature
        by_label = sums.reshape(*sums.shape[:-1], -1, 3)
        support = by_label[..., 0] + by_label[..., 2]
        weights = support if average == "weighted" else (by_label.sum(axis=-1) > 0).astype(np.float64)
        mean = share(sums) if average == "micro" else _ratio((share(by_label) * weights).sum(-1), weights.sum(-1))
        return np.asarray(np.where(support.sum(axis=-1) > 0, mean, np.nan))

    return reduce


def _statistics(pred: Spans, gold: Spans, average: str, label: str | None) -> DoubleArray:
    if average == "micro":
        return counts(pred, gold, label)
    if label is not None:
        raise ValueError(f"label={label} leaves nothing to average over; leave average={average} out")
    return counts_by_label(pred, gold)[1].reshape(len(gold), -1)


@metric("F1", of_sums=_averaged(_f1), columns=COUNTS)
def f1(pred: Spans, gold: Spans, *, average: Average = "micro", label: Text | None = None) -> DoubleArray:
    """F1 of exact spans.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> f1.metric.compute(pred, gold)
    0.4
    """
    return _statistics(pred, gold, average, label)


@metric("precision", of_sums=_averaged(_precision), columns=COUNTS)
def precision(pred: Spans, gold: Spans, *, average: Average = "micro", label: Text | None = None) -> DoubleArray:
    """Share of predicted spans that are right.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> precision.metric.compute(pred, gold)
    0.5
    """
    return _statistics(pred, gold, average, label)


@metric("recall", of_sums=_averaged(_recall), columns=COUNTS)
def recall(pred: Spans, gold: Spans, *, average: Average = "micro", label: Text | None = None) -> DoubleArray:
    """Share of gold spans that were found.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> round(recall.metric.compute(pred, gold), 3)
    0.333
    """
    return _statistics(pred, gold, average, label)
