"""How accuracy goes with how often classes stand in pretraining data: scores (n_items, n_classes) against labels.

Gold is `Labels` with `counts`, one number a class. The statistics of an item are its class, whether it is right, and
the count of its class; the metrics are of the accuracies of classes. Classes are what is drawn again for intervals.

Source: Udandarao et al. 2024, arXiv:2404.04125; `frequency_trend` has the formulas.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.by_concept import COLUMNS, RHO, SLOPE
from zsbench.metrics.labels.classification import label_ranks
from zsbench.metrics.metric import metric


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


@metric("slope-per-decade", better="lower", strata=0, columns=COLUMNS, right=1, **SLOPE)
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
    strata=0,
    columns=COLUMNS,
    right=1,
    **RHO,
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
