"""Distances between classes, from a matrix file or from the edges of a hierarchy.

In a hierarchy the distance is the number of edges on the shortest path between two class nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zsbench.core import arrays, files, jsonfiles, tablefiles, textfiles
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.words import number_of
from zsbench.core.yamlio import shown
from zsbench.data.class_names import plain

MATRICES = {".npy", ".npz", ".csv"}

# The paths from a node lead to every node of the hierarchy, of which the classes are often a small part.
_NODES_AT_ONCE = 128


def read_distances(path: Path, class_names: list[str], *, nodes: Path | None = None) -> DoubleArray:
    """Return distances (n_classes, n_classes), float64, in the order of the classes.

    Parameters
    ----------
    path : a matrix (.npy, .npz, .csv), or a text file with one edge a line, two node names separated by a tab (or by
        a blank when no name holds one); every class is a node of its own name. The rows of a matrix are named by an
        array `class_names` beside it or by the header of the .csv, and may be more than the classes; without names
        they stand in class order.
    nodes : JSON {class name: node name} where the classes have other names in the file.

    Raises
    ------
    UserError
        No such file, another shape, negative or asymmetric distances, an unknown class, classes without a path.
    """
    files.require_file(path, "a distance matrix or a list of edges")
    if nodes is not None:
        class_names = _nodes_of(class_names, nodes)
    if path.suffix in MATRICES:
        matrix, names = _matrix(path)
        if names is None and nodes is not None:
            raise UserError(shown(path), "a matrix without names, and names of nodes", "an array `class_names` in it")
        if names is None:
            return _checked(matrix, len(class_names), path)
        rows = _rows_of(class_names, names, path)
        return _checked(matrix, len(names), path)[np.ix_(rows, rows)]
    return graph_distances(read_edges(path), class_names, where=shown(path))


def _nodes_of(class_names: list[str], nodes: Path) -> list[str]:
    """Return the node of each class."""
    expected = "JSON {class name: node name}, a key a class"
    held = jsonfiles.read(nodes, expected)
    if not isinstance(held, dict) or not all(isinstance(node, str) and node for node in held.values()):
        raise UserError(shown(nodes), "no object of names", expected)
    known = {plain(name): node for name, node in held.items()}
    lacking = next((name for name in class_names if plain(name) not in known), None)
    if lacking is not None:
        raise UserError(shown(nodes), f"no node of class '{lacking}'", expected, did_you_mean(lacking, list(held)))
    return [known[plain(name)] for name in class_names]


def _matrix(path: Path) -> tuple[DoubleArray, list[str] | None]:
    """Return a matrix and the names of its rows, where the file names them."""
    try:
        if path.suffix == ".csv":
            return _from_csv(path)
        held = arrays.read(path)
        names = arrays.texts(held.pop("class_names"), shown(path)) if "class_names" in held else None
        if len(held) != 1:
            raise UserError(shown(path), f"arrays {', '.join(sorted(held))}", "one matrix, and `class_names`")
        return np.asarray(next(iter(held.values())), dtype=np.float64), names
    except ValueError as error:
        raise UserError(shown(path), f"not a matrix of numbers ({error})") from None


def _from_csv(path: Path) -> tuple[DoubleArray, list[str] | None]:
    """Return the matrix of a .csv file and the names in its header, where it has one."""
    rows = [row for _, row in tablefiles.cells(path, ",")]
    if not rows:
        raise UserError(shown(path), "no rows", "a matrix of numbers")
    names = None if all(map(_is_number, rows[0])) else [cell.strip(textfiles.BLANKS) for cell in rows.pop(0)]
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), -1), names


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _rows_of(class_names: list[str], names: list[str], path: Path) -> list[int]:
    """Return the row of each class in a matrix whose rows have names."""
    known = {plain(name): row for row, name in enumerate(names)}
    if len(known) < len(names):
        raise UserError(shown(path), "a class name that stands twice", "one row a class")
    unknown = next((name for name in class_names if plain(name) not in known), None)
    if unknown is not None:
        raise UserError(shown(path), f"no row for class '{unknown}'", "every class", did_you_mean(unknown, names))
    return [known[plain(name)] for name in class_names]


def _checked(matrix: DoubleArray, n: int, path: Path) -> DoubleArray:
    """Return a matrix that holds distances between n classes."""
    if matrix.shape != (n, n):
        raise UserError(shown(path), f"a matrix of shape {matrix.shape}", f"({n}, {n}), one row a class")
    if not np.isfinite(matrix).all() or (matrix < 0).any() or not np.allclose(matrix, matrix.T):
        raise UserError(shown(path), "distances that are negative, asymmetric or not finite", "a symmetric matrix")
    return matrix


def read_edges(path: Path) -> list[tuple[str, str]]:
    """Return the undirected edges of a text file."""
    edges = []
    tabs: bool | None = None
    for number, line in textfiles.lines(path):
        if not line.strip(textfiles.BLANKS) or line.startswith("#"):
            continue
        tabs = "\t" in line if tabs is None else tabs
        parts = textfiles.cells(line) if tabs else textfiles.words(line)
        if len(parts) != 2 or "" in parts:
            raise UserError(
                f"{shown(path)}:{number}", number_of(len(parts), "column"), "two node names, separated by a tab"
            )
        edges.append((parts[0], parts[1]))
    return edges


class Graph(NamedTuple):
    """An undirected graph: names of nodes in the order in which they first stand in edges, and who is linked.

    `links` is a sparse 0/1 matrix (n_nodes, n_nodes), symmetric, an edge that is written twice once.
    """

    names: list[str]
    links: Any


def graph_of(edges: Sequence[tuple[str, str]]) -> Graph:
    """Return the graph of edges, each two names of nodes."""
    from scipy.sparse import coo_array

    names = list(dict.fromkeys(name for edge in edges for name in edge))
    position = {name: i for i, name in enumerate(names)}
    pairs = {(position[a], position[b]) for a, b in edges}
    both = sorted(pairs | {(b, a) for a, b in pairs})
    starts, ends = ([pair[side] for pair in both] for side in (0, 1))
    return Graph(names, coo_array((np.ones(len(both)), (starts, ends)), shape=(len(names), len(names))).tocsr())


def graph_distances(edges: list[tuple[str, str]], nodes: list[str], *, where: str = "") -> DoubleArray:
    """Return shortest-path lengths (n, n) between the nodes of an undirected graph.

    Raises
    ------
    UserError
        A node is on no edge, or two nodes have no path between them.
    """
    from scipy.sparse.csgraph import shortest_path

    graph = graph_of(edges)
    position = {name: i for i, name in enumerate(graph.names)}
    unknown = next((name for name in nodes if name not in position), None)
    if unknown is not None:
        raise UserError(where, f"class '{unknown}' is on no edge", "", did_you_mean(unknown, position))
    asked = [position[name] for name in nodes]
    distances = np.empty((len(asked), len(asked)))
    for first in range(0, len(asked), _NODES_AT_ONCE):
        some = slice(first, first + _NODES_AT_ONCE)
        lengths = shortest_path(graph.links, directed=False, unweighted=True, indices=asked[some])
        distances[some] = np.asarray(lengths)[:, asked]
    if np.isinf(distances).any():
        a, b = np.argwhere(np.isinf(distances))[0]
        raise UserError(where, f"no path between '{nodes[a]}' and '{nodes[b]}'", "a connected hierarchy")
    return distances
