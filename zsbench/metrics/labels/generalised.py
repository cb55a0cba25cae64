"""Seen and unseen classes apart: accuracy of each group when every class may be answered, and their harmonic mean.

An item belongs to the group of its true class. `average=item` counts items (transductive zero-shot papers),
`average=class` is the mean over classes that generalised zero-shot papers call S, U and H.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics import doubts, shares
from zsbench.metrics.labels.classification import label_ranks
from zsbench.metrics.metric import Interval, metric
from zsbench.metrics.tallies import Weighted, Weights, by_group

LABEL, RIGHT, UNSEEN, DIVISOR, STRATUM = range(5)  # columns of the statistics


def _rows(scores: Any, gold: Any, average: str, absent: str) -> DoubleArray:
    """Return (n_items, 5): label, right or not, unseen or not, classes of its group to divide by (0: those present),
    stratum for resampling.
    """
    unseen, labels = getattr(gold, "unseen", None), np.asarray(gold, dtype=np.int64)
    if unseen is None:
        raise ValueError("the task does not say which classes are unseen (`unseen:` in its YAML)")
    of_unseen = np.asarray(unseen, dtype=bool)[labels]
    divisor = np.where(of_unseen, np.sum(unseen), np.size(unseen) - np.sum(unseen)) * (absent == "zero")
    stratum = labels if average == "class" else of_unseen  # every class, or both groups, in every resample
    return np.stack([labels, label_ranks(scores, labels) < 1, of_unseen, divisor, stratum], axis=1).astype(np.float64)


def _accuracy(rows: DoubleArray, average: str = "item") -> float:
    """Return the accuracy of one group's items; NaN when there are none."""
    if average == "item" or not len(rows):
        return float(rows[:, RIGHT].mean()) if len(rows) else float("nan")
    labels = rows[:, LABEL].astype(np.int64)
    totals, right = np.bincount(labels), np.bincount(labels, weights=rows[:, RIGHT])
    of_class = right[totals > 0] / totals[totals > 0]
    return float(of_class.sum() / (rows[0, DIVISOR] or len(of_class)))


def _harmonic(rows: DoubleArray, average: str = "item") -> float:
    seen, unseen = (_accuracy(rows[rows[:, UNSEEN] == flag], average) for flag in (0, 1))
    return harmonic_mean(seen, unseen)


def harmonic_mean(a: float, b: float) -> float:
    """Return 2ab / (a + b), 0 when one of them is 0."""
    return 2 * a * b / (a + b) if a + b != 0 else 0.0


def _weighted_accuracy(rows: DoubleArray, average: str = "item") -> Weighted:
    groups = rows[:, LABEL] if average == "class" else np.zeros(len(rows))
    totals_of, right_of = by_group(groups, rows[:, RIGHT] > 0)

    def values(weights: Weights) -> DoubleArray:
        totals, right = totals_of(weights), right_of(weights)
        of_class = np.divide(right, totals, out=np.zeros_like(right), where=totals > 0)
        divisor = (totals > 0).sum(axis=0) if average == "item" or not rows[0, DIVISOR] else rows[0, DIVISOR]
        sums = np.ascontiguousarray(of_class.T).sum(axis=1)
        # Clusters are not drawn group by group: a resample may lack one, and is then undefined.
        quotients = np.full(sums.shape, np.nan)
        np.divide(sums, divisor, out=quotients, where=np.asarray(divisor) > 0)
        return quotients

    return Weighted(values, len(rows))


def _weighted_harmonic(rows: DoubleArray, average: str = "item") -> Weighted | None:
    sides = [np.flatnonzero(rows[:, UNSEEN] == flag) for flag in (0, 1)]
    if not all(map(len, sides)):
        return None
    parts = [(items, _weighted_accuracy(rows[items], average)) for items in sides]

    def values(weights: Weights) -> DoubleArray:
        seen, unseen = (part.values(weights[items]) for items, part in parts)
        both = seen + unseen
        return np.divide(2 * seen * unseen, both, out=np.zeros_like(both), where=both != 0)

    return Weighted(values, len(rows))


def _of_group(rows: DoubleArray, *, unseen: bool) -> DoubleArray:
    return np.where(rows[:, [UNSEEN]] == unseen, rows, np.nan)


def _interval(
    rows: DoubleArray, clusters: IntArray | None, confidence: float, *, average: str = "item"
) -> Interval | None:
    """Return the interval of one group's accuracy; of class means over clusters, it is the bootstrap's."""
    if average == "item":
        ends = shares.of_values(rows[:, RIGHT], clusters, confidence=confidence)
        return Interval(*ends, "wilson", doubts.few_clusters(clusters))
    if clusters is not None:
        return None
    labels = rows[:, LABEL].astype(np.int64)
    low, high = shares.mean_of_shares(rows[:, RIGHT], labels, confidence=confidence)
    present = len(np.unique(labels))
    counted = present / (rows[0, DIVISOR] or present)  # the others of the divisor are 0 whatever the sample
    return Interval(low * counted, high * counted, "stratified wilson")


