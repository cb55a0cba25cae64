"""Groups and names found without labels: predicted labels, or the best of scores, against labels (n_items,).

Statistics hold predicted and gold label of each item; what a group is worth depends on all its items together.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from zsbench.core.lazy import DoubleArray, IntArray, lazy, np
from zsbench.metrics.labels._answers import answers
from zsbench.metrics.metric import metric
from zsbench.metrics.tallies import Sums, Weighted, Weights, by_group

if TYPE_CHECKING:
    import scipy.optimize as optimize
else:
    optimize = lazy("scipy.optimize")


def contingency(statistics: DoubleArray) -> DoubleArray:
    """Return how many items have predicted label i and gold label j, over the labels that occur."""
    (rows, n_rows), (columns, n_columns) = (_renumbered(column) for column in statistics[:, :2].T)
    counts = np.bincount(rows * n_columns + columns, minlength=n_rows * n_columns)
    return np.asarray(counts.reshape(n_rows, n_columns), dtype=np.float64)


def _renumbered(labels: DoubleArray) -> tuple[IntArray, int]:
    """Return labels (n_items,) numbered without gaps, in their order, and how many there are."""
    numbers = labels.astype(np.int64)
    occurs = np.bincount(numbers) > 0
    return (np.cumsum(occurs) - 1)[numbers], int(occurs.sum())


def _pairs(pred: Any, gold: Any) -> DoubleArray:
    return np.stack(answers(pred, gold), axis=1).astype(np.float64)


def _matched(statistics: DoubleArray) -> float:
    counts = contingency(statistics)
    rows, columns = optimize.linear_sum_assignment(counts, maximize=True)
    return float(counts[rows, columns].sum() / len(statistics))


# What matching classes costs, in sums of numbers, by the square of how many there are.
_MATCHING = 10


def _cells(statistics: DoubleArray) -> tuple[Any, tuple[int, int], Sums]:
    """Return the places of a contingency table that are not empty, its size, and the sums over the items of each."""
    (rows, n_rows), (columns, n_columns) = (_renumbered(column) for column in statistics[:, :2].T)
    cells = rows * n_columns + columns
    return np.unique(cells), (n_rows, n_columns), by_group(cells)[0]


def _weighted_matched(statistics: DoubleArray) -> Weighted:
    places, size, sums = _cells(statistics)
    n = len(statistics)

    def values(weights: Weights) -> DoubleArray:
        table, shares = np.zeros(size), []
        for counts in sums(weights).T:
            table.flat[places] = counts
            # Rows and columns without items match nothing, and finding that out is what takes long.
            filled = table[np.ix_(table.any(axis=1), table.any(axis=0))]
            shares.append(filled[optimize.linear_sum_assignment(filled, maximize=True)].sum() / n)
        return np.asarray(shares)

    return Weighted(values, n + _MATCHING * size[0] * size[1])


@metric("clustering-acc", of_items=_matched, of_weights=_weighted_matched)
def clustering_accuracy(pred: Any, labels: Any) -> DoubleArray:
    """Accuracy under the best one-to-one matching of predicted groups to classes (Hungarian algorithm).

    Source: Zhang et al. 2024, arXiv:2308.12960, section 4.

    Examples
    --------
    >>> pred, labels = np.array([5, 5, 7, 7, 7]), np.array([0, 0, 1, 1, 0])
    >>> clustering_accuracy.metric.compute(pred, labels)
    0.8
    """
    return _pairs(pred, labels)


def _hit_true_named(statistics: DoubleArray) -> tuple[int, int, int]:
    """Return how many classes are named correctly at least once, are true, and are named or true."""
    predicted, gold = statistics.T
    return _distinct(gold[predicted == gold]), _distinct(gold), _distinct(statistics.ravel())


def _distinct(labels: DoubleArray) -> int:
    return int(np.count_nonzero(np.bincount(labels.astype(np.int64))))


def _vocabulary_iou(statistics: DoubleArray) -> float:
    hit, _, either = _hit_true_named(statistics)
    return hit / either


@metric("vocabulary-IoU", of_items=_vocabulary_iou)
def vocabulary_iou(pred: Any, labels: Any) -> DoubleArray:
    """Classes named correctly at least once, of all classes named or true.

    Source: Zhang et al. 2024, arXiv:2308.12960, reference implementation.

    Examples
    --------
    >>> pred, labels = np.array([0, 1, 1]), np.array([0, 0, 2])
    >>> round(vocabulary_iou.metric.compute(pred, labels), 3)
    0.333
    """
    return _pairs(pred, labels)


def _missing(statistics: DoubleArray, *, when: str = "never-right") -> float:
    hit, true, either = _hit_true_named(statistics)
    return float(true - hit if when == "never-right" else either - _distinct(statistics[:, 0]))


@metric("missing-classes", unit="", better="lower", of_items=_missing)
def missing_classes(
    pred: Any,
    labels: Any,
    *,
    when: Literal["never-right", "never-named"] = "never-right",  # noqa: ARG001 - the reducer's
) -> DoubleArray:
    """Number of true classes that no image is named by correctly (or, `when=never-named`, named by at all).

    Resampling can lose a class altogether, so the interval lies low. Source: Zhang et al. 2024, arXiv:2308.12960,
    reference implementation.

    Examples
    --------
    >>> pred, labels = np.array([0, 1, 1]), np.array([0, 0, 2])
    >>> missing_classes.metric.compute(pred, labels)
    1.0
    """
    return _pairs(pred, labels)


def _with_keys(pred: Any, gold: Any) -> DoubleArray:
    """Return predicted label, gold label and a number of its own for each item, so that a resample's copies show."""
    pairs = _pairs(pred, gold)
    keys = np.random.default_rng(zlib.crc32(pairs.tobytes())).random(len(pairs))
    return np.concatenate([pairs, keys[:, None]], axis=1)


