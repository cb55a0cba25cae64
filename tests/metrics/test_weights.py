"""A metric of weights is the plain metric of the items that the weights repeat."""

from dataclasses import replace

import numpy as np
import pytest

from tests.metrics import examples
from zsbench.config import catalog
from zsbench.metrics import bootstrap, naming
from zsbench.metrics.intervals import interval
from zsbench.metrics.metric import as_table

VARIANTS = [
    "multilabel:mAP(interpolation=11)",
    "ROC-AUC(average=micro)",
    "worst-group-acc(min_items=3)",
    "seen-acc(average=class)",
    "H(average=class)",
]
VARIANTS += ["H(average=class,absent=zero)", "unseen-acc(average=class,absent=zero)"]


def weighted():
    """Return the kind of every metric with `of_weights`, and of variants of some, by name."""
    kinds = {name: entry.family for name, entry in catalog.metrics().items()}
    names = [name for name in kinds if naming.declared(name).metric.of_weights is not None]
    names += [name for name in VARIANTS if name.partition("(")[0] in names]
    return {name: kinds[name.partition("(")[0]] for name in names}


EVERY = weighted()


def resolved(name):
    return naming.resolve(name.rpartition(":")[2], kinds=(EVERY[name],))


def tables(name, seed, n):
    metric = resolved(name)
    pred, gold = examples.KINDS[EVERY[name]].example(np.random.default_rng(seed), n)
    table = as_table(metric.statistics(pred, gold))
    return metric, table[~np.isnan(table).any(axis=1)]


def test_those_that_would_take_long_are_here():
    assert {"mean-per-class", "F1-over-classes", "clustering-acc", "pair-recall", "H", "ROC-AUC"} <= set(EVERY)
    assert any(name.endswith("mAP") for name in EVERY)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("seed", range(4))
def test_weights_give_what_repeated_items_give(name, seed):
    metric, table = tables(name, seed, 40)
    rng = np.random.default_rng(seed)
    strata = None if metric.strata is None else table[:, metric.strata]
    [index] = bootstrap._draws(rng, len(table), 30, strata, width=1)
    expected = np.array([metric.of_items(table[rows]) for rows in index])
    found = metric.of_weights(table).values(bootstrap._weights(bootstrap._counts(index, len(table))))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["mean-per-class", "per-class-std", "worst-group-acc"])
def test_replicates_keep_their_digits(name):
    metric, table = tables(name, 1, 200)
    (found,), _ = bootstrap.resampled(metric, [table], resamples=500, seed=3)
    (plain,), _ = bootstrap.resampled(replace(metric, of_weights=None), [table], resamples=500, seed=3)
    assert (found == plain).all()


def test_ties_and_classes_that_a_resample_loses():
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores, targets = rng.integers(0, 4, (12, 3)).astype(float), (rng.random((12, 3)) < 0.2).astype(int)
        index = rng.integers(0, 12, (40, 12))
        for name in ("mAP", "mAP(interpolation=11)", "ROC-AUC", "ROC-AUC(average=micro)"):
            metric = naming.resolve(name, kinds=("multilabel",))
            table = metric.statistics(scores, targets)
            expected = np.array([metric.of_items(table[rows]) for rows in index])
            np.testing.assert_allclose(
                metric.of_weights(table).values(bootstrap._weights(bootstrap._counts(index, 12))), expected
            )


def test_fewer_resamples_depend_on_items_and_classes_alone():
    assert bootstrap._affordable(10_000, 1000, 0) == 10_000
    assert bootstrap._affordable(10_000, 50_000, 0) == 10_000
    assert bootstrap._affordable(10_000, 400_000, 0) == 2500
    assert bootstrap._affordable(10_000, 50_000, 50_000 * 80) == 1000
    assert bootstrap._affordable(10_000, 50_000, 50_000 * 1000) == 200
    assert bootstrap._affordable(100, 50_000, 50_000 * 1000) == 100
    metric = naming.resolve("mAP", kinds=("multilabel",))
    rng = np.random.default_rng(0)
    table = metric.statistics(rng.random((300, 4)), rng.integers(0, 2, (300, 4)))
    assert "bootstrap(B=500, seed=0)" in interval(metric, table, resamples=500).method
