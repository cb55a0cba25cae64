"""Few-shot clustering equals the reference: affinities, kernel width, labels, centres, bound updates, interval."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_json, load_npz, some
from zsbench.methods.episodic import Episode
from zsbench.methods.episodic._slk import affinity, bound, cluster, kernel_width, shifted
from zsbench.methods.episodic.simpleshot import nearest
from zsbench.metrics.intervals import normal
from zsbench.tasks.episodic._episodes import transformed

SLUG = "transductive-fewshot"
FOLDER = GOLDEN / SLUG
NAMES = sorted(p.stem for p in FOLDER.glob("episode_*.json")) if FOLDER.is_dir() else []
BOUNDS = sorted(p.name for p in FOLDER.glob("bound_*.npz")) if FOLDER.is_dir() else []
CENTRES = {"kmeans": "means", "MS": "modes"}


def episode(name, norm):
    """The episode as a method gets it, the arrays and the facts beside it."""
    arrays, facts = load_npz(SLUG, f"{name}.npz"), load_json(SLUG, f"{name}.json")
    support, query = (transformed(arrays[key], norm, arrays["train_mean"]) for key in ("support", "query"))
    assert np.bincount(arrays["query_labels"]).tolist() == facts["query_per_class"]
    return Episode(support, query, facts["way"], facts["shot"]), arrays, facts


def cases():
    for name in NAMES:
        for row in load_json(SLUG, f"{name}.json").get("results", []):
            yield pytest.param(name, row, id=f"{name}-{row.get('key', row['norm'] + '_' + row['method'])}")


def test_there_are_cases():
    some(NAMES + BOUNDS, SLUG)


@pytest.mark.parametrize(("name", "row"), list(cases()))
def test_labels_centres_and_accuracy(name, row):
    given, arrays, facts = episode(name, row["norm"])
    if row["method"] == "simpleshot":
        labels = nearest(given)
        assert (labels == arrays[f"{row['norm']}_simpleshot"]).all()
    else:
        lam = row["lmd"] if row["lap_bound"] else None
        assert row["lap_bound"] or row["lmd"] == 0
        found = cluster(given, centres=CENTRES[row["method"]], lam=lam, knn=facts["knn"])
        labels = found.labels[len(given.support) :]
        assert (labels != arrays[f"{row['key']}_pred"]).sum() <= 1
        if (labels == arrays[f"{row['key']}_pred"]).all():
            np.testing.assert_allclose(found.centres, arrays[f"{row['key']}_C"], atol=1e-5)
    if (labels == arrays.get(f"{row.get('key')}_pred", labels)).all():
        assert (labels == arrays["query_labels"]).mean() == pytest.approx(row["acc"], abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("norm", ["UN", "L2N", "CL2N"])
def test_nearest_prototype_after_the_shift(name, norm):
    given, arrays, _ = episode(name, norm)
    if f"{norm}_shifted_nearest" not in arrays:
        pytest.skip("not in this folder")
    moved = shifted(given)[len(given.support) :]
    labels = nearest(Episode(given.support, moved, given.way, given.shot))
    assert (labels == arrays[f"{norm}_shifted_nearest"]).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("norm", ["UN", "L2N", "CL2N"])
def test_affinities_and_kernel_width(name, norm):
    given, arrays, facts = episode(name, norm)
    x = shifted(given)
    w = affinity(x, facts["knn"])
    expected = arrays.get(f"{norm}_W")
    if expected is not None and expected.size:
        assert (w == expected).all()
    assert (w.sum(axis=1) == facts["knn"] - 1).all()
    assert not w.diagonal().any()
    if f"sigma_{norm}" in facts:
        assert kernel_width(x, w) ** 0.5 == pytest.approx(facts[f"sigma_{norm}"], abs=1e-9)


@pytest.mark.parametrize("name", BOUNDS)
def test_bound_updates(name):
    arrays = load_npz(SLUG, name)
    a = arrays["unary"]
    first = np.exp(-a) / np.exp(-a).sum(axis=1, keepdims=True)
    assert (affinity(arrays["X"], 3) == arrays["W"]).all()
    z, energy = bound(a, arrays["W"].astype(float), float(arrays["lmd"]), first)
    np.testing.assert_allclose(z, arrays["assign"], atol=1e-6)
    assert energy == pytest.approx(float(arrays["energy"]), abs=1e-6)
    assert (z.argmax(axis=1) == arrays["labels"]).all()


def test_interval_over_episodes():
    case = load_json(SLUG, "confidence.json")
    if case is None:
        pytest.skip("not in this folder")
    low, high = normal(np.array(case["accuracies"]))
    assert (low + high) / 2 == pytest.approx(case["mean"], abs=1e-12)
    assert (high - low) / 2 == pytest.approx(case["ci95"], abs=1e-12)
