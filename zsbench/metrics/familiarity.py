"""How familiar evaluation labels are to what was trained on them: near labels count, and how often each was seen.

For an evaluation label e and training labels t with c_t mentions:

    sim(e, t)  = max(0, cosine of their vectors), 0 where a vector is zero          rows e, columns t
    s_1 >= ... >= s_k   every sim(e, t), repeated c_t times; the label at the border is cut
    familiarity(e) = sum_i w_i s_i / sum_i w_i
    w_i = 1 / i (zipf), (k - i + 1) / k (linear_decay), 1 (unweighted)

The macro value is the plain mean over evaluation labels. Where there are fewer than k mentions, `pad_zero` lets the
missing ones be 0 (a small training set is less familiar), and `truncate` takes as many as there are for k.

Source: Golde et al. 2025 (NAACL), arXiv:2412.10121, section 3. Its code refuses fewer than k mentions for zipf and
linear_decay, and pads with zeros for unweighted.
"""

from __future__ import annotations

from typing import Literal

from zsbench.core.lazy import AnyFloatArray, DoubleArray, IntArray, np
from zsbench.core.vectors import unit_rows

Weighting = Literal["zipf", "linear_decay", "unweighted"]
Short = Literal["pad_zero", "truncate"]

# Training labels whose vectors are compared at a time: memory holds one block of them in double precision.
_BLOCK = 16_384


def similarity(evaluation: AnyFloatArray, training: AnyFloatArray) -> DoubleArray:
    """Return cosines from 0 to 1, (n_evaluation, n_training), of vectors (n, width); negative ones are 0.

    Examples
    --------
    >>> similarity(np.array([[2.0, 0.0]]), np.array([[1.0, 1.0], [-1.0, 0.0], [0.0, 0.0]])).round(3).tolist()
    [[0.707, 0.0, 0.0]]
    """
    rows, whole = _unit(evaluation), np.empty((len(evaluation), len(training)))
    for start in range(0, len(training), _BLOCK):
        np.matmul(rows, _unit(training[start : start + _BLOCK]).T, out=whole[:, start : start + _BLOCK])
    # A cosine above 1 is rounding.
    return np.asarray(np.clip(whole, 0, 1, out=whole))


def _unit(vectors: AnyFloatArray) -> DoubleArray:
    return unit_rows(np.asarray(vectors, dtype=np.float64))


def weights(k: int, weighting: Weighting) -> DoubleArray:
    """Return w_1 to w_k, (k,)."""
    ranks = np.arange(1, k + 1, dtype=np.float64)
    if weighting == "zipf":
        return np.asarray(1 / ranks)
    return np.asarray((k - ranks + 1) / k) if weighting == "linear_decay" else np.ones(k)


def effective_k(counts: IntArray, k: int, short: Short) -> int:
    """Return how many mentions the weights run over: k, or with `truncate` no more than there are."""
    return min(k, int(counts.sum())) if short == "truncate" else k


def familiarity(
    similarities: AnyFloatArray,
    counts: IntArray,
    *,
    k: int = 1000,
    weighting: Weighting = "zipf",
    short: Short = "pad_zero",
) -> DoubleArray:
    """Return the familiarity of every evaluation label, (n_evaluation,), from 0 to 1.

    Parameters
    ----------
    similarities : (n_evaluation, n_training).
    counts : mentions of each training label, (n_training,), each at least 1.

    Examples
    --------
    >>> familiarity(np.array([[0.95, 0.8]]), np.array([200, 200]), k=400).round(4).tolist()
    [0.9342]
    """
    k = effective_k(counts, k, short)
    # Every label has a mention, so that the k nearest labels hold the k nearest mentions.
    nearest = nearest_labels(similarities, k)
    until = np.concatenate([[0.0], np.cumsum(weights(k, weighting))])
    # What the mentions of one label weigh together is the difference of two prefix sums.
    mass = np.diff(until[mentions_until(counts[nearest], k)], axis=1, prepend=0.0)
    sims = np.take_along_axis(np.asarray(similarities, dtype=np.float64), nearest, axis=1)
    return np.asarray((mass * sims).sum(axis=1) / until[-1])


def mentions_until(counts: IntArray, k: int) -> IntArray:
    """Return how many of the first k mentions belong to the first 1, 2, ... labels, (..., n_labels).

    Examples
    --------
    >>> mentions_until(np.array([10, 20, 30]), 25).tolist()
    [10, 25, 25]
    """
    return np.asarray(np.minimum(np.cumsum(counts, axis=-1), k))


def nearest_labels(similarities: AnyFloatArray, n: int) -> IntArray:
    """Return the numbers of the n most similar training labels (or all), (n_evaluation, n), the nearest first.

    Of equally similar ones the earlier stands first among those that are returned.
    """
    n = min(n, similarities.shape[1])
    best = np.sort(np.argpartition(-similarities, n - 1, axis=1)[:, :n], axis=1)
    order = np.argsort(-np.take_along_axis(similarities, best, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(best, order, axis=1))
