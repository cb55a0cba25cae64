"""From what items scored to what concepts did: values of concepts, and intervals that draw concepts anew.

Statistics (n_items, 1 + 2m) of items that are about up to m concepts each: number of the first, what the item scored,
count of the first; then number and count of each further one. A number of -1 stands for none. A class is a concept of
its items, which have no other; an image has all those that its captions name.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics import shares
from zsbench.metrics.frequency_curve import log_counts
from zsbench.metrics.frequency_trend import FEW, Estimate, OfWeights, over_concepts, rank_correlations, slopes
from zsbench.metrics.metric import Interval

COLUMNS = ("class", "right", "count")
NONE = -1
_RESAMPLES = 2000


def of_concepts(statistics: DoubleArray) -> tuple[IntArray, DoubleArray, DoubleArray]:
    """Return number, mean score and count of each concept that has items, (n_concepts,) each.

    Examples
    --------
    >>> of_concepts(np.array([[4.0, 1, 90, 2, 7], [2, 0, 7, -1, 0], [-1, 1, 0, -1, 0]]))
    (array([2, 4]), array([0.5, 1. ]), array([ 7., 90.]))
    """
    further = range(3, statistics.shape[1], 2)
    concepts, counts = statistics[:, [0, *further]], statistics[:, [2, *(column + 1 for column in further)]]
    held = concepts != NONE
    scores = np.broadcast_to(statistics[:, 1, None], concepts.shape)[held]
    numbers, first, place, sizes = np.unique(concepts[held], return_index=True, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=scores, minlength=len(sizes)) / sizes
    return numbers.astype(np.int64), np.asarray(means), np.asarray(counts[held][first])


def _estimate(statistics: DoubleArray, statistic: OfWeights, resamples: int, confidence: float) -> Estimate:
    _, values, counts = of_concepts(statistics)
    x = log_counts(counts) / np.log(10) if statistic is slopes else counts
    return over_concepts(statistic, x, values, resamples=resamples, confidence=confidence)


def _few(n: int, noun: str) -> str:
    return f"few {noun}: {n}" if n < FEW else ""


def _mean(statistics: DoubleArray) -> float:
    return float(of_concepts(statistics)[1].mean())


def _mean_interval(statistics: DoubleArray, clusters: IntArray | None, confidence: float) -> Interval:  # noqa: ARG001
    """Return Wilson's interval of a mean of shares: of as many answers as vary like the mean of the concepts."""
    shares_of = of_concepts(statistics)[1]
    n, p = len(shares_of), float(shares_of.mean())
    variance = float(shares_of.var(ddof=1)) / n if n > 1 else 0.0
    size = p * (1 - p) / variance if variance else float(n)
    size *= shares.shrinkage(n, confidence) if n > 1 else 1.0
    return Interval(
        *shares.wilson(min(p * size, size), size, confidence=confidence), "wilson over concepts", _few(n, "concepts")
    )


def _over_concepts(statistic: OfWeights, noun: str) -> dict[str, Any]:
    """Return value and interval of a statistic of concepts, as `metric` takes them."""

    def value(statistics: DoubleArray) -> float:
        found = _estimate(statistics, statistic, 1, 0.95).value
        return float("nan") if found is None else found

    def interval(statistics: DoubleArray, clusters: IntArray | None, confidence: float) -> Interval:  # noqa: ARG001
        found = _estimate(statistics, statistic, _RESAMPLES, confidence)
        if found.low is None or found.high is None:
            return Interval(float("nan"), float("nan"), "undefined")
        note = _few(len(of_concepts(statistics)[0]), noun)
        return Interval(found.low, found.high, f"bootstrap over {noun}, B={_RESAMPLES}", note)

    return {"of_items": value, "closed": interval}


SLOPE, RHO = (_over_concepts(statistic, "classes") for statistic in (slopes, rank_correlations))
"""Value and interval over classes of the slope per decade, and of the correlation of ranks."""
SLOPE_OF_CONCEPTS, RHO_OF_CONCEPTS = (
    _over_concepts(statistic, "concepts") for statistic in (slopes, rank_correlations)
)
"""The same where items are about several concepts."""
MEAN_OF_CONCEPTS: dict[str, Any] = {"of_items": _mean, "closed": _mean_interval}
"""The mean over concepts of shares."""
