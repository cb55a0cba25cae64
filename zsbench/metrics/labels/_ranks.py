"""What one ranking by scores is worth, of the items of a class or the classes of an item: (n,) each, targets 0 or 1.

`_weighted_ranks` has the same of many resamples at once.
"""

from __future__ import annotations

from zsbench.core.lazy import DoubleArray, np


def average_precision(scores: DoubleArray, targets: DoubleArray, *, interpolation: str = "none") -> float:
    """Return the average precision of scores (n,); 0 without positives.

    Precision at a positive is the share of positives among all that score at least as high.

    none : that precision, averaged over the positives.
    11 : the best precision at recall >= r, averaged over r = 0, 0.1, ..., 1.
    """
    positives = np.sort(scores[targets > 0])
    n = len(positives)
    if not n:
        return 0.0
    hits = n - np.searchsorted(positives, positives)
    precision = hits / (len(scores) - np.searchsorted(np.sort(scores), positives))
    if interpolation == "none":
        return float(precision.mean())
    # From low to high scores recall falls, so the best precision at recall >= r is a running maximum.
    best = np.maximum.accumulate(precision)[::-1]
    # In whole numbers: positive number ceil(r n / 10) is the first to reach recall r / 10.
    first = np.maximum(-(-np.arange(11) * n // 10), 1) - 1
    return float(best[first].mean())


def area(scores: DoubleArray, targets: DoubleArray) -> float:
    """Return the area under one class's ROC curve, P(positive above negative) with ties half; NaN if one side lacks.

    Scores and targets are (n_items,).
    """
    positives, negatives = scores[targets > 0], np.sort(scores[targets == 0])
    if not len(positives) or not len(negatives):
        return float("nan")
    wins = sum(np.searchsorted(negatives, positives, side).sum() for side in ("left", "right")) / 2
    return float(wins / (len(positives) * len(negatives)))
