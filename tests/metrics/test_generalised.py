"""Seen and unseen classes apart: definitions by hand, groups without items, classes without items, tables of change."""

import numpy as np
import pytest

from zsbench.core.errors import UserError
from zsbench.metrics import naming
from zsbench.metrics.bootstrap import resampled
from zsbench.metrics.intervals import interval, wilson
from zsbench.metrics.labels.gold import Labels

UNSEEN = np.array([False, False, True, True])
TRUE = np.array([0, 0, 0, 1, 2, 2, 2, 2])
PREDICTED = np.array([0, 0, 1, 0, 2, 2, 2, 0])  # class 0: 2 of 3, class 1: 0 of 1, class 2: 3 of 4, class 3: no item


def value(name, predicted=PREDICTED, true=TRUE):
    return naming.resolve(name).compute(predicted, Labels(true, UNSEEN))


@pytest.mark.parametrize(
    ("average", "seen", "unseen"),
    [
        ("average=item", 2 / 4, 3 / 4),
        ("average=class", (2 / 3 + 0) / 2, 3 / 4),
        ("average=class,absent=zero", (2 / 3 + 0) / 2, 3 / 8),
    ],
)
def test_by_hand(average, seen, unseen):
    assert value(f"seen-acc({average})") == pytest.approx(seen)
    assert value(f"unseen-acc({average})") == pytest.approx(unseen)
    assert value(f"H({average})") == pytest.approx(2 * seen * unseen / (seen + unseen))


def test_a_zero_gives_zero_and_an_empty_group_is_undefined():
    assert value("H", np.full(8, 2)) == 0
    assert value("H", np.full(8, 3)) == 0
    assert np.isnan(value("H", PREDICTED[:4], TRUE[:4]))
    with pytest.raises(ValueError, match="no items"):
        value("unseen-acc", PREDICTED[:4], TRUE[:4])


def test_an_undefined_value_has_an_undefined_interval():
    metric = naming.resolve("H")
    low, high = interval(metric, metric.statistics(PREDICTED[:4], Labels(TRUE[:4], UNSEEN)), resamples=1000)[:2]
    assert np.isnan([low, high]).all()


def test_only_items_of_the_group_count():
    table = naming.resolve("unseen-acc").statistics(PREDICTED, Labels(TRUE, UNSEEN))
    assert (~np.isnan(table).any(axis=1)).tolist() == [False] * 4 + [True] * 4


def test_a_group_of_one_item_leaves_much_open():
    metric = naming.resolve("H")
    true = np.array([0] * 50 + [2])
    table = metric.statistics(true, Labels(true, UNSEEN))
    low, high = interval(metric, table)[:2]
    assert low == pytest.approx(2 * wilson(1, 1)[0] / (1 + wilson(1, 1)[0]), abs=0.01)
    assert high == 1
    (values,), _ = resampled(metric, [table], resamples=1000)
    assert (values == 1).all()  # every resample holds both groups


def test_gold_without_unseen_classes_and_bad_parameters():
    with pytest.raises(ValueError, match="which classes are unseen"):
        naming.resolve("H").compute(PREDICTED, TRUE)
    with pytest.raises(UserError, match="item, class"):
        naming.resolve("H(average=macro)")
