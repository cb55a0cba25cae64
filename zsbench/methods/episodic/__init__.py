"""Episodic rules: a few labelled vectors and the queries of one episode in, the queries' labels out.

A method file returns a `Rule`: `rule(problem) -> Solver`, called once a run; `solver(episode)` returns one label
(0..way-1) for each query. Features are float64 and already transformed (UN, L2N, CL2N).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np


@dataclass(frozen=True)
class Episode:
    """What a rule sees of one episode; the queries come in random order.

    Attributes
    ----------
    support : (way * shot, width), class by class.
    query : (n_queries, width).
    """

    support: DoubleArray
    query: DoubleArray
    way: int
    shot: int

    @property
    def support_labels(self) -> IntArray:
        """0..way-1 of each support vector, (way * shot,)."""
        return np.repeat(np.arange(self.way), self.shot)


@dataclass(frozen=True)
class Problem:
    """What a rule may know beyond the episode.

    Attributes
    ----------
    validation : episodes of other classes with the labels of their queries, for choosing hyper-parameters, or None.
    note : records a choice in the result.
    """

    validation: Sequence[tuple[Episode, IntArray]] | None
    note: Callable[[str, Any], None]


Solver = Callable[[Episode], "IntArray"]
Rule = Callable[[Problem], Solver]


def prototypes(episode: Episode) -> DoubleArray:
    """Return the mean support vector of each class, (way, width)."""
    return np.asarray(episode.support.reshape(episode.way, episode.shot, -1).mean(axis=1))


def squared_distances(a: Any, b: Any) -> DoubleArray:
    """Return squared Euclidean distances (len(a), len(b)), by differences: no cancellation."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(a, b, "sqeuclidean"))
