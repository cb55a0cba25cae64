"""Episodic tasks: the draw, what methods see, the search on validation classes, predictions as files."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.config.blocks import Block
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.vectors.labelled_features import LabelledFeatures, labelled_features
from zsbench.engine import local
from zsbench.methods.episodic import Episode, Problem
from zsbench.methods.episodic._slk import GRID, affinity, cluster, kernel_width, laplacian_rule, query_labels
from zsbench.methods.episodic.simpleshot import nearest
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options
from zsbench.tasks.episodic._episodes import Episodes, apportioned, transformed
from zsbench.tasks.episodic.episodic import Config


def features(n_classes=8, sizes=(20,), width=6, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), [sizes[c % len(sizes)] for c in range(n_classes)])
    centres = rng.normal(size=(n_classes, width)) * 3
    vectors = centres[labels] + spread * rng.normal(size=(len(labels), width))
    return LabelledFeatures(vectors, labels, vectors.mean(axis=0))


def config(**keys):
    return Config(type="episodic", description="d", data={}, **keys)


def episodes(data=None, **keys):
    data = data or features()
    return Episodes(data, data.base_mean, config(**keys), "t.yaml")


def write(folder, name="f.npz", *, mean=True, **arrays):
    data = features()
    found = {"features": data.features, "labels": data.labels, **({"base_mean": data.base_mean} if mean else {})}
    np.savez(folder / name, **{**found, **arrays})
    return folder / name


TASK = "type: episodic\ndescription: d\ndata: {source: labelled-features, path: f.npz}\nepisodes: 12\n"


def answer(folder, task, *methods, limit=None):
    (folder / "t.yaml").write_text(task)
    made = planning.make(str(folder / "t.yaml"), Choices(methods=methods, settings={"limit": limit}))
    options = Options(folder / "out", Cache(None))
    return list(local.run(made, options, lambda *_: None, lambda _: None))


@settings(max_examples=40)
@given(
    number=st.integers(0, 10_000),
    way=st.integers(2, 8),
    shots=st.integers(1, 5),
    queries=st.integers(1, 15),
    uneven=st.booleans(),
)
def test_an_episode_is_what_it_says(number, way, shots, queries, uneven):
    drawn = episodes(way=way, shots=shots, queries=queries, query_distribution="dirichlet" if uneven else "balanced")
    item = drawn.draw(number)
    labels = drawn.labels(item)
    assert len(set(item.classes)) == way
    assert len(item.support) == way * shots
    assert len({*item.support, *item.query}) == len(item.support) + len(item.query)
    own = [item.classes.index(int(drawn.class_of[row])) for row in item.support]
    assert own == list(np.repeat(np.arange(way), shots))
    assert [item.classes[k] for k in labels] == [int(drawn.class_of[row]) for row in item.query]
    if uneven:
        assert 1 <= len(item.query) <= way * queries
    else:
        assert (np.bincount(labels, minlength=way) == queries).all()


def test_an_episode_depends_on_seed_and_number_only():
    assert episodes().draw(7) == episodes().draw(7)
    many = episodes()
    assert [many.draw(n) for n in (3, 9)] == [episodes().draw(n) for n in (3, 9)]
    assert episodes(episode_seed=1).draw(7) != episodes().draw(7)


def test_queries_do_not_come_class_by_class():
    drawn = episodes()
    assert all((np.diff(drawn.labels(drawn.draw(n))) < 0).any() for n in range(5))


def test_small_classes_give_fewer_queries(tmp_path):
    drawn = episodes(features(sizes=(20, 6)), way=8, queries=15)
    counts = np.bincount(drawn.labels(drawn.draw(0)), minlength=8)
    assert sorted(counts) == [5] * 4 + [15] * 4
    write(tmp_path, features=features(sizes=(6,)).features, labels=features(sizes=(6,)).labels)
    (outcome,) = answer(tmp_path, TASK, "simpleshot")
    assert outcome.result["counts"] == {"episodes with fewer queries, for lack of images": 12}


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=8), st.integers(1, 100))
def test_apportioned_adds_up_and_stays_within_one(weights, total):
    shares = np.array(weights) / sum(weights)
    counts = apportioned(shares, total)
    assert sum(counts) == total
    assert all(abs(n - share * total) < 1 for n, share in zip(counts, shares, strict=True))


def test_transforms():
    rows, mean = np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([3.0, 0.0])
    assert (transformed(rows, "UN", mean) == rows).all()
    np.testing.assert_allclose(transformed(rows, "L2N", mean), [[0.6, 0.8], [0, 1]])
    np.testing.assert_allclose(transformed(rows, "CL2N", mean), [[0, 1], np.array([-3, 2]) / 13**0.5])
    with pytest.raises(ValueError, match="row 0 has length 0"):
        transformed([[0.0, 0.0]], "L2N", None)


@pytest.mark.parametrize(
    ("data", "keys", "found"),
    [
        (features(n_classes=4), {}, "4 classes"),
        (features(sizes=(20, 5)), {"shots": 5}, "class 1 has too few images"),
        (LabelledFeatures(features().features, features().labels, None), {}, "no `base_mean`"),
        (LabelledFeatures(0 * features().features, features().labels, None), {"transform": "L2N"}, "length 0"),
    ],
)
def test_data_that_cannot_make_episodes(data, keys, found):
    with pytest.raises(UserError, match=found):
        episodes(data, **keys)


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({"labels": np.zeros(3, int)}, "'labels'.*\\(3,\\)"),
        ({"labels": np.full(160, 0.5)}, "'labels', row 0: label 0.5"),
        ({"features": np.full((160, 6), np.nan)}, "'features'.*NaN"),
        ({"features": np.full((160, 6), "a")}, "'features'.*numbers"),
        ({"base_mean": np.zeros(5)}, "'base_mean'.*\\(5,\\)"),
        ({"base_mean": np.full(6, np.inf)}, "'base_mean'.*infinity"),
        ({"labels": np.array([object()] * 160)}, "'labels'.*cannot be read"),
    ],
)
def test_bad_feature_files(tmp_path, arrays, found):
    with pytest.raises(UserError, match=found):
        labelled_features(path=str(write(tmp_path, **arrays)))


def test_a_file_without_the_arrays(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(UserError, match="no array 'features'"):
        labelled_features(path=str(tmp_path / "other.npz"))


def test_half_precision_and_class_names(tmp_path):
    names = np.array([f"class {label}" for label in features().labels])
    found = labelled_features(path=str(write(tmp_path, features=features().features.astype(np.float16), labels=names)))
    assert found.features.dtype == np.float64
    assert episodes(found).draw(0) == episodes().draw(0)


def hand_made():
    """Two far classes, one shot each, the queries moved by a constant: easy with the shift, wrong without."""
    support = np.array([[0.0, 0.0], [4.0, 0.0]])
    query = np.array([[3.1, 0.2], [2.9, -0.2], [7.1, 0.2], [6.9, -0.2]])
    return Episode(support, query, 2, 1)


@pytest.mark.parametrize("centres", ["means", "modes"])
@pytest.mark.parametrize("lam", [None, 0.0, 0.5])
def test_clustering_takes_the_shift_out(centres, lam):
    assert list(nearest(hand_made())) == [1, 1, 1, 1]
    assert list(query_labels(hand_made(), centres=centres, lam=lam, knn=3)) == [0, 0, 1, 1]


def test_neighbours_are_directed():
    w = affinity(np.array([[0.0], [1.0], [1.5], [10.0]]), 2)
    assert w.tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert kernel_width(np.array([[0.0], [1.0], [1.5], [10.0]]), w) == pytest.approx((1 + 0.25 + 0.25 + 8.5**2) / 20)
    assert affinity(np.array([[0.0], [1.0]]), 5).tolist() == [[0, 1], [1, 0]]


def test_points_without_extent_are_an_error_for_modes_only():
    same = Episode(np.ones((2, 3)), np.ones((4, 3)), 2, 1)
    assert len(query_labels(same, centres="means", lam=None, knn=3)) == 4
    with pytest.raises(ValueError, match="no width"):
        query_labels(same, centres="modes", lam=None, knn=3)


def test_when_a_class_vanishes_the_last_whole_clustering_stands():
    # A huge weight of the neighbours draws all points of one blob to one class.
    rng = np.random.default_rng(0)
    given = Episode(rng.normal(size=(3, 2)), rng.normal(size=(9, 2)), 3, 1)
    found = cluster(given, centres="means", lam=1e3, knn=12)
    assert set(found.labels) == {0, 1, 2}
    np.testing.assert_array_equal(found.centres, given.support)
    assert (found.labels[:3] == [0, 1, 2]).all()


@pytest.mark.parametrize("centres", ["means", "modes"])
@pytest.mark.parametrize("lam", [None, 0.5])
@settings(max_examples=10)
@given(seed=st.integers(0, 2**16))
def test_order_of_queries_and_place_in_space_change_nothing(centres, lam, seed):
    drawn = episodes(features(seed=seed, spread=2.0), transform="UN", queries=6)
    before = drawn.episode(drawn.draw(seed))
    order = np.random.default_rng(seed).permutation(len(before.query))
    after = Episode(before.support + 2.0, before.query[order] + 2.0, before.way, before.shot)
    labels = query_labels(before, centres=centres, lam=lam, knn=3)
    assert (query_labels(after, centres=centres, lam=lam, knn=3) == labels[order]).mean() > 0.99


def test_the_weight_comes_from_validation_classes_and_the_first_best_wins():
    drawn = episodes(features(spread=3.0), queries=8)
    validation = [(drawn.episode(i), drawn.labels(i)) for i in (drawn.draw(n) for n in range(6))]
    notes = {}
    laplacian_rule(centres="means", lam=None, knn=3)(Problem(validation, notes.__setitem__))
    accuracy = [
        np.mean([(query_labels(e, centres="means", lam=lam, knn=3) == y).mean() for e, y in validation]) for lam in GRID
    ]
    assert notes["lam"] == GRID[int(np.argmax(accuracy))]
    assert list(notes["lam search"]["validation accuracy"].values()) == pytest.approx(accuracy)
    laplacian_rule(centres="means", lam=None, knn=3)(Problem(None, notes.__setitem__))
    assert "not searched" in notes["lam"]


def test_a_weight_that_is_given_is_not_searched(tmp_path):
    write(tmp_path)
    task = TASK + "validation: {source: labelled-features, path: f.npz}\nvalidation_episodes: 2\n"
    given, searched = answer(tmp_path, task, {"name": "slk-means", "lam": 0.3, "label": "given"}, "slk-means")
    assert given.error is None
    assert given.result["notes"] == {}
    assert searched.result["notes"]["lam"] in GRID


def test_metric_interval_and_files(tmp_path, monkeypatch):
    write(tmp_path)
    (outcome,) = answer(tmp_path, TASK, "kmeans")
    folder = tmp_path / "out" / "t" / "t" / "none" / "kmeans"
    rows = [json.loads(line) for line in (folder / "predictions" / "00000.jsonl").read_text().splitlines()]
    predicted = [np.array(row["classes"])[row["labels"]] for row in rows]
    right = [(features().labels[row["query"]] == p).mean() for row, p in zip(rows, predicted, strict=True)]
    score = outcome.result["metrics"]["episode-acc"]
    assert score["value"] == pytest.approx(np.mean(right))
    assert (score["high"] - score["low"]) / 2 == pytest.approx(1.96 * np.std(right) / 12**0.5)
    assert (score["n"], score["interval"]) == (12, "normal")
    monkeypatch.chdir(tmp_path)
    scored = CliRunner().invoke(app, ["score", "t.yaml", "--predictions", str(folder / "predictions"), "--json"])
    assert scored.exit_code == 0
    assert json.loads(scored.stdout)["rows"][0]["value"] == score["value"]


def test_limit_keeps_the_same_episodes(tmp_path):
    write(tmp_path)
    answer(tmp_path, TASK, "simpleshot")
    path = tmp_path / "out" / "t" / "t" / "none" / "simpleshot" / "predictions" / "00000.jsonl"
    whole = {json.loads(line)["id"]: line for line in path.read_text().splitlines()}
    (outcome,) = answer(tmp_path, TASK, "simpleshot", limit=5)
    [beside] = path.parents[2].glob("simpleshot@*")
    kept = (beside / "predictions" / path.name).read_text().splitlines()
    assert len(kept) == outcome.result["n_items"] == 5
    assert all(whole[json.loads(line)["id"]] == line for line in kept)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"id": "0", "labels": [0] * 74}, "74 labels for 75 queries"),
        ({"id": "0", "labels": [5] * 75}, "label 5 of 5 classes"),
        ({"id": "0", "labels": [0.5] * 75}, "not all whole numbers"),
        ({"id": "0", "labels": [0] * 75, "query": [1] * 75}, "other queries than the task draws"),
    ],
)
def test_predictions_that_do_not_fit(tmp_path, row, found):
    from zsbench.config.catalog import load_module

    write(tmp_path)
    source = Block("data", "labelled-features", {"path": str(tmp_path / "f.npz")})
    task = load_module("tasks", "episodic").Task(config(episodes=1), source)
    items = task.load(limit=None, seed=0, score_only=True).items
    (tmp_path / "p.jsonl").write_text(json.dumps(row) + "\n")
    try:
        problem = task.check(items[0], task.format.read(tmp_path / "p.jsonl", items)["0"])
    except UserError as error:
        problem = str(error)
    assert found in problem


def test_an_unknown_transform_and_a_bad_option_are_named(tmp_path):
    write(tmp_path)
    for extra, methods, found in (("transform: L3N\n", (), "L2N"), ("", ({"name": "kmodes", "knn": 1},), "knn")):
        with pytest.raises(UserError, match=found):
            answer(tmp_path, TASK + extra, *methods)
