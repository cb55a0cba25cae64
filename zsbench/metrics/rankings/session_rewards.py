"""Rewards of generated sessions, given by a model of the user's own: G lists a session, one number each.

    reward-mean(of=T) = mean over sessions of  mean_g reward_T[g]
    reward-max(of=T)  = mean over sessions of  max_g  reward_T[g]

T names what the reward model predicts (session watch time, views, follows, likes). A session without rewards is
undefined.

Source: Deng et al. 2025 (OneRec), arXiv:2502.18965, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.config.options import Text
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings.recommended import Recommended


@metric("reward-mean", unit="")
def reward_mean(pred: Sequence[Recommended], gold: Sequence[Any], *, of: Text = "reward") -> DoubleArray:
    """Mean reward of a session's lists, averaged over sessions.

    Examples
    --------
    >>> pred = [Recommended([], {"watch": [1.0, 3.0]}), Recommended([])]
    >>> reward_mean(pred, [None, None], of="watch").tolist()
    [2.0, nan]
    """
    return _each(pred, gold, of, np.mean)


@metric("reward-max", unit="")
def reward_max(pred: Sequence[Recommended], gold: Sequence[Any], *, of: Text = "reward") -> DoubleArray:
    """Best reward among a session's lists, averaged over sessions.

    Examples
    --------
    >>> pred = [Recommended([], {"watch": [1.0, 3.0]}), Recommended([])]
    >>> reward_max(pred, [None, None], of="watch").tolist()
    [3.0, nan]
    """
    return _each(pred, gold, of, np.max)


def _each(
    pred: Sequence[Recommended], gold: Sequence[Any], of: str, reduce: Callable[[DoubleArray], Any]
) -> DoubleArray:
    if len(pred) != len(gold):
        raise ValueError(f"{len(pred)} answers for {len(gold)} sessions")
    rows = [np.asarray(answer.rewards.get(of, []), dtype=np.float64) for answer in pred]
    if any(np.isnan(row).any() for row in rows):
        raise ValueError(f"a reward '{of}' is NaN")
    return np.asarray([reduce(row) if len(row) else np.nan for row in rows], dtype=np.float64)
