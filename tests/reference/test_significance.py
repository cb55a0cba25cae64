"""Intervals equal the reference on its own resamples."""

import numpy as np
import pytest

from tests.analysis.made_runs import made
from tests.reference._golden import load_json, load_npz, needs, some
from zsbench.analysis import comparison
from zsbench.metrics import bootstrap, naming
from zsbench.metrics.bootstrap import cluster_replicates, percentile, replicates
from zsbench.metrics.intervals import wilson
from zsbench.metrics.paired import (
    benjamini_hochberg,
    bootstrap_p,
    discordant,
    holm,
    mcnemar,
    sign_flips,
    student_t,
    wilcoxon,
)

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


def test_ignoring_clusters_halves_the_standard_error():
    for case in cases_of("cluster_bootstrap"):
        values = np.asarray(case["value"], float)
        naive = values.std(ddof=1) / len(values) ** 0.5
        assert naive == pytest.approx(case["naive_se"], abs=1e-9)
        assert case["se"] > 1.8 * case["naive_se"]


def paired(tmp_path, case, **settings):
    """The difference of two runs, of which the first scores nothing and the second the case's values."""
    values = np.asarray(case["value"], float)
    columns = {"cluster": [f"{name:04d}" for name in case["cluster"]]}
    runs = [
        made(tmp_path / name, {"nDCG@10": table}, columns=columns)
        for name, table in (("none", 0 * values), ("values", values))
    ]
    [row] = comparison.differences(*runs, **settings)
    return row


def test_compare_draws_whole_clusters(tmp_path, monkeypatch):
    """`compare` on the reference's own draws of clusters gives the reference's interval."""
    for case in cases_of("cluster_bootstrap"):
        index = DRAWS["cluster_index"]
        monkeypatch.setattr(bootstrap, "_draws", lambda *_args, index=index, **_more: iter([index]))
        row = paired(tmp_path, case, resamples=case["B"])
        assert row.n_clusters == len(set(case["cluster"]))
        assert (row.low, row.high) == pytest.approx(tuple(case["ci95"]), abs=1e-9)
        assert row.value == pytest.approx(case["mean"], abs=1e-12)


def test_compare_gives_the_reference_s_paired_accuracy(tmp_path, monkeypatch):
    for case in cases_of("paired_accuracy"):
        index = DRAWS["bootstrap_index"]
        monkeypatch.setattr(bootstrap, "_draws", lambda *_args, index=index, **_more: iter([index]))
        runs = [made(tmp_path / s, {"acc@1": case[s]}, task_type="image-classification") for s in "ab"]
        [row] = comparison.differences(*runs, resamples=case["bootstrap_B"])
        assert (row.test, row.wins, row.losses) == ("McNemar", case["n01"], case["n10"])
        assert row.p == pytest.approx(case["mcnemar_exact_p"], abs=1e-9)
        assert (row.low, row.high) == pytest.approx(tuple(case["percentile_ci95"]), abs=1e-9)
        [drawn] = comparison.differences(*runs, resamples=case["bootstrap_B"], test="bootstrap")
        assert drawn.p == pytest.approx(case["bootstrap_p_two_sided"], abs=1e-9)


def test_compare_gives_the_reference_s_t_and_wilcoxon(tmp_path):
    for case in cases_of("per_query"):
        runs = [made(tmp_path / s, {"nDCG@10": case[s]}) for s in "ab"]
        for test, p in (("t", case["t_p"]), ("wilcoxon", case["wilcoxon_p"])):
            assert comparison.differences(*runs, test=test)[0].p == pytest.approx(p, abs=1e-9)


def test_micro_f1_bootstrap():
    for case in cases_of("micro_f1_bootstrap"):
        table = np.stack([case["tp"], case["fp"], case["fn"]], axis=1).astype(float)
        assert naming.resolve("F1").reduce(table) == pytest.approx(case["f1"], abs=1e-12)
        values = replicates(naming.resolve("F1"), table, DRAWS["bootstrap_index"])
        assert percentile(values) == pytest.approx(tuple(case["ci95"]), abs=1e-9)
        assert values.std(ddof=1) == pytest.approx(case["se"], abs=1e-9)


def test_mcnemar_and_the_p_of_the_paired_bootstrap():
    for case in cases_of("paired_accuracy"):
        assert discordant(case["a"], case["b"]) == (case["n01"], case["n10"])
        assert mcnemar(case["a"], case["b"]) == pytest.approx(case["mcnemar_exact_p"], abs=1e-9)
        a, b = (np.asarray(case[side], float)[:, None] for side in "ab")
        values = replicates(MEAN, b, DRAWS["bootstrap_index"]) - replicates(MEAN, a, DRAWS["bootstrap_index"])
        assert bootstrap_p(values) == pytest.approx(case["bootstrap_p_two_sided"], abs=1e-9)


def test_sign_flips():
    [exact], [drawn] = cases_of("sign_flip_exact"), cases_of("sign_flip_monte_carlo")
    assert sign_flips(exact["differences"]) == pytest.approx(exact["p_two_sided"], abs=1e-9)
    signs = DRAWS["sign_flips"]
    assert len(signs) == drawn["n"]
    p = sign_flips(exact["differences"], signs=signs)
    assert p == pytest.approx(drawn["p"], abs=1e-9)
    assert round(p * (len(signs) + 1)) - 1 == drawn["count_ge"]


def test_corrections():
    for case in cases_of("multiple"):
        assert holm(case["p"]) == pytest.approx(case["holm"], abs=1e-9)
        assert benjamini_hochberg(case["p"]) == pytest.approx(case["benjamini_hochberg"], abs=1e-9)


def test_values_of_queries():
    for case in cases_of("per_query"):
        assert student_t(case["a"], case["b"]) == pytest.approx((case["t"], case["t_p"]), abs=1e-9)
        assert wilcoxon(case["a"], case["b"]) == pytest.approx(case["wilcoxon_p"], abs=1e-9)
