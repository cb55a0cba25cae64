"""Density-based pruning and DataComp's averages equal the references."""

import json
import subprocess
import sys
import tracemalloc
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference._golden import load_json, load_npz
from zsbench.analysis import density_pruning as pruning
from zsbench.core.errors import UserError
from zsbench.results.combination import combined

GOLDEN = load_npz("density-pruning", "quotas.npz")
DATACOMP = load_json("density-pruning", "datacomp_average.json")
REFERENCE = pytest.mark.skipif(not GOLDEN, reason="the folder holds no quotas.npz")


def test_there_is_a_case():
    assert GOLDEN or DATACOMP


def steps():
    distances = pruning.distances_to_centroids(GOLDEN["embeddings"], GOLDEN["cluster"], GOLDEN["centroids"])
    intra, inter = pruning.complexity(
        distances, GOLDEN["cluster"], GOLDEN["centroids"].astype(np.float64), neighbours=int(GOLDEN["num_nn"])
    )
    low, high = pruning.bounds(GOLDEN["sizes"], int(GOLDEN["target"]), balance=float(GOLDEN["cls_bal_ratio"]))
    return distances, intra, inter, low, high


@REFERENCE
def test_complexity_and_shares():
    distances, intra, inter, low, high = steps()
    np.testing.assert_allclose(distances, GOLDEN["dist_to_centroid"], atol=1e-5)
    np.testing.assert_allclose(intra, GOLDEN["d_intra"], atol=1e-5)
    np.testing.assert_allclose(inter, GOLDEN["d_inter"], atol=1e-5)
    share = pruning.shares(intra, inter, temperature=float(GOLDEN["temperature"]))
    np.testing.assert_allclose(share, GOLDEN["probs"], atol=1e-5)
    assert int(float(GOLDEN["prune_ratio"]) * len(GOLDEN["embeddings"])) == GOLDEN["target"]
    assert (low == GOLDEN["lower"]).all()
    assert (high == GOLDEN["upper"]).all()


def test_an_empty_cluster_is_as_complex_as_the_others_on_average():
    rng = np.random.default_rng(0)
    embeddings, clusters, centroids = rng.normal(size=(40, 6)), np.arange(40) % 5, rng.normal(size=(6, 6))
    distances = pruning.distances_to_centroids(embeddings, clusters, centroids)
    intra, inter = pruning.complexity(distances, clusters, centroids, neighbours=2)
    assert np.isnan(intra).tolist() == [False] * 5 + [True]
    products = [intra[j] * inter[j] for j in range(5)]
    logits = np.array([*products, sum(products) / 5]) / 0.1
    np.testing.assert_allclose(pruning.shares(intra, inter), np.exp(logits) / np.exp(logits).sum(), rtol=1e-12)


def test_blocks_of_items_change_nothing_and_copy_no_more_than_themselves(monkeypatch):
    rng = np.random.default_rng(0)
    embeddings, clusters = rng.normal(size=(20_000, 64)).astype(np.float32), np.arange(20_000) % 7
    whole = pruning.mean_directions(embeddings, clusters, 7)
    units = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    np.testing.assert_allclose(whole, [units[clusters == j].mean(axis=0) for j in range(7)], atol=1e-6)
    distances = pruning.distances_to_centroids(embeddings, clusters, whole)
    monkeypatch.setattr(pruning, "BLOCK", 500 * 64)
    tracemalloc.start()
    np.testing.assert_allclose(pruning.mean_directions(embeddings, clusters, 7), whole, atol=1e-12)
    np.testing.assert_allclose(pruning.distances_to_centroids(embeddings, clusters, whole), distances, atol=1e-12)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < embeddings.nbytes / 2  # a whole copy in float64 is twice as large


