"""What one item's scores of all classes are worth, given its true classes: (n_classes,) each, targets 0 or 1."""

from __future__ import annotations

from collections.abc import Callable

from zsbench.core.lazy import DoubleArray, np


def of_rows(table: DoubleArray, value: Callable[[DoubleArray, DoubleArray], float]) -> DoubleArray:
    """Return `value(scores, targets)` of every row of a table of both, (n_items,); NaN without a true class."""
    scores, targets = np.split(table, 2, axis=1)
    rows = zip(scores, targets, strict=True)
    return np.array([value(s, t) if t.any() else np.nan for s, t in rows], dtype=np.float64)


def tie_averaged_ndcg(scores: DoubleArray, targets: DoubleArray, k: int | None = None) -> float:
    """Return the nDCG of one item: classes of equal scores share the discounts of their ranks.

    Gains are the targets, discounts 1 / log2(rank + 1) up to rank k. Source: McSherry & Najork 2008; sklearn's
    ndcg_score.
    """
    ranks = np.arange(1, len(scores) + 1)
    reached = np.concatenate([[0.0], np.cumsum(np.where(ranks <= (k or len(scores)), 1 / np.log2(ranks + 1), 0))])
    _, groups, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    gains = np.bincount(groups, weights=targets) / sizes
    return float(gains @ (reached[ends] - reached[ends - sizes]) / reached[int(targets.sum())])


def reciprocal_rank(scores: DoubleArray, targets: DoubleArray) -> float:
    """Return one over the rank of the first true class; of equal scores the first column leads."""
    return 1 / (1 + int(np.argmax(targets[np.argsort(-scores, kind="stable")])))


def recall(scores: DoubleArray, targets: DoubleArray, *, k: int) -> float:
    """Return the share of the true classes among the first k; of equal scores the last column leads."""
    return float(targets[np.argsort(scores, kind="stable")[-k:]].sum() / targets.sum())