def _pair_share(statistics: DoubleArray, axis: int) -> float:
    """Return the share of pairs in one group of `axis` (0 predicted, 1 gold) that are in one group of the other.

    An item and its copy are no pair: in a resample they would always agree.
    """
    counts = contingency(statistics)
    groups = counts.sum(axis=1 - axis)
    copies = np.unique(statistics[:, 2], return_counts=True)[1]
    apart = [(n * (n - 1)).sum() - (copies * (copies - 1)).sum() for n in (counts, groups)]
    return float(apart[0] / apart[1]) if apart[1] else float("nan")


def _pair_precision(statistics: DoubleArray) -> float:
    return _pair_share(statistics, 0)


def _pair_recall(statistics: DoubleArray) -> float:
    return _pair_share(statistics, 1)


def _weighted_pairs(statistics: DoubleArray, axis: int) -> Weighted:
    groups_of, items_of = by_group(statistics[:, axis])[0], by_group(statistics[:, 2])[0]
    _, _, cells_of = _cells(statistics)

    def values(weights: Weights) -> DoubleArray:
        copies, together, one_side = (_pairs_within(sums(weights)) for sums in (items_of, cells_of, groups_of))
        out = np.full(copies.shape, np.nan)
        return np.asarray(np.divide(together - copies, one_side - copies, out=out, where=one_side > copies))

    return Weighted(values, 4 * len(statistics))


def _pairs_within(counts: DoubleArray) -> DoubleArray:
    """Return how many ordered pairs lie within the groups of which `counts` (n_groups, n_resamples) gives the sizes."""
    return np.asarray(np.einsum("gr,gr->r", counts, counts - 1))


@metric("pair-precision", of_items=_pair_precision, of_weights=partial(_weighted_pairs, axis=0))
def pair_precision(pred: Any, labels: Any) -> DoubleArray:
    """Share of the item pairs put into one group that belong to one class; undefined without such a pair.

    Examples
    --------
    >>> pred, labels = np.array([5, 5, 7, 7, 7]), np.array([0, 0, 1, 1, 0])
    >>> pair_precision.metric.compute(pred, labels)
    0.5
    """
    return _with_keys(pred, labels)


@metric("pair-recall", of_items=_pair_recall, of_weights=partial(_weighted_pairs, axis=1))
def pair_recall(pred: Any, labels: Any) -> DoubleArray:
    """Share of the item pairs of one class that are put into one group; undefined without such a pair.

    Examples
    --------
    >>> pred, labels = np.array([5, 5, 7, 7, 7]), np.array([0, 0, 1, 1, 0])
    >>> pair_recall.metric.compute(pred, labels)
    0.5
    """
    return _with_keys(pred, labels)
