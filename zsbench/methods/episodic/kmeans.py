"""K-means over support and queries together, started at the support prototypes.

    queries += mean(support) - mean(queries)
    C_k      = mean of the points labelled k        (way, width)
    label    = argmin_k || x - C_k ||^2             until the sum of distances settles

The support acts through the first labels only; later its points are labelled like any other.

Source: Ziko et al. 2021, arXiv:2106.09516.
"""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.methods.episodic import Rule
from zsbench.methods.episodic._slk import QUERIES, clustering_rule


@method(family="episodic", kind="transductive", uses=QUERIES)
def kmeans() -> Rule:
    """Cluster by class means."""
    return clustering_rule(centres="means")
