"""`zsbench locus`: the nodes between labelled classes of a tree, the class to label next, and what is no tree."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import call
from zsbench.analysis.locus import Tree, read_tree
from zsbench.core.errors import UserError
from zsbench.data.class_distances import graph_of

EDGES = "root\tinsect\nroot\tmammal\ninsect\tant\ninsect\tbee\nmammal\tcat\nmammal\tdog\ndog\tpuppy\n"


@settings(max_examples=25)
@given(st.integers(2, 12), st.integers(1, 4), st.integers(0, 99))
def test_the_locus_is_every_frechet_mean(n, n_members, seed):
    rng = np.random.default_rng(seed)
    distances, edges = np.where(np.eye(n), 0, np.inf), []
    for child in range(1, n):  # a random tree
        parent = int(rng.integers(child))
        edges.append((str(parent), str(child)))
        distances[child, parent] = distances[parent, child] = 1
    for k in range(n):
        distances = np.minimum(distances, distances[:, [k]] + distances[[k]])
    tree = Tree(graph_of([("0", "1"), *edges]))  # an edge may stand twice
    order = [int(name) for name in tree.names]
    distances = distances[np.ix_(order, order)]
    members = rng.choice(n, min(n_members, n), replace=False)
    found = tree.locus(members)
    assert set(members) <= set(found)
    means = {int((w @ distances[members] ** 2).argmin()) for w in rng.dirichlet(np.ones(len(members)), 300)}
    assert means <= set(found)
    nearest = distances[:, found].min(axis=1)
    assert tree.next_class(members) == (nearest.argmax(), nearest.max(), (nearest == nearest.max()).sum())


def test_the_command_says_what_can_be_answered_and_what_to_label(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tree.tsv").write_text(EDGES)
    (tmp_path / "some.txt").write_text("ant\nbee\n")
    code, screen = call("locus", "tree.tsv", "--labelled", "some.txt", "--next", "2")
    assert code == 0
    assert "3 of 8 classes can be answered: insect, ant, bee" in screen.out
    assert "label next: puppy (4 edges away)\nlabel next: cat (1 edge away)\nthen 8 can be answered" in screen.out
    code, screen = call("locus", "tree.tsv", "--labelled", "some.txt", "--next", "9", "--json")
    told = json.loads(screen.out)
    assert [each["class"] for each in told["next"]] == ["puppy", "cat"]  # then all can be answered
    assert told["locus_after"] == told["nodes"] == 8


@pytest.mark.parametrize(
    ("edges", "labelled", "message"),
    [
        ("a\tb\nc\td\n", "a", "4 nodes and 2 edges in 2 parts; expected a tree"),
        ("a\tb\nb\tc\nc\ta\n", "a", "3 nodes and 3 edges in 1 part"),
        (EDGES, "cats", "class 'cats', which is no node of the tree.*did you mean 'cat'"),
    ],
)
def test_what_is_no_tree_and_no_node_is_refused(tmp_path, edges, labelled, message):
    (tmp_path / "tree.tsv").write_text(edges)
    with pytest.raises(UserError, match=message):
        read_tree(tmp_path / "tree.tsv").numbers([labelled], "some.txt")
