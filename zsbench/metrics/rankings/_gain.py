"""nDCG with exponential gain, computed here: trec_eval keeps one counter a grade, so a gain of 2^31 - 1 breaks it.

    DCG@k = sum over ranks r <= k of (2^grade_r - 1) / log2(r + 1)        nDCG@k = DCG@k / DCG@k of the ideal order

Grades below 1 gain nothing. All gains of a query are divided by 2^(its largest grade), which is exact and cancels, so
that no grade is too large.

Source: Burges et al. 2005 (ICML).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.rankings.pytrec import Judged, Ranking, checked_pairs, trec_order


def exponential_ndcg(rankings: Sequence[Ranking | None], qrels: Sequence[Judged], *, k: int | None) -> DoubleArray:
    """Return nDCG at k for each query, as `pytrec.evaluate` defines absent and unjudged ones.

    Raises
    ------
    ValueError
        The lengths differ, or a score is NaN or infinite.
    """
    rows = np.full(len(qrels), np.nan)
    for number, ranking, grades in checked_pairs(rankings, qrels, k):
        rows[number] = _ndcg(trec_order(ranking, k), grades, k)
    return rows


def _ndcg(order: Sequence[str], grades: Judged, k: int | None) -> float:
    largest = max(grades.values())
    if largest < 1:
        return 0.0

    def dcg(sequence: Iterable[int]) -> float:
        return sum(_gain(grade, largest) / math.log2(rank + 1) for rank, grade in enumerate(sequence, 1))

    ideal = dcg(sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:k])
    return dcg(grades.get(document, 0) for document in order[:k]) / ideal


def _gain(grade: int, largest: int) -> float:
    """Return (2^grade - 1) / 2^largest."""
    return math.ldexp(1.0, grade - largest) - math.ldexp(1.0, -largest) if grade > 0 else 0.0
