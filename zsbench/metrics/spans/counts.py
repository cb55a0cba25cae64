"""How many labelled spans were found, invented and missed: sums over all sentences of the counts behind F1.

Pred and gold are those of `spans`, and so are `label=` and `threshold=`. A sum over more sentences is larger, so that
counts compare between systems on the same sentences only. Their intervals are those of as many sentences drawn anew.
"""

from __future__ import annotations

from zsbench.config.options import Share, Text
from zsbench.core.lazy import DoubleArray
from zsbench.metrics.metric import metric, total
from zsbench.metrics.spans._tally import exact
from zsbench.metrics.spans.mentions import Rows, sides


def _counts(pred: Rows, gold: Rows, label: str | None, threshold: float | None = None) -> DoubleArray:
    both = sides(pred, gold)
    return exact(both, threshold).by_sentence(both.number(label))


@metric("TP", unit="spans", of_sums=total)
def true_positives(pred: Rows, gold: Rows, *, label: Text | None = None, threshold: Share | None = None) -> DoubleArray:
    """Predicted spans that are gold ones.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> true_positives.metric.compute(pred, gold)
    1.0
    """
    return _counts(pred, gold, label, threshold)[:, :1]


@metric("FP", unit="spans", better="lower", of_sums=total)
def false_positives(
    pred: Rows, gold: Rows, *, label: Text | None = None, threshold: Share | None = None
) -> DoubleArray:
    """Predicted spans that are no gold ones.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> false_positives.metric.compute(pred, gold)
    1.0
    """
    return _counts(pred, gold, label, threshold)[:, 1:2]


@metric("FN", unit="spans", better="lower", of_sums=total)
def false_negatives(
    pred: Rows, gold: Rows, *, label: Text | None = None, threshold: Share | None = None
) -> DoubleArray:
    """Gold spans that nobody predicted.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> false_negatives.metric.compute(pred, gold)
    2.0
    """
    return _counts(pred, gold, label, threshold)[:, 2:]


@metric("support", unit="spans", of_sums=total)
def support(pred: Rows, gold: Rows, *, label: Text | None = None) -> DoubleArray:
    """Gold spans, which no prediction changes: how much a label's score rests on.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 1, "PER"), (5, 6, "ORG"), (8, 8, "LOC")]]
    >>> support.metric.compute(pred, gold)
    3.0
    """
    counts = _counts(pred, gold, label)
    return counts[:, :1] + counts[:, 2:]
