"""Both correlations equal scipy's, and say nothing where they are undefined."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from zsbench.metrics.correlation import pearson, spearman

PAIRS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=30)


@given(PAIRS)
def test_they_are_scipys(pairs):
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert pearson(first, second) is spearman(first, second) is None
        return
    assert pearson(first, second) == pytest.approx(stats.pearsonr(first, second).statistic, abs=1e-12)
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic, abs=1e-12)
