"""A metric that is a mean of values of its items is the mean of the values that it names."""

import numpy as np
import pytest

from tests.metrics import examples
from zsbench.config import catalog
from zsbench.metrics import naming
from zsbench.metrics.metric import as_table

KINDS = {name: entry.family for name, entry in catalog.metrics().items()}
NAMES = [name for name in KINDS if naming.declared(name).metric.as_mean is not None]
NAMES += ["seen-acc(average=class)", "unseen-acc(average=class)", "unseen-acc(average=class,absent=zero)"]


def test_means_over_classes_are_here():
    assert {"mean-per-class", "seen-acc", "unseen-acc"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [3, 12, 60])
def test_the_mean_of_the_values_is_the_metric(name, n):
    base = name.partition("(")[0]
    metric = naming.resolve(name, kinds=(KINDS[base],))
    pred, gold = examples.KINDS[KINDS[base]].example(np.random.default_rng(n), n)
    table = as_table(metric.statistics(pred, gold))
    defined = table[~np.isnan(table).any(axis=1)]
    if len(defined):
        values = metric.values(defined)
        assert values.shape == (len(defined),)
        assert values.mean() == pytest.approx(metric.reduce(table), abs=1e-12)


def test_other_means_are_their_statistic_and_the_rest_has_no_values():
    assert naming.resolve("acc@1").values(np.array([[1.0], [0.0]])).tolist() == [1.0, 0.0]
    assert naming.resolve("F1").values(np.ones((2, 3))) is None
    assert naming.resolve("H").values(np.ones((2, 5))) is None
