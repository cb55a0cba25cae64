"""What AR2's repository prints beside top-k accuracy: sums over the k ranks divided by k, not by what is to be found.

With hits at the ranks r_1 < r_2 < ... (from 1) among the first k passages of a question:

    MRR_n  = 1 / r_1                          MAP_n  = (1 / k) sum_j j / r_j
    P_n    = number of hits / k               DCG_n  = sum_j 1 / log2(r_j + 1)
    nDCG_n = DCG_n / sum_{r <= k} log2(r + 1), the discounts themselves where an ideal ranking sums their inverses

MAP_n and nDCG_n are far below MAP and nDCG and compare with nothing else.

Source: the public code of Zhang et al. 2022 (AR2), arXiv:2110.03611.
"""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.config.options import Cutoff
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings.answers import Answered, Rankings, answer_ranks


def _hits(rankings: Rankings, gold: Sequence[Answered], k: int) -> DoubleArray:
    """Return 1 where the passage at a rank holds an answer, (n_questions, k); NaN rows are undefined."""
    return answer_ranks(rankings, gold, k).hits(k)


@metric("MRR_n")
def reciprocal_rank(rankings: Rankings, gold: Sequence[Answered], *, k: Cutoff) -> DoubleArray:
    """One over the rank of the first passage with an answer, 0 when none is among the first k.

    Examples
    --------
    >>> texts = {"p": "It rose in 1912.", "q": "Paris, of course"}
    >>> rankings, gold = [{"p": 2.0, "q": 1.0}], [Answered(["paris"], texts.__getitem__)]
    >>> reciprocal_rank(rankings, gold, k=2).tolist()
    [0.5]
    """
    return np.asarray((_hits(rankings, gold, k) / np.arange(1, k + 1)).max(axis=1))


@metric("MAP_n")
def average_precision(rankings: Rankings, gold: Sequence[Answered], *, k: Cutoff) -> DoubleArray:
    """Precision at each passage with an answer, divided by k.

    Examples
    --------
    >>> texts = {"p": "It rose in 1912.", "q": "Paris, of course"}
    >>> rankings, gold = [{"p": 2.0, "q": 1.0}], [Answered(["paris"], texts.__getitem__)]
    >>> average_precision(rankings, gold, k=2).tolist()
    [0.25]
    """
    hits = _hits(rankings, gold, k)
    return np.asarray((hits * hits.cumsum(axis=1) / np.arange(1, k + 1)).sum(axis=1) / k)


@metric("P_n")
def precision(rankings: Rankings, gold: Sequence[Answered], *, k: Cutoff) -> DoubleArray:
    """Share of the first k passages that hold an answer.

    Examples
    --------
    >>> texts = {"p": "It rose in 1912.", "q": "Paris, of course"}
    >>> rankings, gold = [{"p": 2.0, "q": 1.0}], [Answered(["paris"], texts.__getitem__)]
    >>> precision(rankings, gold, k=2).tolist()
    [0.5]
    """
    return np.asarray(_hits(rankings, gold, k).mean(axis=1))


@metric("DCG_n", unit="")
def discounted_gain(rankings: Rankings, gold: Sequence[Answered], *, k: Cutoff) -> DoubleArray:
    """Passages with an answer, discounted by 1/log2(rank + 1).

    Examples
    --------
    >>> texts = {"p": "It rose in 1912.", "q": "Paris, of course"}
    >>> rankings, gold = [{"p": 2.0, "q": 1.0}], [Answered(["paris"], texts.__getitem__)]
    >>> discounted_gain(rankings, gold, k=2).round(3).tolist()
    [0.631]
    """
    return np.asarray(_hits(rankings, gold, k) @ (1 / np.log2(np.arange(2, k + 2))))


@metric("nDCG_n")
def normalised_gain(rankings: Rankings, gold: Sequence[Answered], *, k: Cutoff) -> DoubleArray:
    """DCG_n over the sum of log2(rank + 1): not normalised to 1.

    Examples
    --------
    >>> texts = {"p": "It rose in 1912.", "q": "Paris, of course"}
    >>> rankings, gold = [{"p": 2.0, "q": 1.0}], [Answered(["paris"], texts.__getitem__)]
    >>> normalised_gain(rankings, gold, k=2).round(3).tolist()
    [0.244]
    """
    return np.asarray(discounted_gain(rankings, gold, k=k) / np.log2(np.arange(2, k + 2)).sum())
