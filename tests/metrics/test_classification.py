"""Metrics of classification in all its kinds, against scikit-learn and against their definitions spelled out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference
from sklearn.metrics.cluster import pair_confusion_matrix

from zsbench.metrics import naming
from zsbench.metrics.bootstrap import resampled
from zsbench.metrics.labels.gold import Labels
from zsbench.metrics.labels.multilabel import area, average_precision
from zsbench.metrics.metric import as_table

seeds = st.integers(0, 2**16)


def metric(name, kind):
    return naming.resolve(name, kinds=(kind,))


def tied(seed, n=15, k=3):
    """Scores with many ties and targets, (n, k) each."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 6, (n, k)).astype(float), rng.integers(0, 2, (n, k))


# Several labels


@given(seeds)
def test_average_precision_and_roc_areas_are_scikit_learns(seed):
    scores, targets = tied(seed)
    for s, t in zip(scores.T, targets.T, strict=True):
        if t.any():
            assert average_precision(s, t) == pytest.approx(reference.average_precision_score(t, s))
        if len(set(t)) == 2:
            assert area(s, t) == pytest.approx(reference.roc_auc_score(t, s))


def eleven_points(scores, targets):
    """PASCAL VOC's rule: the best precision at recall of at least 0, 0.1, ..., 1, over every cut of the ranking."""
    points = []
    for threshold in set(scores):
        named = scores >= threshold
        points.append((10 * targets[named].sum() / targets.sum(), targets[named].mean()))
    return np.mean([max(p for r, p in points if r >= tenth - 1e-9) for tenth in range(11)])


@given(seeds)
def test_eleven_points_are_pascals(seed):
    scores, targets = tied(seed, n=20)
    for s, t in zip(scores.T, targets.T, strict=True):
        if t.any():
            assert average_precision(s, t, interpolation="11") == pytest.approx(eleven_points(s, t))


def test_a_class_without_positives_counts_zero_in_map_and_not_at_all_in_roc_auc():
    scores, targets = np.array([[0.9, 0.3], [0.1, 0.7]]), np.array([[1, 0], [0, 0]])
    assert metric("mAP", "multilabel").compute(scores, targets) == 0.5
    assert metric("mAP(interpolation=11)", "multilabel").compute(scores, targets) == 0.5
    assert metric("ROC-AUC", "multilabel").compute(scores, targets) == 1.0
    assert np.isnan(metric("ROC-AUC", "multilabel").compute(scores, np.ones((2, 2))))


def test_a_constant_scorer_is_at_chance():
    targets = np.array([[1], [0], [0], [0]])
    assert metric("mAP", "multilabel").compute(np.ones((4, 1)), targets) == 0.25
    assert metric("ROC-AUC", "multilabel").compute(np.ones((4, 1)), targets) == 0.5


def test_two_classes_are_ranked_by_the_probability_of_one():
    # The raw score of the positive class ranks these items the wrong way round.
    logits, labels = np.array([[9.0, 8.0], [1.0, 3.0]]), np.array([0, 1])
    assert metric("ROC-AUC", "multilabel").compute(logits, labels) == 1.0
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert metric("ROC-AUC", "multilabel").compute(probabilities, labels) == 1.0


@pytest.mark.parametrize(
    ("scores", "targets", "message"),
    [
        ([[0.1, 0.2]], [[1, 0, 0]], "do not fit"),
        ([[0.1, 0.2]], [[2, 0]], "0 and 1"),
        ([1, 0], [1, 0], "without scores"),
        ([[np.nan, 0.2]], [[1, 0]], "NaN"),
    ],
)
def test_wrong_tables_are_refused(scores, targets, message):
    with pytest.raises(ValueError, match=message):
        metric("mAP", "multilabel").statistics(np.array(scores), np.array(targets))


# One label


def test_mean_of_top_1_and_top_5():
    rng = np.random.default_rng(0)
    scores, labels = rng.random((50, 8)), rng.integers(0, 8, 50)
    both = [metric(f"acc@{k}", "classification").compute(scores, labels) for k in (1, 5)]
    assert metric("mean-top1-top5", "classification").compute(scores, labels) == pytest.approx(np.mean(both))
    # Of four classes each is among the best five.
    few, best = scores[:, :4], metric("acc@1", "classification").compute(scores[:, :4], labels % 4)
    assert metric("acc@5", "classification").compute(few, labels % 4) == 1
    assert metric("mean-top1-top5", "classification").compute(few, labels % 4) == pytest.approx((best + 1) / 2)


def test_spread_over_classes_leaves_absent_classes_out():
    pred, labels = np.array([0, 0, 2, 3]), np.array([0, 0, 2, 2])
    assert metric("per-class-std", "classification").compute(pred, labels) == pytest.approx(np.std([1, 0.5]))
    assert metric("per-class-std", "classification").compute(np.array([1]), np.array([1])) == 0


# Groups and names


