"""SLK-Means: k-means over support and queries with a Laplacian term that pulls neighbours to one class.

    a_ik  = || x_i - C_k ||^2, C_k the mean of the points labelled k
    Z     = softmax(-a + lam W Z), iterated; W_ij = 1 for the knn - 1 nearest other points j of i
    label = argmax_k Z_ik

Source: Ziko et al. 2021, arXiv:2106.09516.
"""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.config.options import NonNegative
from zsbench.methods.episodic import Rule
from zsbench.methods.episodic._slk import QUERIES, Neighbours, laplacian_rule


@method(family="episodic", kind="transductive", uses=(*QUERIES, "validation classes, for lam"))
def slk_means(*, lam: NonNegative | None = None, knn: Neighbours = 3) -> Rule:
    """Cluster by class means and neighbours.

    Parameters
    ----------
    lam : weight of the neighbours; None takes the best of 0.05 ... 1.0 on the task's validation classes (0.7 on a
        task without them).
    knn : neighbours of a point, itself counted.
    """
    return laplacian_rule(centres="means", lam=lam, knn=knn)