def _harmonic_interval(
    rows: DoubleArray, clusters: IntArray | None, confidence: float, *, average: str = "item"
) -> Interval | None:
    """Return the interval that follows from those of both groups, each moving the harmonic mean by itself (MOVER)."""
    sides = [rows[:, UNSEEN] == flag for flag in (0, 1)]
    if not all(side.any() for side in sides):
        return Interval(float("nan"), float("nan"), "undefined")
    parts = [rows[side] for side in sides]
    of_items = [None if clusters is None else np.unique(clusters[side], return_inverse=True)[1] for side in sides]
    found = [_interval(part, c, confidence, average=average) for part, c in zip(parts, of_items, strict=True)]
    if found[0] is None or found[1] is None:
        return None
    a, b = (_accuracy(part, average) for part in parts)
    value = harmonic_mean(a, b)
    low = math.hypot(*(value - harmonic_mean(*pair) for pair in ((found[0].low, b), (a, found[1].low))))
    high = math.hypot(*(harmonic_mean(*pair) - value for pair in ((found[0].high, b), (a, found[1].high))))
    if value == 0:  # neither group alone can move it where both are 0
        high = harmonic_mean(found[0].high, found[1].high)
    method = f"mover of {found[0].method}"
    ends = max(0.0, value - low), min(1.0, value + high)
    return Interval(*ends, method, doubts.few_clusters(clusters))


def _as_mean(rows: DoubleArray, *, average: str = "item") -> DoubleArray:
    """Return what each of one group's items adds, (n_items,): of class means, the more the smaller its class is."""
    if average == "item":
        return rows[:, RIGHT]
    numbers, sizes = np.unique(rows[:, LABEL], return_inverse=True, return_counts=True)[1:]
    return np.asarray(rows[:, RIGHT] * len(rows) / ((rows[0, DIVISOR] or len(sizes)) * sizes[numbers]))


_GROUP: dict[str, Any] = {
    "of_items": _accuracy,
    "of_weights": _weighted_accuracy,
    "strata": STRATUM,
    "closed": _interval,
    "as_mean": _as_mean,
    "right": RIGHT,
}


@metric("seen-acc", **_GROUP)
@companions(("absent", "average", "class"))
def seen_accuracy(
    scores: Any,
    gold: Any,
    *,
    average: Literal["item", "class"] = "item",
    absent: Literal["left-out", "zero"] = "left-out",
) -> DoubleArray:
    """Accuracy on items of seen classes, all classes being possible answers.

    Parameters
    ----------
    average : over items, or over classes (S of generalised zero-shot).
    absent : a seen class without items is left out of the mean over classes, or counts as 0 (Xian et al. 2017,
        arXiv:1707.00600, divide by the number of classes).

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> gold = Labels(np.array([0, 0, 1, 1]), unseen=np.array([False, True]))
    >>> pred = np.array([0, 0, 1, 0])
    >>> seen_accuracy.metric.compute(pred, gold)
    1.0
    """
    return _of_group(_rows(scores, gold, average, absent), unseen=False)


@metric("unseen-acc", **_GROUP)
@companions(("absent", "average", "class"))
def unseen_accuracy(
    scores: Any,
    gold: Any,
    *,
    average: Literal["item", "class"] = "item",
    absent: Literal["left-out", "zero"] = "left-out",
) -> DoubleArray:
    """Accuracy on items of unseen classes, all classes being possible answers; parameters as in seen-acc.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> gold = Labels(np.array([0, 0, 1, 1]), unseen=np.array([False, True]))
    >>> pred = np.array([0, 0, 1, 0])
    >>> unseen_accuracy.metric.compute(pred, gold)
    0.5
    """
    return _of_group(_rows(scores, gold, average, absent), unseen=True)


@metric("H", of_items=_harmonic, of_weights=_weighted_harmonic, strata=STRATUM, closed=_harmonic_interval, right=RIGHT)
@companions(("absent", "average", "class"))
def harmonic(
    scores: Any,
    gold: Any,
    *,
    average: Literal["item", "class"] = "item",
    absent: Literal["left-out", "zero"] = "left-out",
) -> DoubleArray:
    """Harmonic mean of seen-acc and unseen-acc, 0 when one is 0, undefined when a group has no items.

    Parameters as in seen-acc. Source: Xian et al. 2017, arXiv:1707.00600.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> gold = Labels(np.array([0, 0, 1, 1]), unseen=np.array([False, True]))
    >>> pred = np.array([0, 0, 1, 0])
    >>> round(harmonic.metric.compute(pred, gold), 3)
    0.667
    """
    return _rows(scores, gold, average, absent)
