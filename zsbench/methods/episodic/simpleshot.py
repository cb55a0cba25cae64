"""SimpleShot: each query gets the class whose mean support vector is nearest.

    C_k   = mean of the support vectors of class k        (way, width)
    label = argmin_k || x - C_k ||                        (n_queries,)

Source: Wang et al. 2019, arXiv:1911.04623, section 3.
"""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.core.lazy import IntArray
from zsbench.methods.episodic import Episode, Problem, Rule, Solver, prototypes, squared_distances


@method(family="episodic", uses=("support set",))
def simpleshot() -> Rule:
    """Compare with the prototypes; queries do not see each other."""

    def build(_problem: Problem) -> Solver:
        return nearest

    return build


def nearest(episode: Episode) -> IntArray:
    """Return the nearest prototype of each query, (n_queries,); ties go to the lowest class."""
    labels: IntArray = squared_distances(episode.query, prototypes(episode)).argmin(axis=1)
    return labels
