"""K-modes over support and queries together: each class is the mode of its points' kernel density.

    queries += mean(support) - mean(queries)
    C_k      = sum_i w_i x_i / sum_i w_i over the points labelled k, w_i = exp(-||x_i - C_k||^2 / 2 sigma^2), iterated
    label    = argmin_k || x - C_k ||^2

Source: Ziko et al. 2021, arXiv:2106.09516.
"""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.methods.episodic import Rule
from zsbench.methods.episodic._slk import QUERIES, Neighbours, clustering_rule


@method(family="episodic", kind="transductive", uses=QUERIES)
def kmodes(*, knn: Neighbours = 3) -> Rule:
    """Cluster by kernel modes.

    Parameters
    ----------
    knn : neighbours (the point itself counted) whose distances set the kernel's width sigma.
    """
    return clustering_rule(centres="modes", knn=knn)
