"""Average ranks of several sides over tasks, and whether ranks differ more than chance has it.

On each task the best side has rank 1; ties share the mean of their ranks. Friedman's statistic is the sum of squares of
the rank sums about their mean; its p comes from 9,999 random orders of each task's own ranks, which is right for any
number of tasks, ties included. Tasks that share items are no independent blocks: then there is no p.

Source: Friedman 1937; Demsar 2006 (average ranks of classifiers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zsbench.core.lazy import DoubleArray, lazy, np

stats = lazy("scipy.stats")

_DRAWS = 9_999
LEAST_TASKS = 3
"""Fewer tasks say nothing about ranks."""


@dataclass(frozen=True)
class Ranks:
    """Average ranks of one metric: one a side, over tasks that all sides have; p is None where there is none."""

    metric: str
    tasks: tuple[str, ...]
    average: tuple[float, ...]
    p: float | None


def average_ranks(values: Sequence[Sequence[float]], *, higher_is_better: Sequence[bool]) -> DoubleArray:
    """Return the ranks (n_tasks, n_sides) of values (n_tasks, n_sides), 1 for the best, ties averaged.

    Examples
    --------
    >>> average_ranks([[0.5, 0.7, 0.7]], higher_is_better=[True]).tolist()
    [[3.0, 1.5, 1.5]]
    """
    signs = np.where(np.asarray(higher_is_better), -1.0, 1.0)[:, None]
    return np.asarray(stats.rankdata(np.asarray(values, dtype=np.float64) * signs, axis=1))


def friedman_p(ranks: DoubleArray, *, seed: int = 0) -> float:
    """Return the p of sides that are all alike, from ranks (n_tasks, n_sides).

    Examples
    --------
    >>> friedman_p([[1.0, 2.0, 3.0]] * 8) < 0.001
    True
    """
    table = np.asarray(ranks, dtype=np.float64)
    rng = np.random.default_rng(seed)
    sums = np.zeros((_DRAWS, table.shape[1]))
    for row in table:
        sums += rng.permuted(np.tile(row, (_DRAWS, 1)), axis=1)
    centre = table.sum() / table.shape[1]
    drawn, observed = ((sums - centre) ** 2).sum(axis=1), float(((table.sum(axis=0) - centre) ** 2).sum())
    return float((drawn >= observed - 1e-9).sum() + 1) / (_DRAWS + 1)
