"""Invariances that hold for every metric there is: the registry is the list, so a new metric is covered at once.

What a kind's predictions and gold look like stands in `examples/<kind>.py`.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.metrics import examples
from zsbench.config import catalog
from zsbench.metrics import naming
from zsbench.metrics.intervals import interval
from zsbench.metrics.metric import as_table

CUT, ALSO, OF_PAIRS, TOTALS, BLIND = map(examples.names, ("CUT", "ALSO", "OF_PAIRS", "TOTALS", "BLIND"))
FOUND = {name: (entry.family, name.rpartition(":")[2]) for name, entry in catalog.metrics().items()}
"""(kind, name within the kind) of every metric, by the name that tells it from all others."""
EVERY = [name + ("@3" if found in CUT else "") for name, found in FOUND.items()] + sorted(name for _, name in ALSO)


def found(name):
    return FOUND[name.split("(")[0].split("@")[0]]


def example(name, seed, n):
    return examples.KINDS[found(name)[0]].example(np.random.default_rng(seed), n)


def test_every_kind_of_metric_has_examples_and_they_name_metrics_that_exist():
    assert set(examples.KINDS) == {kind for kind, _ in FOUND.values()}
    assert {found(name) for _, name in ALSO} == {(kind, found(name)[1]) for kind, name in ALSO}
    assert {pair for pair in CUT | OF_PAIRS | TOTALS | BLIND if pair[1] != "*"} <= set(FOUND.values())


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**16), n=st.integers(1, 12))
def test_order_and_duplication_change_nothing(name, seed, n):
    metric = naming.resolve(name)
    pred, gold = example(name, seed, n)
    assume((~np.isnan(as_table(metric.statistics(pred, gold))).any(axis=1)).any())
    value = metric.compute(pred, gold)
    assume(not np.isnan(value))
    order = np.random.default_rng(seed + 1).permutation(n)
    shuffled = [pred[i] for i in order], type(gold)(gold[i] for i in order)
    assert metric.compute(*shuffled) == pytest.approx(value, abs=1e-9)
    if found(name) not in OF_PAIRS:
        times = 2 if found(name) in TOTALS else 1
        assert metric.compute(pred * 2, type(gold)(gold * 2)) == pytest.approx(times * value, abs=1e-9)
    if metric.unit == "%" and metric.better == "higher":
        assert 0 <= value <= 1


@pytest.mark.parametrize("name", EVERY)
def test_the_interval_holds_the_value_and_depends_on_the_seed_only(name):
    metric = naming.resolve(name)
    pred, gold = example(name, 3, 30)
    table = as_table(metric.statistics(pred, gold))
    low, high = interval(metric, table, resamples=1000)[:2]
    assert low <= metric.reduce(table) <= high
    assert interval(metric, table, resamples=1000)[:2] == (low, high)


@pytest.mark.parametrize("name", EVERY)
def test_no_items_is_undefined_not_zero(name):
    with pytest.raises(ValueError, match="no items"):
        naming.resolve(name).reduce(np.zeros((0, 3)))


@pytest.mark.parametrize("name", [n for n in EVERY if not {found(n), (found(n)[0], "*")} & BLIND])
def test_nan_in_a_prediction_raises(name):
    pred, gold = example(name, 5, 4)
    if isinstance(pred[1], dict):
        pred[1][next(iter(pred[1]))] = float("nan")
    elif np.ndim(pred[1]) == 0:
        pred[1] = float("nan")
    elif isinstance(pred[1][0], list):
        pred[1][0][0] = float("nan")
    else:
        pred[1][3] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        naming.resolve(name).statistics(pred, gold)


@pytest.mark.parametrize("name", EVERY)
def test_a_perfect_prediction_cannot_be_beaten(name):
    metric = naming.resolve(name)
    pred, gold = example(name, 7, 8)
    best = examples.KINDS[found(name)[0]].perfect(pred, gold)
    perfect, other = metric.compute(best, gold), metric.compute(pred, gold)
    assert perfect >= other - 1e-12 if metric.better == "higher" else perfect <= other + 1e-12