@REFERENCE
def test_quotas_and_kept_items():
    _, _, _, low, high = steps()
    exact = pruning.quotas(GOLDEN["probs"].astype(np.float64), int(GOLDEN["target"]), low, high)
    np.testing.assert_allclose(exact, GOLDEN["quota_exact"], atol=1e-4)
    assert (np.abs(np.rint(exact) - GOLDEN["quota_ref"]) <= 1).all()
    kept = pruning.keep(GOLDEN["dist_to_centroid"], GOLDEN["cluster"], GOLDEN["quota_ref"])
    assert (kept == np.sort(GOLDEN["kept_indices"])).all()


@pytest.mark.skipif(not DATACOMP, reason="the folder holds no datacomp_average.json")
def test_datacomp_averages():
    values = {row["dataset"]: row["main_metric"] for row in DATACOMP["results"]}
    scored = [name for name, value in values.items() if value is not None]

    def mean(names):
        scores = [{"value": values[n], "low": 0.0, "high": 1.0, "unit": "%", "n": 1, "better": "higher"} for n in names]
        return combined(scores)["value"]

    for group, expected in DATACOMP["aggregate"].items():
        names = {"Average": scored, "ImageNet": ["ImageNet 1k"]}.get(group) or DATACOMP["groups"][group]
        assert mean(names) == pytest.approx(expected, abs=1e-9), group


@given(st.lists(st.integers(1, 40), min_size=2, max_size=12), st.floats(0.05, 1), st.floats(0, 1), st.integers(0, 99))
def test_quotas_keep_their_bounds_and_their_sum(sizes, ratio, balance, seed):
    sizes = np.array(sizes)
    target = int(ratio * sizes.sum())
    low, high = pruning.bounds(sizes, target, balance=balance)
    share = np.random.default_rng(seed).dirichlet(np.ones(len(sizes)))
    if low.sum() > target:
        with pytest.raises(UserError, match="items to keep"):
            pruning.quotas(share, target, low, high)
        return
    found = pruning.quotas(share, target, low, high)
    assert found.sum() == pytest.approx(target)
    assert (found >= low - 1e-9).all()
    assert (found <= high + 1e-9).all()


def pruned(folder, *options):
    command = [sys.executable, "-m", "zsbench.cli.main", "prune", "e.npy", "--clusters", "c.npy", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


NONSENSE = [
    ("neighbours", "0"), ("neighbours", "-1"), ("ratio", "nan"), ("ratio", "0"), ("ratio", "1.5"), ("ratio", "0.001"),
    ("temperature", "0"), ("temperature", "inf"), ("balance", "-1"), ("balance", "nan"), ("seed", "-1"),
]  # fmt: skip


def test_the_command_refuses_values_that_keep_nothing_or_mean_nothing(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(60, 5))
    np.save(tmp_path / "e.npy", vectors)
    np.save(tmp_path / "c.npy", np.arange(60) % 4)
    for option, value in NONSENSE:
        options = {"--neighbours": "2", "--order": "random", f"--{option}": value}
        done = pruned(tmp_path, *chain.from_iterable(options.items()))
        assert done.returncode == 2, (option, value, done.stdout)
        assert f"--{option}" in done.stderr, done.stderr
    vectors[3] = 0
    np.save(tmp_path / "e.npy", vectors)
    assert "row 3 is all 0" in pruned(tmp_path, "--neighbours", "2").stderr
    assert not (tmp_path / "keep.txt").exists()


def test_the_command_writes_the_kept_items(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "e.npy", rng.normal(size=(60, 5)))
    np.save(tmp_path / "c.npy", np.arange(60) % 4)

    def run(*options):
        return pruned(tmp_path, *options)

    done = run("--neighbours", "2", "--ratio", "0.5", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    kept = [int(line) for line in (tmp_path / "keep.txt").read_text().split()]
    assert len(kept) == answer["kept"] == sum(row["keep"] for row in answer["clusters"])
    assert abs(answer["kept"] - 30) <= 2
    assert kept == sorted(set(kept))
    done = run()
    assert done.returncode == 2
    assert "20 neighbours of 4 clusters" in done.stderr
    np.save(tmp_path / "c.npy", np.arange(59) % 4)
    assert "59 cluster numbers" in run("--neighbours", "2").stderr
