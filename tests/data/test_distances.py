"""Distances between classes: matrices, hierarchies, and what is refused."""

import numpy as np
import pytest

from zsbench.core.errors import UserError
from zsbench.data.class_distances import graph_distances, read_distances


def test_edges_give_shortest_paths_in_the_order_of_the_classes(tmp_path):
    (tmp_path / "tree.tsv").write_text("root\tanimal\nroot\tplant\nanimal\tgreat ape\nanimal\tdog\nplant\toak\n")
    found = read_distances(tmp_path / "tree.tsv", ["oak", "dog", "great ape"])
    assert found.tolist() == [[0, 4, 4], [4, 0, 2], [4, 2, 0]]


def test_distances_between_hundreds_of_classes_are_those_along_their_ancestors():
    parents = {str(node): str((node - 1) // 3) for node in range(1, 500)}

    def ancestors(node):
        return [node, *(ancestors(parents[node]) if node in parents else ())]

    nodes = [str(node) for node in range(499, 100, -1)]
    ways = {node: ancestors(node) for node in nodes}
    plainly = [[len({*ways[a]} ^ {*ways[b]}) for b in nodes] for a in nodes]
    assert graph_distances(list(parents.items()), nodes).tolist() == plainly


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv"])
def test_matrices(tmp_path, suffix):
    matrix = np.array([[0.0, 1.5], [1.5, 0.0]])
    path = tmp_path / f"d{suffix}"
    {".npy": np.save, ".npz": np.savez, ".csv": lambda p, m: np.savetxt(p, m, delimiter=",")}[suffix](path, matrix)
    assert (read_distances(path, ["a", "b"]) == matrix).all()
    with pytest.raises(UserError, match=r"shape \(2, 2\).*\(3, 3\)"):
        read_distances(path, ["a", "b", "c"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("root\tdog\n", "class 'dig' is on no edge.*did you mean 'dog'"),
        ("a\tdig\nb\tdog\n", "no path between 'dig' and 'dog'"),
        ("a\tb\tc\n", ":1: 3 columns"),
    ],
)
def test_bad_hierarchies_are_named(tmp_path, text, message):
    (tmp_path / "tree.tsv").write_text(text)
    with pytest.raises(UserError, match=message):
        read_distances(tmp_path / "tree.tsv", ["dig", "dog"])


def test_asymmetric_distances_are_refused(tmp_path):
    np.save(tmp_path / "d.npy", np.array([[0.0, 1.0], [2.0, 0.0]]))
    with pytest.raises(UserError, match="asymmetric"):
        read_distances(tmp_path / "d.npy", ["a", "b"])


def test_rows_that_have_names_are_taken_by_name(tmp_path):
    matrix = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])
    np.savez(tmp_path / "d.npz", distances=matrix, class_names=np.array(["ant", "bee", "sea_cow"]))
    (tmp_path / "d.csv").write_text("ant,bee,sea_cow\n0,1,2\n1,0,3\n2,3,0\n")
    for name in ("d.npz", "d.csv"):
        assert read_distances(tmp_path / name, ["sea cow", "ant"]).tolist() == [[0, 2], [2, 0]]
        with pytest.raises(UserError, match=r"no row for class 'aunt'.*did you mean 'ant'"):
            read_distances(tmp_path / name, ["bee", "aunt"])
    np.savez(tmp_path / "t.npz", distances=matrix, class_names=np.array(["ant", "ant", "bee"]))
    with pytest.raises(UserError, match="stands twice"):
        read_distances(tmp_path / "t.npz", ["ant"])
