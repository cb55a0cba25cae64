"""Which classes of a tree Loki can answer with, and which class to label next.

    locus(Lambda) = nodes on the paths between members of Lambda
    next          = the node farthest from the locus

Source: Roberts et al. 2023, arXiv:2307.12226.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import IntArray, np


def locus(distances: Any, members: Any) -> IntArray:
    """Return, in ascending order, the nodes that a Frechet mean over `members` can be.

    Parameters
    ----------
    distances : (n_nodes, n_nodes) path lengths between all nodes of a tree.
    members : node numbers, at least one.
    """
    distances, members = np.asarray(distances), np.asarray(members)
    first = members[0]
    # The paths from one member to the others are all paths between members: a tree has no other way round.
    on_path = distances[first] + distances[members] == distances[first, members][:, None]
    return np.flatnonzero(on_path.any(axis=0))


def next_class(distances: Any, members: Any) -> tuple[int, float]:
    """Return the node farthest from the locus of `members`, the lowest among equals, and its distance to the locus."""
    nearest = np.asarray(distances)[:, locus(distances, members)].min(axis=1)
    node = int(nearest.argmax())
    return node, float(nearest[node])
