"""Semantic ids: the golden codes, equal clusters, and what the command writes."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference._golden import load_npz
from zsbench.corpus import semantic_ids

GOLDEN = load_npz("onerec", "onerec.npz")


def test_codes_and_centroids_equal_the_reference():
    if {"items", "init_centroids", "codes"} <= GOLDEN.keys():
        codes, centroids = semantic_ids.semantic_ids(GOLDEN["items"], GOLDEN["init_centroids"])
        assert codes.tolist() == GOLDEN["codes"].tolist()
        assert centroids == pytest.approx(GOLDEN["centroids"], abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**16), n=st.integers(1, 30), k=st.integers(1, 6), levels=st.integers(1, 3))
def test_clusters_are_balanced_and_residuals_add_up(seed, n, k, levels):
    vectors = np.random.default_rng(seed).integers(-2, 3, (n, 2)).astype(float)
    codes, centroids = semantic_ids.seeded_ids(vectors, levels=levels, k=k, seed=seed)
    k = min(k, n)
    assert codes.shape == (n, levels)
    for level in range(levels):
        sizes = np.bincount(codes[:, level], minlength=k)
        assert (sizes[:-1] == n // k).all()
        assert sizes[-1] == n - (k - 1) * (n // k)
    again, _ = semantic_ids.seeded_ids(vectors, levels=levels, k=k, seed=seed)
    assert (again == codes).all()
    assert centroids.shape == (levels, k, 2)


def test_equal_codes_are_counted_and_told_apart():
    codes = np.array([[0, 1], [0, 1], [1, 0], [0, 1]])
    assert semantic_ids.collisions(codes) == 0.75
    assert semantic_ids.distinct(codes).tolist() == [[0, 1, 0], [0, 1, 1], [1, 0, 0], [0, 1, 2]]


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="3 clusters of 2 items"):
        semantic_ids.balanced_kmeans(np.zeros((2, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="NaN"):
        semantic_ids.balanced_kmeans(np.full((2, 2), np.nan), np.zeros((1, 2)))


def test_the_command(tmp_path, capsys):
    from zsbench.cli.corpus import semantic_ids as command

    (tmp_path / "items.jsonl").write_text("".join(json.dumps({"id": i, "text": "x"}) + "\n" for i in range(9)))
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(9, 4)))
    command(
        tmp_path / "items.jsonl", tmp_path / "o", embeddings=tmp_path / "v.npy", levels=1, k=3, distinct=True
    )  # fmt: skip
    rows = [json.loads(line) for line in (tmp_path / "o").open()]
    assert [row["_id"] for row in rows] == [str(i) for i in range(9)]
    assert len({tuple(row["codes"]) for row in rows}) == 9
    assert "100.0% share all 1 codes" in capsys.readouterr().err
