"""Intervals equal the reference on its own resamples."""

import numpy as np
import pytest

from tests.reference._golden import load_json, load_npz, needs, some
from zsbench.metrics import naming
from zsbench.metrics.intervals import cluster_replicates, percentile, replicates, wilson

CASES = load_json("significance", "cases.json") or {}
DRAWS = load_npz("significance", "resamples.npz")
MEAN = naming.resolve("acc@1")


def test_wilson():
    for case in some(CASES.get("wilson"), "significance"):
        found = wilson(case["k"], case["n"], confidence=1 - case["alpha"])
        assert found == pytest.approx((max(0, case["lo"]), min(1, case["hi"])), abs=1e-9)
        assert found == pytest.approx(tuple(case["scipy"]), abs=1e-9)


def cases_of(name):
    needs(CASES, DRAWS)
    value = CASES.get(name) or []
    return value if isinstance(value, list) else [value]


def test_paired_accuracy_bootstrap_of_the_difference():
    for case in cases_of("paired_accuracy"):
        difference = np.subtract(case["b"], case["a"], dtype=float)[:, None]
        assert difference.mean() == pytest.approx(case["delta"], abs=1e-12)
        assert len(DRAWS["bootstrap_index"]) == case["bootstrap_B"]
        values = replicates(MEAN, difference, DRAWS["bootstrap_index"])
        assert percentile(values) == pytest.approx(tuple(case["percentile_ci95"]), abs=1e-9)
        assert values.std(ddof=1) == pytest.approx(case["bootstrap_se"], abs=1e-9)


def test_cluster_bootstrap():
    for case in cases_of("cluster_bootstrap"):
        clusters = np.unique(case["cluster"], return_inverse=True)[1]
        assert MEAN.reduce(np.asarray(case["value"], float)[:, None]) == pytest.approx(case["mean"], abs=1e-12)
        assert len(DRAWS["cluster_index"]) == case["B"]
        values = cluster_replicates(MEAN, np.asarray(case["value"], float)[:, None], clusters, DRAWS["cluster_index"])
        assert percentile(values) == pytest.approx(tuple(case["ci95"]), abs=1e-9)
        assert values.std(ddof=1) == pytest.approx(case["se"], abs=1e-9)


def test_micro_f1_bootstrap():
    for case in cases_of("micro_f1_bootstrap"):
        table = np.stack([case["tp"], case["fp"], case["fn"]], axis=1).astype(float)
        assert naming.resolve("F1").reduce(table) == pytest.approx(case["f1"], abs=1e-12)
        values = replicates(naming.resolve("F1"), table, DRAWS["bootstrap_index"])
        assert percentile(values) == pytest.approx(tuple(case["ci95"]), abs=1e-9)
        assert values.std(ddof=1) == pytest.approx(case["se"], abs=1e-9)
