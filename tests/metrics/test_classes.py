"""F1 over all classes is scikit-learn's over all labels; F1, precision and recall of a class are its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels

NAMES = ["a", "b", "c", "d"]
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20).map(np.array)
KIND = ("classes",)


@given(pairs=PAIRS)
def test_the_mean_over_all_classes_is_scikit_learns(pairs):
    truth, answers = pairs.T
    expected = f1_score(truth, answers, labels=range(4), average="macro", zero_division=0)
    metric, gold = naming.resolve("F1-over-all-classes", kinds=KIND), Labels(truth, class_names=NAMES)
    assert metric.compute(answers, gold) == pytest.approx(expected)
    assert metric.compute(np.eye(4)[answers], gold) == pytest.approx(expected)


@given(pairs=PAIRS, label=st.integers(0, 3))
def test_values_of_a_class_are_scikit_learns(pairs, label):
    truth, answers = pairs.T
    for name, own in (("F1", f1_score), ("precision", precision_score), ("recall", recall_score)):
        metric = naming.resolve(f"class-{name}(label={NAMES[label]})", kinds=KIND)
        found = metric.compute(answers, Labels(truth, class_names=NAMES))
        if label in truth:
            expected = own(truth == label, answers == label, zero_division=0)
            assert found == pytest.approx(expected)
        else:
            assert np.isnan(found)


def test_the_two_means_differ_by_the_classes_that_no_label_names():
    truth, answers = np.array([0, 0, 1]), np.array([0, 2, 1])
    gold = Labels(truth, class_names=NAMES)
    assert naming.resolve("F1-over-classes").compute(answers, gold) == pytest.approx((2 / 3 + 1) / 2)
    assert naming.resolve("F1-over-all-classes").compute(answers, gold) == pytest.approx((2 / 3 + 1) / 4)
    with pytest.raises(ValueError, match="no class 'e'"):
        naming.resolve("class-F1(label=e)").statistics(answers, gold)
