"""Curves of concept frequency, correlations between corpora and Let It Wag! lines equal the reference's numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference._golden import load_json, some
from zsbench.analysis.frequency import presets
from zsbench.analysis.frequency.lines import lines
from zsbench.metrics.correlation import pearson, probability
from zsbench.metrics.frequency_curve import binned, straightness, used

SYNTHETIC = some(load_json("concept-frequency", "binning_synthetic.json"), "concept-frequency")


@pytest.mark.parametrize("case", SYNTHETIC, ids=[case["kind"] for case in SYNTHETIC])
def test_bins(case):
    curve = binned(case["counts"], case["accuracies"], case["n_bins"])
    assert curve.bins.tolist() == case["assigned"]
    assert curve.n.tolist() == case["bin_count"]
    np.testing.assert_allclose(curve.counts, case["bin_edges"], rtol=1e-8)
    np.testing.assert_allclose(curve.mean, np.array(case["bin_mean"], dtype=float), rtol=1e-8)
    np.testing.assert_allclose(curve.std, np.array(case["bin_std"], dtype=float), rtol=1e-8, atol=1e-12)
    for first in (1, 2):
        line, expected = straightness(curve, first), dict(case[f"drop{first}"])
        assert line.n == expected["n"]
        assert line.r == (None if expected["r"] is None else pytest.approx(expected["r"], abs=1e-6))
        assert line.p == (None if expected["p"] is None else pytest.approx(expected["p"], rel=1e-6))


points = st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1, allow_subnormal=False)), min_size=1, max_size=40)


@settings(max_examples=60)
@given(points=points, edges=st.integers(2, 12), seed=st.integers(0, 99))
def test_order_and_copies_of_concepts_change_no_curve(points, edges, seed):
    counts, values = zip(*points, strict=True)
    curve = binned(counts, values, edges)
    order = np.random.default_rng(seed).permutation(len(points))
    other = binned([counts[i] for i in order], [values[i] for i in order], edges)
    twice = binned(counts * 2, values * 2, edges)
    assert curve.n.sum() == len(points)
    assert other.n.tolist() == curve.n.tolist()
    assert twice.n.tolist() == (2 * curve.n).tolist()
    for changed in (other, twice):
        np.testing.assert_allclose(changed.mean, curve.mean, atol=1e-12)
        np.testing.assert_allclose(changed.std, curve.std, atol=1e-7)
    # Every concept stands at or below its bin's edge, and above the edge before.
    x = np.log(np.maximum(counts, 1))
    assert (x <= curve.edges[curve.bins]).all()
    assert (x[curve.bins > 0] > curve.edges[curve.bins[curve.bins > 0] - 1]).all()


@settings(max_examples=60)
@given(points=points, edges=st.integers(3, 12), first=st.integers(0, 2))
def test_an_empty_bin_is_left_out_or_is_zero(points, edges, first):
    counts, values = zip(*points, strict=True)
    curve = binned(counts, values, edges)
    assert np.isnan(curve.mean).tolist() == (curve.n == 0).tolist()
    kept, every = used(curve, first), used(curve, first, "zero")
    assert every.tolist() == list(range(first, edges - 1))
    assert kept.tolist() == [number for number in every if curve.n[number]]
    filled = [curve.mean[number] if curve.n[number] else 0.0 for number in every]
    assert straightness(curve, first, "zero").r == pearson(curve.edges[every].tolist(), filled)


def test_p_is_that_of_the_t_distribution():
    from scipy import stats

    for r, n in [(0.9, 4), (-0.3, 10), (0.0, 9), (1.0, 5)]:
        t = r * np.sqrt((n - 2) / max(1 - r * r, 1e-300))
        assert probability(r, n) == pytest.approx(2 * stats.t.sf(abs(t), n - 2), abs=1e-12)


def test_the_rule_of_the_reference_is_that_of_the_golden_curves():
    """The file is read in whole where the authors' data are: `test_real_frequency.py`."""
    for curve in some(load_json("concept-frequency", "real_curves.json"), "concept-frequency"):
        kind = {"zero_shot": "classification", "retrieval": "retrieval"}[curve["task"]]
        rule = presets.bins(kind, curve["pretraining"])
        assert (rule.edges, rule.first) == (curve["n_bins"], curve["drop_first"])
        assert curve["drop_last"] == 1
        assert list(presets.datasets(kind, curve["source"])) == curve["datasets"]
        # What the file says of a curve fits together, whatever the data are.
        mean = np.array(curve["bin_mean"], dtype=float)
        numbers = [i for i in range(rule.first, rule.edges - 1) if not np.isnan(mean[i])]
        r = pearson(np.log(curve["bin_edges"])[numbers].tolist(), mean[numbers].tolist())
        assert r == pytest.approx(curve["pearson_r"], abs=1e-6)
        assert probability(r, len(numbers)) == pytest.approx(curve["pearson_p"], rel=1e-5)
        assert (probability(r, len(numbers)) < 0.05) == curve["significant_05"]


def test_lines_refuse_no_side():
    found = lines([60.0, 60.0, 70.0], [1.0, 2.0, 3.0], 50.0)
    assert (found.low.n, found.low.slope) == (0, None)
    assert found.high.slope == pytest.approx(np.polyfit([60, 60, 70], [1, 2, 3], 1)[0])
