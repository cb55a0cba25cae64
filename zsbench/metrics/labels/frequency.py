"""How accuracy goes with how often classes stand in pretraining data: scores (n_items, n_classes) against labels.

Gold is `Labels` with `counts`, one number a class. The statistics of an item are its class, whether it is right, and
the count of its class; the metrics are of the accuracies of classes. Classes are what is drawn again for intervals.

Source: Udandarao et al. 2024, arXiv:2404.04125; `frequency_trend` has the formulas.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.frequency_curve import log_counts
from zsbench.metrics.frequency_trend import FEW, Estimate, OfWeights, over_concepts, rank_correlations, slopes
from zsbench.metrics.labels.classification import label_ranks
from zsbench.metrics.metric import Interval, metric

COLUMNS = ("class", "right", "count")
_RESAMPLES = 2000


def of_classes(statistics: DoubleArray) -> tuple[IntArray, DoubleArray, DoubleArray]:
    """Return number, accuracy and count of each class that has items, (n_classes,) each, of statistics (n_items, 3)."""
    numbers, first, place, sizes = np.unique(
        statistics[:, 0], return_index=True, return_inverse=True, return_counts=True
    )
    accuracies = np.bincount(place, weights=statistics[:, 1]) / sizes
    return numbers.astype(np.int64), np.asarray(accuracies), np.asarray(statistics[first, 2])


def _estimate(statistics: DoubleArray, statistic: OfWeights, resamples: int, confidence: float) -> Estimate:
    _, accuracies, counts = of_classes(statistics)
    x = log_counts(counts) / np.log(10) if statistic is slopes else counts
    return over_concepts(statistic, x, accuracies, resamples=resamples, confidence=confidence)


def _value(statistics: DoubleArray, statistic: OfWeights) -> float:
    value = _estimate(statistics, statistic, 1, 0.95).value
    return float("nan") if value is None else value


def _interval(statistics: DoubleArray, statistic: OfWeights, confidence: float) -> Interval:
    found = _estimate(statistics, statistic, _RESAMPLES, confidence)
    if found.low is None or found.high is None:
        return Interval(float("nan"), float("nan"), "undefined")
    n = len(of_classes(statistics)[0])
    note = f"few classes: {n}" if n < FEW else ""
    return Interval(found.low, found.high, f"bootstrap over classes, B={_RESAMPLES}", note)


def _slope(statistics: DoubleArray) -> float:
    return _value(statistics, slopes)


def _slope_interval(statistics: DoubleArray, clusters: IntArray | None, confidence: float) -> Interval:  # noqa: ARG001
    return _interval(statistics, slopes, confidence)


def _rho(statistics: DoubleArray) -> float:
    return _value(statistics, rank_correlations)


def _rho_interval(statistics: DoubleArray, clusters: IntArray | None, confidence: float) -> Interval:  # noqa: ARG001
    return _interval(statistics, rank_correlations, confidence)


def counts_of(labels: Any) -> IntArray:
    """Return the counts of the classes that gold knows, (n_classes,).

    Raises
    ------
    ValueError
        It knows none.
    """
    counts = getattr(labels, "counts", None)
    if counts is None:
        raise ValueError("classes have no counts, such as `frequency:` in the task names")
    return np.asarray(counts)


def _statistics(scores: Any, labels: Any) -> DoubleArray:
    numbers, counts = np.asarray(labels), counts_of(labels)
    right = label_ranks(scores, labels) < 1
    return np.stack([numbers.astype(np.float64), right, counts[numbers]], axis=1)


@metric("slope-per-decade", better="lower", of_items=_slope, closed=_slope_interval, strata=0, columns=COLUMNS, right=1)
def slope_per_decade(scores: Any, labels: Any) -> DoubleArray:
    """How much more accurate a class is for ten times the count, by least squares; a count of 0 is one of 1.

    0 says that accuracy does not hang on frequency. Undefined with fewer than three classes or equal counts.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 1, 1, 2]), counts=np.array([1, 10, 100]))
    >>> round(slope_per_decade.metric.compute(np.array([1, 1, 0, 2]), labels), 3)  # accuracies 0, 0.5, 1
    0.5
    """
    return _statistics(scores, labels)


@metric(
    "frequency-spearman",
    unit="",
    better="lower",
    of_items=_rho,
    closed=_rho_interval,
    strata=0,
    columns=COLUMNS,
    right=1,
)
def frequency_spearman(scores: Any, labels: Any) -> DoubleArray:
    """Correlation of the ranks of count and accuracy over classes, from -1 to 1. `spearman(frequency)`, too.

    Undefined with fewer than three classes, equal counts or equal accuracies.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> labels = Labels(np.array([0, 1, 1, 2]), counts=np.array([1, 10, 100]))
    >>> round(frequency_spearman.metric.compute(np.array([0, 1, 0, 1]), labels), 3)  # accuracies 1, 0.5, 0
    -1.0
    """
    return _statistics(scores, labels)
