"""Nearest neighbours: votes by the definition, ties, too few neighbours, a run on the embedded digits."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.close import assert_rows_close
from tests.methods.fakes import FakeEncoder, fake_problem, images, vector
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.engine import local
from zsbench.methods.classification import Labelled
from zsbench.methods.classification.knn import knn, nearest, votes
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options


def by_definition(row, labels, n_classes, k, temperature):
    """One image at a time, in plain Python floats."""
    nearest = sorted(range(len(row)), key=lambda j: (-row[j], j))[:k]
    weights = {j: np.exp((row[j] - row[nearest[0]]) / temperature) for j in nearest}
    return [sum(weights[j] for j in nearest if labels[j] == c) / sum(weights.values()) for c in range(n_classes)]


@settings(max_examples=40)
@given(
    seed=st.integers(0, 999),
    n=st.integers(1, 30),
    k=st.integers(1, 40),
    temperature=st.sampled_from([0.01, 0.07, 1.0]),
    ties=st.booleans(),
)
def test_votes_are_those_of_the_definition(seed, n, k, temperature, ties):
    rng = np.random.default_rng(seed)
    cosines = rng.integers(-3, 4, (5, n)) / 4 if ties else rng.uniform(-1, 1, (5, n))
    labels = rng.integers(0, 6, n)
    found = votes(cosines, labels, 6, k=k, temperature=temperature)
    expected = [by_definition(row, labels, 6, k, temperature) for row in cosines]
    assert_rows_close(found, expected)
    assert_rows_close(found.sum(axis=1), 1)


@settings(max_examples=60)
@given(seed=st.integers(0, 999), n=st.integers(1, 400), k=st.integers(1, 30), levels=st.sampled_from([1, 3, 50, 10**6]))
def test_the_nearest_are_the_first_of_a_stable_sort(seed, n, k, levels):
    cosines = np.random.default_rng(seed).integers(-levels, levels, (4, n)).astype(np.float32) / levels
    columns, values = nearest(cosines, min(k, n))
    np.testing.assert_array_equal(columns, np.argsort(-cosines, axis=1, kind="stable")[:, :k])
    np.testing.assert_array_equal(values, np.take_along_axis(cosines, columns, axis=1))


def setting(n_support, n_images=9):
    encoder = FakeEncoder(images(n_images), vector, other=images(n_support, seed=1))
    labels = np.arange(n_support) % 3
    return encoder, fake_problem(["a", "b", "c", "d"], support=Labelled(encoder.others, labels, "train"))


def test_one_neighbour_is_the_nearest_images_label_and_no_text_is_asked_for():
    encoder, problem = setting(12)
    scores = encoder.scores(knn(k=1)(encoder, problem, None))
    cosines = encoder.features @ encoder.other.T
    assert (scores.argmax(axis=1) == problem.support.labels[cosines.argmax(axis=1)]).all()
    assert (scores[:, 3] == 0).all()
    assert encoder.asked == []
    assert encoder.notes == {}


def test_fewer_support_images_than_neighbours_are_noted():
    encoder, problem = setting(5)
    scores = encoder.scores(knn(temperature=1e6)(encoder, problem, None))
    assert_rows_close(scores, np.tile([0.4, 0.4, 0.2, 0], (9, 1)))
    assert encoder.notes["k"].startswith("5:")


def test_blocks_of_images_change_nothing(monkeypatch):
    encoder, problem = setting(30)
    whole = encoder.scores(knn()(encoder, problem, None))
    monkeypatch.setattr(importlib.import_module("zsbench.methods.classification.knn"), "_CELLS", 60)
    assert_rows_close(encoder.scores(knn()(encoder, problem, None)), whole)


def test_without_support_images_it_is_refused():
    encoder, _ = setting(3)
    with pytest.raises(UserError, match="knn: no support images"):
        knn()(encoder, fake_problem(["a", "b"]), None)


def test_it_learns_the_embedded_digits(tmp_path):
    choices = Choices(("clip-glyphs",), ("prompt-ensemble", "knn"), {"resamples": 100})
    made = planning.make("digits-few-shot", choices)
    outcomes = list(local.run(made, Options(tmp_path, Cache(tmp_path / "c")), lambda *_: None, lambda _: None))
    assert [str(o.error) for o in outcomes if o.error] == []
    zero_shot, neighbours = (o.result for o in outcomes)
    assert neighbours["metrics"]["acc@1"]["low"] > zero_shot["metrics"]["acc@1"]["high"]
    assert neighbours["method_uses"] == ["support set"]
