"""Differences of two runs beside scipy and beside ways written out: clusters, options, undefined items, seeds."""

import itertools
import warnings

import numpy as np
import pytest
from scipy import stats

from tests.analysis.made_runs import made
from zsbench.analysis import comparison
from zsbench.analysis.comparison.difference import adjusted
from zsbench.core.errors import UserError

RNG = np.random.default_rng(7)
GROUPS = np.repeat(np.arange(8), [1, 2, 3, 4, 5, 6, 2, 1])
N = len(GROUPS)
CLUSTERS = {"cluster": [f"image {group}" for group in GROUPS]}


def pair(tmp_path, a, b, metric="nDCG@10", columns=None, task_type="rerank", **settings):
    first = made(tmp_path / "a", {metric: a}, columns=columns, task_type=task_type)
    second = made(tmp_path / "b", {metric: b}, columns=columns, task_type=task_type)
    [row] = comparison.differences(first, second, **settings)
    return row


def every_sign_p(sums):
    """The share of all ways to sign the sums of clusters that reach the observed sum."""
    reached = [abs(np.dot(signs, sums)) for signs in itertools.product((1, -1), repeat=len(sums))]
    return np.mean(np.array(reached) >= abs(np.sum(sums)) - 1e-9)


@pytest.mark.parametrize(("metric", "task_type"), [("nDCG@10", "rerank"), ("acc@1", "image-classification")])
def test_clusters_are_flipped_and_drawn_as_a_whole(tmp_path, metric, task_type):
    a, b = (RNG.random(N) < share for share in (0.4, 0.7))
    a, b = (x.astype(float) if metric == "acc@1" else x * RNG.random(N) for x in (a, b))
    row = pair(tmp_path, a, b, metric, CLUSTERS, task_type, resamples=2000)
    assert (row.test, row.n, row.n_clusters) == ("sign flips of 8 clusters", N, 8)
    assert row.method == "bootstrap(B=2000, seed=0, clusters=8)"
    sums, sizes = np.bincount(GROUPS, b - a), np.bincount(GROUPS)
    assert row.p == pytest.approx(every_sign_p(sums))
    drawn = np.random.default_rng(0).integers(0, 8, (2000, 8))
    values = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    assert (row.low, row.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_pooled_counts_are_drawn_by_document(tmp_path):
    counts = RNG.integers(0, 4, (2, N, 3)).astype(float)
    row = pair(tmp_path, *counts, "F1", CLUSTERS, "ner", resamples=500)
    drawn = np.random.default_rng(0).integers(0, 8, (500, 8))
    sums = [
        np.stack([np.bincount(GROUPS, table[:, i]) for i in range(3)], axis=1)[drawn].sum(axis=1) for table in counts
    ]
    a, b = (2 * s[:, 0] / (2 * s[:, 0] + s[:, 1] + s[:, 2]) for s in sums)
    assert row.test == "bootstrap of 8 clusters"
    assert (row.low, row.high) == pytest.approx(tuple(np.quantile(b - a, [0.025, 0.975])))
    assert row.p == pytest.approx(min(1, 2 * (min((b - a <= 0).sum(), (b - a >= 0).sum()) + 1) / 501))
    assert row.wins is None


def test_items_that_are_each_a_cluster_of_their_own_are_independent(tmp_path):
    a, b = RNG.random((2, N))
    alone = pair(tmp_path / "x", a, b, columns={"cluster": [f"c{i}" for i in range(N)]})
    assert (alone, alone.n_clusters) == (pair(tmp_path / "y", a, b), None)


def test_a_run_without_clusters_takes_those_of_the_other_and_contradictions_are_named(tmp_path):
    a, b = RNG.random((2, N))
    first, second = made(tmp_path / "a", {"nDCG@10": a}, columns=CLUSTERS), made(tmp_path / "b", {"nDCG@10": b})
    assert [comparison.differences(*sides)[0].n_clusters for sides in ((first, second), (second, first))] == [8, 8]
    other = made(tmp_path / "c", {"nDCG@10": b}, columns={"cluster": ["one"] * N})
    with pytest.raises(UserError, match=r"c/items.parquet: item 'i0' is of cluster 'one', elsewhere of 'image 0'"):
        comparison.differences(first, other)


def test_t_and_wilcoxon_are_those_of_scipy(tmp_path):
    a, b = RNG.random((2, 40))
    assert pair(tmp_path, a, b, test="t").p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert pair(tmp_path, a, b, test="wilcoxon").p == pytest.approx(stats.wilcoxon(a, b).pvalue)
    assert pair(tmp_path, a, b, test="t").test == "paired t"


def test_t_and_wilcoxon_of_clusters_of_one_size_are_those_of_their_means(tmp_path):
    a, b = RNG.random((2, 40))
    columns = {"cluster": [str(i // 4) for i in range(40)]}
    means = (b - a).reshape(10, 4).mean(axis=1)
    assert pair(tmp_path, a, b, columns=columns, test="t").p == pytest.approx(stats.ttest_1samp(means, 0).pvalue)
    assert pair(tmp_path, a, b, columns=columns, test="wilcoxon").p == pytest.approx(stats.wilcoxon(means).pvalue)


@pytest.mark.parametrize("test", ["t", "wilcoxon", "sign-flips"])
def test_what_is_no_mean_over_items_has_the_bootstrap_whatever_is_asked(tmp_path, test):
    counts = RNG.integers(0, 4, (2, 30, 3)).astype(float)
    assert pair(tmp_path, *counts, "F1", task_type="ner", test=test).test == "bootstrap"


@pytest.mark.parametrize("columns", [None, {"cluster": ["a", "a", "b", "b"]}])
@pytest.mark.parametrize("test", ["auto", "t", "wilcoxon", "bootstrap"])
def test_runs_that_are_equal_have_p_1_and_no_warning(tmp_path, test, columns):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = pair(tmp_path, [0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], columns=columns, test=test)
    assert (row.value, row.low, row.high, row.p, row.stars, row.ties) == (0, 0, 0, 1, "", 4)


def test_a_constant_difference_has_no_t_and_the_rest_of_the_family_is_adjusted_without_it(tmp_path):
    undefined = pair(tmp_path, [0.0, 0.25], [0.5, 0.75], test="t")
    assert np.isnan(undefined.p)
    known = pair(tmp_path, [0.0] * 8, [0.5] * 8)
    assert known.p == 2 / 2**8
    rows = adjusted([undefined, known, known])
    assert [row.holm for row in rows[1:]] == [4 / 2**8] * 2
    assert (np.isnan(rows[0].adjusted), rows[0].stars, rows[0].as_dict()["p"]) == (True, "", None)


def test_one_item_and_no_item(tmp_path):
    row = pair(tmp_path, [0.2], [0.6])
    assert (row.n, row.p, row.low, row.high) == (1, 1.0, 0.6 - 0.2, 0.6 - 0.2)
    assert np.isnan(pair(tmp_path, [0.2], [0.6], test="t").p)
    with pytest.raises(UserError, match="no metric has a value for an item in both runs"):
        pair(tmp_path, [np.nan], [0.6])


def test_undefined_items_are_counted_and_never_zero(tmp_path):
    a, b = [0.1, np.nan, np.nan, 0.5], [0.3, 0.4, np.nan, 0.1]
    row = pair(tmp_path, a, b)
    assert (row.n, row.left_out, row.undefined) == (2, 1, 1)
    assert (row.first, row.second) == pytest.approx((0.3, 0.2))


def test_stars_come_from_the_adjusted_p_alone(tmp_path):
    row = pair(tmp_path, [0.0] * 8, [0.5] * 8)
    assert [each.stars for each in adjusted([row])] == ["**"]
    assert [each.stars for each in adjusted([row] * 5)] == ["*"] * 5
    assert [each.stars for each in adjusted([row] * 20)] == [""] * 20
    assert [each.stars for each in adjusted([row] * 20, "fdr")] == ["**"] * 20


def test_the_confidence_of_an_interval_names_its_columns(tmp_path):
    a, b = RNG.random((2, 30))
    wide, narrow = (pair(tmp_path, a, b, confidence=level) for level in (0.99, 0.5))
    assert wide.low < narrow.low < narrow.high < wide.high
    assert {"ci99_low", "ci99_high"} < set(wide.as_dict())
    assert not {"ci95_low", "ci50_low"} & set(wide.as_dict())
