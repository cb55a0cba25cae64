"""Intervals against scipy and against simulation."""

import numpy as np
import pytest
from scipy.stats import binomtest

from zsbench.metrics import naming
from zsbench.metrics.intervals import interval, intervals, wilson

ACCURACY, AP = naming.resolve("acc@1"), naming.resolve("MAP")


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 25), (25, 25), (3, 10), (500, 1000)])
def test_wilson_equals_scipy(k, n):
    expected = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("metric", [ACCURACY, AP])
def test_a_nominal_95_percent_interval_covers_the_truth(metric):
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        sample = (rng.random((60, 1)) < 0.7).astype(float)
        low, high = interval(metric, sample, resamples=1000)[:2]
        covered += low <= 0.7 <= high
    assert 0.90 <= covered / 300 <= 0.98


def test_no_variance_gives_a_point():
    assert interval(AP, np.full((20, 1), 0.25), resamples=1000)[:2] == (0.25, 0.25)


def test_undefined_items_are_left_out():
    table = np.array([[1.0], [np.nan], [1.0], [0.0]])
    assert ACCURACY.reduce(table) == pytest.approx(2 / 3)
    assert interval(ACCURACY, table)[:2] == wilson(2, 3)


def test_metrics_that_share_their_draws_have_the_intervals_of_each_alone():
    rng = np.random.default_rng(0)
    names = ["MAP", "median-rank", "mean-per-class", "mean-hit", "per-class-std"]
    metrics = [naming.resolve(name) for name in names for _ in range(2)]
    tables = [np.floor(rng.random((n, 4)) * 3) for _ in names for n in (20, 30)]
    for table in tables:
        table[:, 1] = np.minimum(table[:, 1], 1)  # right or wrong
    tables[3][:10] = np.nan  # twenty are left, as in others
    alone = [interval(metric, table, resamples=500, seed=3) for metric, table in zip(metrics, tables, strict=True)]
    assert intervals(metrics, tables, resamples=500, seed=3) == alone
