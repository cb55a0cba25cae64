"""Episodic accuracy: predicted labels of each episode's queries against the true ones."""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric


@metric("episode-acc", interval="normal")
def episode_accuracy(pred: Any, gold: Any) -> DoubleArray:
    """Share of an episode's queries with the right label, averaged over episodes.

    Labels are matched as they are: no assignment of clusters to classes. The interval is the field's,
    mean +- 1.96 std / sqrt(n), with the population's std.

    Parameters
    ----------
    pred, gold : for each episode, labels of its queries (n_queries,).

    Raises
    ------
    ValueError
        An episode has no queries, other lengths in pred and gold, or a NaN label.

    Examples
    --------
    >>> episode_accuracy([[0, 1, 1], [2, 2]], [[0, 1, 0], [2, 2]]).round(3).tolist()
    [0.667, 1.0]
    """
    shares = []
    for number, (p, g) in enumerate(zip(pred, gold, strict=True)):
        if len(p) != len(g) or not len(g):
            raise ValueError(f"episode {number}: {len(p)} labels for {len(g)} queries")
        if np.isnan(np.asarray(p, dtype=np.float64)).any():
            raise ValueError(f"episode {number}: a label is NaN")
        shares.append(np.mean(np.asarray(p) == np.asarray(g)))
    return np.array(shares, dtype=np.float64)
