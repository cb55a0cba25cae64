"""GDA equals the reference: means, precision, discriminant, alpha, scores and accuracies, base-to-new too."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_npz, some
from zsbench.methods.classification import Known, Labelled, Problem, gda_em, linear
from zsbench.methods.classification._gaussians import new_classes, per_class, pooled, shrunk_inverse
from zsbench.methods.classification.gda import ALPHAS, gda, table
from zsbench.metrics import naming

SLUG = "gda-clip"
CASES = {path.name: load_npz(SLUG, path.name) for path in sorted((GOLDEN / SLUG).glob("*.npz"))}


def cases(*keys):
    names = [name for name, case in CASES.items() if {"vecs", "labels", "clip_weights", *keys} <= case.keys()]
    return pytest.mark.parametrize("case", [pytest.param(CASES[name], id=name) for name in names])


def test_there_is_a_case():
    some([name for name, case in CASES.items() if "vecs" in case], SLUG)


def close(found, expected, rel=1e-3):
    """Relative to the size of the whole matrix: the reference inverts in float32."""
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= rel * np.abs(expected).max()


def percent(scores, labels):
    return 100 * (scores.argmax(axis=1) == labels).mean()


def classes(case):
    return case["clip_weights"].shape[1]


def scores(case, weights, biases, part, clip="clip_weights", alpha=None):
    features = case[f"{part}"]
    alpha = float(case["best_alpha"]) if alpha is None else alpha
    return 100 * features @ case[clip] + alpha * (features @ weights.T + biases)


@cases("mus", "cov_inv", "W", "b")
def test_means_precision_and_discriminant(case):
    found = pooled(case["vecs"], case["labels"], classes(case))
    weights, biases = found.discriminant()
    close(found.means, case["mus"])
    close(found.precision, case["cov_inv"])
    close(weights.T, case["W"])
    close(biases, case["b"])


@cases("mus", "alphas", "val_acc_pct", "best_alpha", "test_logits", "test_acc_pct")
def test_few_shot_alpha_scores_and_accuracies(case):
    weights, biases = pooled(case["vecs"], case["labels"], classes(case)).discriminant()
    validation, alphas = case["val_features"], [float(a) for a in case["alphas"]]
    first = 100 * validation @ case["clip_weights"]
    correct = table(first, validation @ weights.T + biases, case["val_labels"], alphas)
    np.testing.assert_allclose(100 * correct / len(validation), case["val_acc_pct"])
    assert 100 * correct.max() / len(validation) == pytest.approx(float(case["best_val_acc_pct"]))
    assert alphas[int(correct.argmax())] == float(case["best_alpha"])
    found = scores(case, weights, biases, "test_features")
    close(found, case["test_logits"])
    assert percent(found, case["test_labels"]) == pytest.approx(float(case["test_acc_pct"]))


@cases("zeroshot_test_acc_pct")
def test_the_rule_before_and_after_gda_by_the_harness_own_accuracy(case):
    """The zero-shot row, and the rule itself with images whose features are the golden ones."""
    weights, labels = case["clip_weights"].T, case["test_labels"]
    before, batch = linear(weights, 100.0), Known(case["test_features"], range(len(labels)))
    accuracy = naming.resolve("acc@1", kinds=("classification",))
    assert 100 * accuracy.compute(before.score(batch), labels) == pytest.approx(float(case["zeroshot_test_acc_pct"]))
    if not {"alphas", "test_acc_pct", "val_labels"} <= case.keys() or case["alphas"].tolist() != pytest.approx(ALPHAS):
        return
    support = [("support", row) for row in case["vecs"]]
    validation = [("validation", row) for row in case["val_features"]]
    encoder = GivenFeatures()
    problem = Problem(
        [f"class {c}" for c in range(len(weights))],
        ["{}"],
        100.0,
        support=Labelled(support, case["labels"], "train"),
        validation=Labelled(validation, case["val_labels"], "validation"),
    )
    after = gda()(encoder, problem, before).score(batch)
    assert encoder.notes["chosen"] == {"alpha": pytest.approx(float(case["best_alpha"]))}
    assert encoder.notes["chosen on"]["accuracy"] == pytest.approx(float(case["best_val_acc_pct"]) / 100)
    close(after, case["test_logits"])
    assert 100 * accuracy.compute(after, labels) == pytest.approx(float(case["test_acc_pct"]))


class GivenFeatures:
    """An encoder of items that carry their features."""

    def __init__(self):
        self.notes = {}

    def images(self, items, *, raw=False):
        return np.stack([row for _, row in items])

    def note(self, key, value):
        self.notes[key] = value


@cases("W_base", "b_base", "best_alpha", "base_acc_pct")
def test_base_classes(case):
    weights, biases = per_class(case["vecs"], case["labels"], classes(case)).discriminant()
    close(weights.T, case["W_base"])
    close(biases, case["b_base"])
    validation = case["val_features"]
    first = 100 * validation @ case["clip_weights"]
    alphas = [float(a) for a in case.get("alphas", ALPHAS)]
    correct = table(first, validation @ weights.T + biases, case["val_labels"], alphas)
    assert alphas[int(correct.argmax())] == float(case["best_alpha"])
    found = scores(case, weights, biases, "test_features")
    assert percent(found, case["test_labels"]) == pytest.approx(float(case["base_acc_pct"]))


@cases("clip_weights_new", "mu_new", "cov_inv_new", "W_new", "b_new")
def test_new_classes(case):
    options = {key: int(case[key]) for key in ("k", "text_repeat") if key in case}
    found = new_classes(case["vecs"], case["clip_weights_new"].T, **options)
    weights, biases = found.discriminant()
    close(found.means, case["mu_new"])
    close(found.precision, case["cov_inv_new"])
    close(weights.T, case["W_new"])
    close(biases, case["b_new"])
    if {"test_features_new", "test_logits_new", "best_alpha"} <= case.keys():
        new = scores(case, weights, biases, "test_features_new", "clip_weights_new")
        close(new, case["test_logits_new"])
        assert percent(new, case["test_labels_new"]) == pytest.approx(float(case["new_acc_pct"]))


def sample(counts, width=6, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    rows = rng.normal(size=(len(labels), width)) + 2 * np.eye(width)[labels]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), labels


def test_unequal_class_counts_follow_the_definition():
    rows, labels = sample([1, 5, 17])
    found = pooled(rows, labels, 3)
    means = np.stack([rows[labels == c].mean(axis=0) for c in range(3)])
    covariance = sum(np.outer(x - means[y], x - means[y]) for x, y in zip(rows, labels, strict=True)) / (len(rows) - 1)
    shrunk = (len(rows) - 1) * covariance + np.trace(covariance) * np.eye(6)
    np.testing.assert_allclose(found.precision, 6 * np.linalg.inv(shrunk))
    weights, biases = found.discriminant()
    np.testing.assert_allclose(weights, means @ found.precision)
    np.testing.assert_allclose(biases, [np.log(1 / 3) - m @ found.precision @ m / 2 for m in means])


def test_one_row_a_class_leaves_the_zero_shot_scores():
    rows, labels = sample([1, 1, 1])
    weights, biases = pooled(rows, labels, 3).discriminant()
    assert (weights == 0).all()
    assert len(set(biases)) == 1


def test_k_is_cut_to_the_rows_there_are():
    rows, _ = sample([2, 3])
    texts = np.eye(6)[:2]
    np.testing.assert_array_equal(new_classes(rows, texts, k=999).means, new_classes(rows, texts, k=5).means)
    assert np.isfinite(new_classes(rows[:1], texts, k=64).precision).all()


def test_shrinkage_of_nothing_is_nothing():
    assert (shrunk_inverse(np.zeros((3, 3)), 4) == 0).all()


def test_em_without_steps_adds_nothing_and_one_step_is_the_weighted_definition():
    rows, _ = sample([8, 12, 10])
    first = 100 * rows @ np.eye(6)[:3].T
    weights, biases = gda_em.expectation_maximisation(rows, first, alpha=1.0, iterations=0)
    assert not weights.any()
    assert not biases.any()
    gamma = np.exp(first - first.max(axis=1, keepdims=True))
    gamma /= gamma.sum(axis=1, keepdims=True)
    means = (gamma.T @ rows) / gamma.sum(axis=0)[:, None]
    scatter = sum(
        gamma[i, c] * np.outer(rows[i] - means[c], rows[i] - means[c]) for i in range(len(rows)) for c in range(3)
    )
    covariance = scatter / (len(rows) - 1)
    precision = np.linalg.inv(covariance + np.trace(covariance) / (len(rows) - 1) * np.eye(6))
    weights, biases = gda_em.expectation_maximisation(rows, first, alpha=1.0, iterations=1)
    np.testing.assert_allclose(weights, means @ precision, rtol=1e-8)
    np.testing.assert_allclose(biases, [np.log(1 / 3) - m @ precision @ m / 2 for m in means], rtol=1e-8)


def test_em_survives_a_class_that_no_image_belongs_to():
    rows, _ = sample([8, 12])
    first = np.concatenate([1000 * rows @ np.eye(6)[:2].T, np.full((20, 1), -1e6)], axis=1)
    weights, biases = gda_em.expectation_maximisation(rows, first, alpha=1.0, iterations=5)
    assert np.isfinite(weights).all()
    assert np.isfinite(biases).all()
