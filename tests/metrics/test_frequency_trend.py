"""Slope and rank correlation of resamples are those of the concepts that were drawn; who is in the tail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zsbench.metrics.frequency_trend import over_concepts, rank_correlations, slopes
from zsbench.metrics.tails import tail


@settings(max_examples=30)
@given(seed=st.integers(0, 2**16), n=st.integers(3, 40))
def test_draws_are_as_the_concepts_they_hold(seed, n):
    from scipy.stats import linregress, spearmanr

    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, n).astype(float), np.round(rng.random(n), 1)
    weights = rng.multinomial(n, [1 / n] * n, size=5).astype(float)
    found = zip(weights, slopes(x, y, weights), rank_correlations(x, y, weights), strict=True)
    for row, slope, rho in found:
        drawn = np.repeat(np.arange(n), row.astype(int))
        if len(set(x[drawn])) < 2:
            assert np.isnan([slope, rho]).all()
            continue
        assert slope == pytest.approx(linregress(x[drawn], y[drawn]).slope, abs=1e-9)
        if len(set(y[drawn])) < 2:
            assert np.isnan(rho)
        else:
            assert rho == pytest.approx(spearmanr(x[drawn], y[drawn]).statistic, abs=1e-9)


def test_the_interval_holds_the_slope_that_made_the_values():
    """Of 40 data sets with slope 0.2 and noise of 0.1, 95 % intervals hold 0.2 at least 33 times (a 99.9 % quantile)."""
    held, rng = 0, np.random.default_rng(0)
    for _ in range(40):
        x = rng.uniform(0, 4, 60)
        found = over_concepts(slopes, x, 0.1 + 0.2 * x + rng.normal(0, 0.1, 60), resamples=300)
        assert found.low <= found.value <= found.high
        held += found.low <= 0.2 <= found.high
    assert held >= 33


def test_what_has_no_spread_is_undefined():
    flat, rising = np.ones(5), np.arange(5.0)
    for statistic, x, y in [
        (slopes, flat, rising),
        (rank_correlations, flat, rising),
        (rank_correlations, rising, flat),
    ]:
        assert over_concepts(statistic, x, y).value is None


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=30), fraction=st.floats(0.01, 0.99))
def test_the_tail_is_rarer_than_the_head(counts, fraction):
    chosen = tail(counts, fraction)
    assert chosen.sum() == min(int(np.floor(fraction * len(counts))) + 1, len(counts))
    if not chosen.all():
        assert np.array(counts)[chosen].max() <= np.array(counts)[~chosen].min()
