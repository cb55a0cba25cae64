"""Paired tests: what holds for any data, and how often each finds a difference that is not there."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from zsbench.metrics import naming
from zsbench.metrics.bootstrap import resampled
from zsbench.metrics.paired import benjamini_hochberg, bootstrap_p, holm, mcnemar, sign_flips

values = st.lists(st.floats(-1, 1, allow_subnormal=False).map(lambda x: round(x, 3)), min_size=1, max_size=10)
shares = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(values)
def test_sign_flips_try_every_way_to_exchange_the_runs(differences):
    n = len(differences)
    ways = np.array(list(itertools.product((1, -1), repeat=n))) @ np.asarray(differences) / n
    expected = (np.abs(ways) >= abs(np.mean(differences)) - 1e-12).mean()
    assert sign_flips(differences) == pytest.approx(expected if np.any(differences) else 1.0)


@given(values, st.permutations(range(10)))
def test_which_run_is_first_and_the_order_of_items_change_nothing(differences, order):
    shuffled = [-differences[i] for i in order if i < len(differences)]
    assert sign_flips(differences) == pytest.approx(sign_flips(shuffled))


@given(shares)
def test_holm_is_never_below_benjamini_hochberg_nor_below_p_and_keeps_the_order(p):
    family, discoveries = holm(p), benjamini_hochberg(p)
    assert all(raw - 1e-12 <= d <= f + 1e-12 <= 1 + 2e-12 for raw, d, f in zip(p, discoveries, family, strict=True))
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(np.asarray(family)[order]) >= 0)


def test_equal_runs_have_p_1():
    same = np.array([1.0, 0, 1, 1])
    assert mcnemar(same, same) == sign_flips(same - same) == bootstrap_p(np.zeros(100)) == 1
    assert holm([]) == benjamini_hochberg([]) == []


def test_many_differences_are_drawn_in_blocks_and_depend_on_the_seed_only():
    differences = np.random.default_rng(0).normal(0.02, 1, 5000)
    assert sign_flips(differences, seed=1) == sign_flips(differences, seed=1)
    assert sign_flips(differences, seed=1) == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.02)


@pytest.mark.parametrize("test", ["mcnemar", "sign flips", "bootstrap"])
def test_equal_runs_are_told_apart_in_about_one_of_twenty_cases(test):
    rng, metric, hits = np.random.default_rng(0), naming.resolve("acc@1"), 0
    for _ in range(300):
        a, b = (rng.random((120, 1)) < 0.6).astype(float), (rng.random((120, 1)) < 0.6).astype(float)
        if test == "mcnemar":
            p = mcnemar(a[:, 0], b[:, 0])
        elif test == "sign flips":
            p = sign_flips((b - a)[:, 0], draws=499, seed=int(rng.integers(1 << 30)))
        else:
            (first, second), _ = resampled(metric, [a, b], resamples=499, seed=int(rng.integers(1 << 30)))
            p = bootstrap_p(second - first)
        hits += p <= 0.05
    # Exact tests of discrete data keep below 5 %; of 300 cases at 5 %, 26 are the 99.9 % quantile.
    assert 2 <= hits <= 26
