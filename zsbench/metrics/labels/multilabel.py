"""Multi-label classification: scores (n_items, n_classes) against a 0/1 matrix.

`mAP` and `ROC-AUC` rank the items within each class, the metrics called `row-...` the classes within each item; the
two averages of one table differ. Gold may also be labels (n_items,), read as one positive an item. Statistics of rank
metrics over classes are the scores and the targets side by side, (n_items, 2 n_classes), because they need all items
together; a metric of rows has one number an item. `columns=unseen` looks at the classes alone that had no labelled
example. An item without a true class has no row average: it is undefined, not 0.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from zsbench.config.options import AnyFloat, Cutoff
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics import doubts
from zsbench.metrics.labels import _weighted_ranks as weighted
from zsbench.metrics.labels._ranks import area, average_precision
from zsbench.metrics.labels._rows import of_rows, recall, reciprocal_rank, tie_averaged_ndcg
from zsbench.metrics.labels._side_by_side import Columns, side_by_side
from zsbench.metrics.metric import metric
from zsbench.metrics.tallies import Weighted

Average = Literal["macro", "micro"]


def _mean_average_precision(statistics: DoubleArray, *, interpolation: str = "none") -> float:
    scores, targets = np.split(statistics, 2, axis=1)
    pairs = zip(scores.T, targets.T, strict=True)
    return float(np.mean([average_precision(s, t, interpolation=interpolation) for s, t in pairs]))


def _weighted_map(statistics: DoubleArray, *, interpolation: str = "none") -> Weighted:
    of_class = partial(weighted.precision, interpolation=interpolation)
    level = 10 if interpolation == "none" else 40
    return weighted.of_every_class(statistics, of_class, lambda values: values.mean(axis=1), level=level)


_FEWEST_POSITIVES = 25


def _few_positives(statistics: DoubleArray) -> str:
    positives = np.split(statistics, 2, axis=1)[1].sum(axis=0)
    return doubts.few_in_classes(positives, fewest=_FEWEST_POSITIVES, what="positives")


@metric("mAP", of_items=_mean_average_precision, of_weights=_weighted_map, doubt=_few_positives)
def mean_average_precision(
    scores: Any,
    targets: Any,
    *,
    interpolation: Literal["none", "11"] = "none",  # noqa: ARG001 - the reducer's
) -> DoubleArray:
    """Average precision of each class, averaged over all classes; a class without positives counts 0.

    `interpolation=11` is PASCAL VOC's measure up to 2009. Source: Everingham et al. 2010, section 4.2; Radford et
    al. 2021, appendix A.

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3], [0.5, 0.7], [0.1, 0.2]]), np.array([[1, 1], [0, 0], [1, 0]])
    >>> round(mean_average_precision.metric.compute(scores, targets), 3)
    0.667
    """
    return side_by_side(scores, targets)


def _roc_auc(statistics: DoubleArray, *, average: Average = "macro") -> float:
    scores, targets = np.split(statistics, 2, axis=1)
    if average == "micro":
        return area(scores.ravel(), targets.ravel())
    areas = np.array([area(s, t) for s, t in zip(scores.T, targets.T, strict=True)])
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")


def _weighted_roc_auc(statistics: DoubleArray, *, average: Average = "macro") -> Weighted:
    if average == "micro":
        return weighted.pooled_area(*np.split(statistics, 2, axis=1))
    return weighted.of_every_class(statistics, weighted.area, weighted.mean_of_defined, level=15)


@metric("ROC-AUC", of_items=_roc_auc, of_weights=_weighted_roc_auc)
def roc_auc(
    scores: Any,
    targets: Any,
    *,
    average: Average = "macro",  # noqa: ARG001 - the reducer's
    columns: Columns = "all",
) -> DoubleArray:
    """Area under the ROC curve of each class, averaged over the classes with positives and negatives.

    `average=micro` is one curve of all cells of the table together. With two classes and one label an item, both
    classes are ranked by the difference of the two scores, which orders items as the probability of either class does.
    Source: Radford et al. 2021, appendix A (Hateful Memes); sklearn's roc_auc_score of the flattened table.

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3], [0.5, 0.7], [0.1, 0.2]]), np.array([[1, 1], [0, 0], [1, 0]])
    >>> roc_auc.metric.compute(scores, targets)
    0.5
    """
    table = side_by_side(scores, targets, columns)
    if np.ndim(targets) == 1 and table.shape[1] == 4:
        table[:, :2] -= table[:, 1::-1].copy()
    return table


def _f1(sums: DoubleArray, n: DoubleArray) -> DoubleArray:  # noqa: ARG001 - the reducer's signature
    """Return the mean over classes of 2 tp / (2 tp + fp + fn); 0 for a class that is neither true nor predicted."""
    of_class = sums.reshape(*sums.shape[:-1], -1, 2)
    hits, errors = 2 * of_class[..., 0], of_class[..., 1]
    f1 = np.divide(hits, hits + errors, out=np.zeros_like(hits), where=hits + errors > 0)
    return np.asarray(f1.mean(axis=-1))


@metric("label-F1", of_sums=_f1, columns=("tp", "errors"), spelled_out=("average",))
def label_f1(
    scores: Any,
    targets: Any,
    *,
    average: Average = "macro",
    threshold: AnyFloat = 0.0,
    columns: Columns = "all",
) -> DoubleArray:
    """F1 of the classes whose score is above a threshold, averaged over classes; 0 for one neither true nor predicted.

    `average=micro` counts the cells of all classes together. Source: sklearn's f1_score of a 0/1 table.

    Examples
    --------
    >>> scores, targets = np.array([[0.9, -0.3], [0.5, 0.7], [-0.1, 0.2]]), np.array([[1, 1], [0, 1], [1, 0]])
    >>> label_f1.metric.compute(scores, targets)
    0.5
    """
    scores, targets = np.split(side_by_side(scores, targets, columns), 2, axis=1)
    predicted, true = scores > threshold, targets > 0
    counts = np.stack([predicted & true, predicted ^ true], axis=2).astype(np.float64)
    return counts.sum(axis=1) if average == "micro" else counts.reshape(len(counts), -1)


@metric("row-mAP")
def row_mean_average_precision(scores: Any, targets: Any, *, columns: Columns = "all") -> DoubleArray:
    """Average precision of each item over its classes, averaged over items (sklearn's, of the rows of the table).

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3, 0.5], [0.1, 0.7, 0.2]]), np.array([[1, 1, 0], [0, 1, 0]])
    >>> round(row_mean_average_precision.metric.compute(scores, targets), 3)
    0.917
    """
    return of_rows(side_by_side(scores, targets, columns), average_precision)


@metric("lrap")
def ranking_precision(scores: Any, targets: Any, *, columns: Columns = "all") -> DoubleArray:
    """Label ranking average precision: at each true class, the share of true ones among those that score as high.

    Equal to row-mAP wherever an item has a true class. Source: Tsoumakas et al. 2009; sklearn.

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3, 0.5], [0.1, 0.7, 0.2]]), np.array([[1, 1, 0], [0, 1, 0]])
    >>> round(ranking_precision.metric.compute(scores, targets), 3)
    0.917
    """
    return of_rows(side_by_side(scores, targets, columns), average_precision)


@metric("lrap_of_binary")
def ranking_precision_of_binary(
    scores: Any, targets: Any, *, threshold: AnyFloat = 0.0, columns: Columns = "all"
) -> DoubleArray:
    """Label ranking average precision of the classes above a threshold, all of them at one rank; no reciprocal rank.

    The code of HyperPAVE (arXiv:2402.08802) prints it as "MRR".

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3, -0.5], [0.1, 0.7, -0.2]]), np.array([[1, 1, 0], [0, 1, 0]])
    >>> ranking_precision_of_binary.metric.compute(scores, targets)
    0.75
    """

    def value(scores: DoubleArray, targets: DoubleArray) -> float:
        return average_precision(np.asarray(scores > threshold, dtype=np.float64), targets)

    return of_rows(side_by_side(scores, targets, columns), value)


@metric("row-nDCG")
def row_ndcg(scores: Any, targets: Any, *, k: Cutoff | None = None, columns: Columns = "all") -> DoubleArray:
    """Gain of the first k classes of an item over the best possible, averaged over items; ties are averaged.

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3, 0.5], [0.1, 0.7, 0.7]]), np.array([[1, 1, 0], [0, 1, 0]])
    >>> round(row_ndcg.metric.compute(scores, targets), 3)
    0.868
    """
    return of_rows(side_by_side(scores, targets, columns), partial(tie_averaged_ndcg, k=k))


@metric("row-MRR")
def row_reciprocal_rank(scores: Any, targets: Any, *, columns: Columns = "all") -> DoubleArray:
    """One over the rank of an item's first true class, averaged over items; of equal scores the first column leads.

    Examples
    --------
    >>> scores, targets = np.array([[0.9, 0.3, 0.5], [0.1, 0.7, 0.2]]), np.array([[0, 1, 0], [0, 1, 0]])
    >>> round(row_reciprocal_rank.metric.compute(scores, targets), 3)
    0.667
    """
    return of_rows(side_by_side(scores, targets, columns), reciprocal_rank)


@metric("row-hit")
def row_hit(scores: Any, targets: Any, *, k: Cutoff, columns: Columns = "all") -> DoubleArray:
    """Share of an item's true classes among its first k (recall at k); of equal scores the last column leads.

    Source: HyperPAVE's Hit@k (arXiv:2402.08802), in which a perfect order of an item of two classes has 0.5 at k = 1.

    Examples
    --------
    >>> row_hit([[0.9, 0.3, 0.5], [0.7, 0.7, 0.2]], [[1, 1, 0], [1, 0, 0]], k=1)
    array([0.5, 0. ])
    """
    return of_rows(side_by_side(scores, targets, columns), partial(recall, k=k))
