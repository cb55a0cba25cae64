"""Labelled spans: a predicted span counts when label, start and end all equal a gold one.

Both sides are lists, one entry a sentence, of rows that begin with (start, end, label), the end inclusive, in words.
Spans form a set, so duplicates collapse. A mention without borders is counted and equals nothing. Statistics are
counts (tp, fp, fn). Without a gold span nothing can be right, and all three are undefined; with gold spans, the
precision of no prediction is 0.

    P = tp / (tp + fp)      R = tp / (tp + fn)      F1 = 2 tp / (2 tp + fp + fn)

`average=micro` counts all spans together, `macro` is the mean over the labels present in gold or prediction, `weighted`
their mean weighted by gold spans. `label=NAME` speaks of the spans of that label alone. `threshold=T` counts only
predictions that score above T: greedy decoding takes no span because of a lower one, so that what was decoded at a low
threshold is judged at any higher one.

Source: GLiNER's evaluation (Zaratiana et al. 2023, arXiv:2311.08526); equals conlleval on clean IOB2. seqeval's micro,
macro and weighted averages are these. Its strict mode differs in which spans it reads out of tags, not in how it counts
them; where a set lacks gold spans, it gives 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from zsbench.config.companions import companions
from zsbench.config.options import Share, Text
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.spans._tally import COUNTS, exact, ratio
from zsbench.metrics.spans.mentions import Rows, sides

Average = Literal["micro", "macro", "weighted"]


def counts_by_label(pred: Rows, gold: Rows, threshold: float | None = None) -> tuple[list[str], DoubleArray]:
    """Return the labels present on either side, sorted, and counts (n_sentences, 3 n_labels), side by side."""
    both = sides(pred, gold)
    return both.names, both.once(("counts of labels", threshold), lambda: exact(both, threshold).by_label())


def _precision(sums: DoubleArray) -> DoubleArray:
    return ratio(sums[..., 0], sums[..., 0] + sums[..., 1])


def _recall(sums: DoubleArray) -> DoubleArray:
    return ratio(sums[..., 0], sums[..., 0] + sums[..., 2])


def _f1(sums: DoubleArray) -> DoubleArray:
    return ratio(2 * sums[..., 0], 2 * sums[..., 0] + sums[..., 1] + sums[..., 2])


def _averaged(share: Callable[[DoubleArray], DoubleArray]) -> Callable[..., DoubleArray]:
    """Return the reducer of a share of (..., 3) counts, which are a table of labels unless the average is micro."""

    def reduce(sums: DoubleArray, n: DoubleArray, average: str = "micro") -> DoubleArray:  # noqa: ARG001 - the reducer's signature
        by_label = sums.reshape(*sums.shape[:-1], -1, 3)
        support = by_label[..., 0] + by_label[..., 2]
        weights = support if average == "weighted" else (by_label.sum(axis=-1) > 0).astype(np.float64)
        mean = share(sums) if average == "micro" else ratio((share(by_label) * weights).sum(-1), weights.sum(-1))
        return np.asarray(np.where(support.sum(axis=-1) > 0, mean, np.nan))

    return reduce


def _statistics(pred: Rows, gold: Rows, average: str, label: str | None, threshold: float | None) -> DoubleArray:
    """Return counts (n_sentences, 3), or those of each label side by side (n_sentences, 3 n_labels)."""
    if average == "micro":
        both = sides(pred, gold)
        return exact(both, threshold).by_sentence(both.number(label))
    return counts_by_label(pred, gold, threshold)[1]


@companions(("label", "average", "micro"))
@metric("F1", of_sums=_averaged(_f1), columns=COUNTS)
def f1(
    pred: Rows, gold: Rows, *, average: Average = "micro", label: Text | None = None, threshold: Share | None = None
) -> DoubleArray:
    """F1 of exact spans.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> f1.metric.compute(pred, gold)
    0.4
    """
    return _statistics(pred, gold, average, label, threshold)


@companions(("label", "average", "micro"))
@metric("precision", of_sums=_averaged(_precision), columns=COUNTS)
def precision(
    pred: Rows, gold: Rows, *, average: Average = "micro", label: Text | None = None, threshold: Share | None = None
) -> DoubleArray:
    """Share of predicted spans that are right.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> precision.metric.compute(pred, gold)
    0.5
    """
    return _statistics(pred, gold, average, label, threshold)


@companions(("label", "average", "micro"))
@metric("recall", of_sums=_averaged(_recall), columns=COUNTS)
def recall(
    pred: Rows, gold: Rows, *, average: Average = "micro", label: Text | None = None, threshold: Share | None = None
) -> DoubleArray:
    """Share of gold spans that were found.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> round(recall.metric.compute(pred, gold), 3)
    0.333
    """
    return _statistics(pred, gold, average, label, threshold)
