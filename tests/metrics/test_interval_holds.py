"""Whatever the metric and the items: the value lies in its interval, and no interval of a share at an end is empty."""

import numpy as np
import pytest

from tests.metrics.test_common import EVERY, example
from zsbench.metrics import naming
from zsbench.metrics.intervals import interval
from zsbench.metrics.metric import as_table

SHAPES = ("plain", "clusters", "one cluster", "NaN rows", "all equal", "all equal in clusters")


def tables(name, shape, seed, n):
    """Return the metric, its statistics of a random example of one shape, and the items' clusters."""
    metric = naming.resolve(name)
    table = as_table(metric.statistics(*example(name, seed, n)))
    defined = table[~np.isnan(table).any(axis=1)]
    if shape == "NaN rows":
        table[:: max(2, n // 3)] = np.nan
    if shape.startswith("all equal") and len(defined):
        table = np.repeat(defined[:1], n, axis=0)
    numbers = np.zeros(n) if shape == "one cluster" else np.arange(n) // 2
    return metric, table, numbers.astype(str) if "cluster" in shape else None


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_value_lies_in_its_interval(name, shape):
    for seed, n in enumerate((2, 5, 30)):
        metric, table, clusters = tables(name, shape, seed, n)
        if np.isnan(table).any(axis=1).all():
            continue
        value = metric.reduce(table)
        ends = interval(metric, table, clusters=clusters, resamples=200)
        if np.isnan(value):
            continue
        assert ends.low <= value <= ends.high, (n, ends)
        if metric.greatest is not None and value in (0, metric.greatest):
            assert ends.low < ends.high, (n, ends)


@pytest.mark.parametrize("name", ["nDCG@10", "episode-acc", "clustering-acc", "mean-hit", "Hole@10"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_none_and_all_are_shares_of_as_many_items(name, value):
    from zsbench.metrics.shares import wilson

    metric = naming.resolve(name)
    rows = {
        "clustering-acc": np.stack([np.zeros(40), np.zeros(40)], axis=1),
        "mean-hit": np.array([[1.0, *[value] * 3, 0, 0, 0, 0]] * 20 + [[0, 0, 0, 0, 1.0, *[value] * 3]] * 20),
    }
    table = rows.get(name, np.full((40, 1), value))
    if name == "clustering-acc" and value == 0:
        pytest.skip("a matching of something is never 0")
    found = interval(metric, table, resamples=200)
    assert found[:3] == (*wilson(40 * value, 40), "wilson")
    in_pairs = interval(metric, table, clusters=(np.arange(40) // 2).astype(str), resamples=200)
    assert in_pairs.method == "wilson(clusters=20)"
    assert in_pairs.note == "few clusters: 20"
    assert in_pairs.high - in_pairs.low > found.high - found.low


def test_a_median_beyond_the_depth_has_an_open_end_and_says_so():
    metric = naming.resolve("median-rank")
    some = np.array([[1.0]] * 5 + [[np.inf]] * 4)
    found = interval(metric, some, resamples=1000)
    assert (found.low, found.high) == (1, np.inf)
    assert found.note == "few items: 9; upper end beyond the depth of the rankings"
    none = interval(metric, np.full((60, 1), np.inf), resamples=200)
    assert none[:2] == (np.inf, np.inf)
    assert none.note == "upper end beyond the depth of the rankings"
