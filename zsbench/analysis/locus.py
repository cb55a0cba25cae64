"""Which classes of a tree Loki can answer with when only some are labelled, and which class to label next.

    locus(Lambda) = nodes on the paths between members of Lambda
    next          = the node farthest from the locus; labelled, it joins Lambda

Source: Roberts et al. 2023, arXiv:2307.12226, sections 3 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import IntArray, np
from zsbench.core.yamlio import shown
from zsbench.data.class_distances import Graph, graph_of, read_edges


class Next(NamedTuple):
    """A node to label, its distance to the locus, and how many nodes are as far (itself among them)."""

    node: int
    distance: int
    n_equal: int


@dataclass(frozen=True)
class Tree:
    """An undirected tree; node k is `graph.names[k]`."""

    graph: Graph

    @cached_property
    def names(self) -> list[str]:
        """The names of the nodes."""
        return self.graph.names

    def locus(self, members: Sequence[int] | IntArray) -> IntArray:
        """Return, in ascending order, the nodes that a Frechet mean over `members`, at least one, can be."""
        from scipy.sparse.csgraph import breadth_first_order

        parents = breadth_first_order(self.graph.links, int(members[0]), directed=False)[1]
        held = {int(members[0])}
        # The paths from one member to the others are all paths between members: a tree has no other way round.
        for member in map(int, members):
            while member not in held:
                held.add(member)
                member = int(parents[member])
        return np.array(sorted(held))

    def next_class(self, members: Sequence[int] | IntArray) -> Next:
        """Return the node farthest from the locus of `members`, the lowest among equals."""
        from scipy.sparse.csgraph import dijkstra

        nearest: Any = dijkstra(
            self.graph.links, directed=False, indices=self.locus(members), unweighted=True, min_only=True
        )
        node = int(nearest.argmax())
        return Next(node, int(nearest[node]), int((nearest == nearest[node]).sum()))

    def numbers(self, names: Sequence[str], where: str) -> list[int]:
        """Return the numbers of named nodes, each once.

        Raises
        ------
        UserError
            A name that is no node, or none at all.
        """
        place = {name: number for number, name in enumerate(self.names)}
        unknown = next((name for name in names if name not in place), None)
        if unknown is not None or not names:
            found = "no labelled class" if unknown is None else f"class '{unknown}', which is no node of the tree"
            raise UserError(where, found, "names of nodes", did_you_mean(unknown or "", self.names))
        return list(dict.fromkeys(place[name] for name in names))


def read_tree(path: Path) -> Tree:
    """Return the tree of a text file with one edge a line, nodes in the order in which they first stand there.

    Raises
    ------
    UserError
        No such edges, or they are no tree: in parts, or with a way round.
    """
    from scipy.sparse.csgraph import connected_components

    graph = graph_of(read_edges(path))
    n_parts = int(connected_components(graph.links, directed=False)[0]) if graph.names else 0
    n_edges = graph.links.nnz // 2
    if n_parts != 1 or n_edges != len(graph.names) - 1:
        found = f"{len(graph.names)} nodes and {n_edges} edges in {n_parts} part{'s' * (n_parts != 1)}"
        raise UserError(shown(path), found, "a tree: one part, with one edge fewer than nodes")
    return Tree(graph)
