"""Recommended items against those of the session that followed, (n_sessions,); candidates are the whole catalogue.

    HitRate@k          1 if any of the first k items is in the session
    session-recall@k   items of the session among the first k, divided by all of the session
    session-nDCG@k     sum over ranks r <= k of hit_r / log2(r + 1), over that of min(k, |session|) hits at the head

An item that is recommended twice counts where it stands first, and takes both places. Items of a session are different
ones; a session without items is undefined.

Source: Deng et al. 2025 (OneRec), arXiv:2502.18965, section 4; Järvelin & Kekäläinen 2002.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from zsbench.config.options import Cutoff
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings.positives import PositiveRanks, of_lists
from zsbench.metrics.rankings.recommended import Recommended


@metric("HitRate", interval="wilson")
def hit_rate(pred: Sequence[Recommended], gold: Sequence[Collection[str]], *, k: Cutoff) -> DoubleArray:
    """Share of sessions with at least one item among the first k recommended ones.

    Examples
    --------
    >>> pred, gold = [Recommended(["a", "b", "c"])], [["b", "c", "d"]]
    >>> hit_rate(pred, gold, k=1).tolist(), hit_rate(pred, gold, k=2).tolist()
    ([0.0], [1.0])
    """
    return _ranks(pred, gold).hit(k)


@metric("session-recall")
def session_recall(pred: Sequence[Recommended], gold: Sequence[Collection[str]], *, k: Cutoff) -> DoubleArray:
    """Share of a session's items among the first k recommended ones, averaged over sessions.

    Examples
    --------
    >>> pred, gold = [Recommended(["a", "b", "c"])], [["b", "c", "d"]]
    >>> session_recall(pred, gold, k=3).round(3).tolist()
    [0.667]
    """
    table = _ranks(pred, gold)
    return table.within(k) / np.maximum(table.sizes, 1)


@metric("session-nDCG")
def session_ndcg(pred: Sequence[Recommended], gold: Sequence[Collection[str]], *, k: Cutoff) -> DoubleArray:
    """Binary gain of the first k recommended items, discount 1/log2(rank + 1), over that of the best list.

    Examples
    --------
    >>> pred, gold = [Recommended(["a", "b", "c"])], [["b", "c", "d"]]
    >>> session_ndcg(pred, gold, k=3).round(3).tolist()
    [0.531]
    """
    table = _ranks(pred, gold)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    best = np.cumsum(discounts)[np.clip(table.sizes, 1, k) - 1]
    return np.asarray(table.hits(k) @ discounts / best)


def _ranks(pred: Sequence[Recommended], gold: Sequence[Collection[str]]) -> PositiveRanks:
    """Return the ranks of each session's items among the recommended ones."""
    return of_lists([answer.items for answer in pred], gold)