@settings(max_examples=30)
@given(seeds)
def test_clustering_accuracy_is_the_best_renaming(seed):
    rng = np.random.default_rng(seed)
    pred, gold = rng.integers(0, 4, 12), rng.integers(0, 4, 12)
    best = max(np.mean(np.array(names)[pred] == gold) for names in itertools.permutations(range(4)))
    assert metric("clustering-acc", "clustering").compute(pred, gold) == pytest.approx(best)


@given(seeds)
def test_pairs_are_those_of_the_pair_confusion_matrix(seed):
    rng = np.random.default_rng(seed)
    pred, gold = rng.integers(0, 3, 9), rng.integers(0, 3, 9)
    (_, together_only), (apart_only, both) = pair_confusion_matrix(gold, pred)
    for name, other in (("pair-precision", together_only), ("pair-recall", apart_only)):
        found = metric(name, "clustering").compute(pred, gold)
        assert found == pytest.approx(both / (both + other)) if both + other else np.isnan(found)


def test_an_item_and_its_copy_in_a_resample_are_no_pair():
    pred, gold = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])  # no pair agrees
    found = metric("pair-precision", "clustering")
    table = found.statistics(pred, gold)
    assert found.reduce(table) == 0
    assert found.reduce(table[[0, 0, 1, 2]]) == 0
    (values,), _ = resampled(found, [table], resamples=1000)
    assert (values[~np.isnan(values)] == 0).all()


def test_names_right_at_least_once():
    pred, gold = np.array([0, 1, 5, 5, 6]), np.array([0, 0, 1, 2, 2])
    found = {name: metric(name, "clustering").compute(pred, gold) for name in (
        "vocabulary-IoU", "missing-classes", "missing-classes(when=never-named)")}  # fmt: skip
    # Right: 0. Named or true: 0, 1, 2, 5, 6. True: 0, 1, 2; of these 2 is never named, 1 only wrongly.
    assert found == {
        "vocabulary-IoU": 1 / 5,
        "missing-classes": 2,
        "missing-classes(when=never-named)": 1,
    }


def test_scores_answer_with_their_best_class():
    scores, gold = np.array([[0.2, 0.8], [0.5, 0.5]]), np.array([1, 0])
    assert metric("vocabulary-IoU", "clustering").compute(scores, gold) == 1


@pytest.mark.parametrize(
    ("pred", "message"), [([0.5, 1.0], "neither"), ([0, 1, 1], "do not fit"), ([-1, 0], "negative")]
)
def test_wrong_answers_are_refused(pred, message):
    with pytest.raises(ValueError, match=message):
        metric("clustering-acc", "clustering").statistics(np.array(pred), np.array([0, 1]))


# Hierarchies


def test_squared_distances():
    far = np.array([[0, 2.0, 4], [2, 0, 4], [4, 4, 0]])
    gold = Labels(np.array([0, 1, 2]), distances=far)
    assert metric("mean-sq-distance", "hierarchy").compute(np.array([0, 0, 1]), gold) == pytest.approx((0 + 4 + 16) / 3)
    scores = np.array([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert metric("mean-sq-distance", "hierarchy").compute(scores, gold) == 0
    with pytest.raises(ValueError, match="distances"):
        metric("mean-sq-distance", "hierarchy").statistics(scores, np.array([0, 1, 2]))


# Certainty


def test_groups_of_certainty_share_the_items_out():
    inf = -np.inf
    scores = np.array([[9.0, 0, 0], [0, 9, inf], [0.1, 0, inf], [0.2, 0.1, 0], [inf, 0, inf]])
    labels = np.array([0, 2, 0, 2, 1])
    found = {name: metric(name, "certainty") for name in (
        "certain-ratio", "certain-ratio(classes=kept)", "acc-among", "acc-among(items=newly-certain)",
        "acc-among(items=never-certain)", "removed-classes", "gold-kept")}  # fmt: skip
    tables = {name: as_table(m.statistics(scores, labels))[:, 0] for name, m in found.items()}
    defined = {name: list(np.flatnonzero(~np.isnan(table))) for name, table in tables.items()}
    assert defined["acc-among"] == [0]
    assert defined["acc-among(items=newly-certain)"] == [1, 4]
    assert defined["acc-among(items=never-certain)"] == [2, 3]
    assert {name: m.compute(scores, labels) for name, m in found.items()} == {
        "certain-ratio": 1 / 5,
        "certain-ratio(classes=kept)": 3 / 5,
        "acc-among": 1,
        "acc-among(items=newly-certain)": 1 / 2,
        "acc-among(items=never-certain)": 1 / 2,
        "removed-classes": pytest.approx(4 / 3),
        "gold-kept": pytest.approx(2 / 3),
    }


@pytest.mark.parametrize(
    ("scores", "message"), [([1, 0], "no certainty"), ([[-np.inf, -np.inf]], "no class left"), ([[np.nan, 0]], "NaN")]
)
def test_certainty_needs_scores(scores, message):
    with pytest.raises(ValueError, match=message):
        metric("certain-ratio", "certainty").statistics(np.array(scores), np.array([0] * len(scores)))
