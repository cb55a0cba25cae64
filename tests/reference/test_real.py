"""REAL-Linear equals the reference: images sampled, rates and losses of all steps, weights, accuracies, head, tail."""

import numpy as np
import pytest

from tests.reference._golden import load_json, load_npz, some
from zsbench.methods.classification import normalise
from zsbench.methods.classification._cross_modal import BETAS, DECAY, LOGIT_SCALE, RATE, Head, rate
from zsbench.methods.classification._retrieved import balanced
from zsbench.methods.classification.prompt_ensemble import ensemble
from zsbench.metrics.labels.gold import Labels
from zsbench.metrics.labels.tails import head_accuracy, tail_accuracy
from zsbench.metrics.tails import FRACTION, tail

SLUG = "real"
SAMPLING = load_json(SLUG, "sampling.json")
FACTS, CASE = load_json(SLUG, "linear.json"), load_npz(SLUG, "linear.npz")


@pytest.mark.parametrize("case", some(SAMPLING, SLUG))
def test_the_images_of_a_class_are_the_references(case):
    assert balanced(case["similarity"], case["num_samples"]).tolist() == case["selected"]


def test_the_learning_rate_of_every_step_is_the_references():
    rates = [rate(step, FACTS["iters"]) for step in range(FACTS["iters"])]
    np.testing.assert_allclose(rates, CASE["lr"], rtol=0, atol=1e-9)
    assert rates[:3] == pytest.approx(FACTS["lr_first"], abs=1e-9)
    assert rates[50:53] == pytest.approx(FACTS["lr_50"], abs=1e-9)
    assert (RATE, DECAY, list(BETAS)) == (FACTS["lr"], FACTS["weight_decay"], FACTS["betas"])
    assert pytest.approx(np.exp(FACTS["logit_scale"])) == LOGIT_SCALE


@pytest.fixture(scope="module")
def training():
    """Zero-shot weights, those after the reference's batches, the loss of every step."""
    start = ensemble(CASE["text_prompts"])
    n, per_class, width = CASE["text_prompts"].shape
    texts, of_texts = CASE["text_prompts"].reshape(-1, width), np.repeat(np.arange(n), per_class)
    head, losses = Head(start, FACTS["iters"]), []
    for of_step in zip(CASE["image_batches"].astype(int), CASE["text_batches"].astype(int), strict=True):
        images, prompts = of_step
        assert len(images) == len(prompts) == FACTS["batch"]
        features = normalise(np.concatenate([CASE["train_features"][images], texts[prompts]]))
        losses.append(head.step(features, np.concatenate([CASE["train_labels"][images], of_texts[prompts]])))
    assert len(losses) == FACTS["iters"]
    return start, head.weights, losses


def test_the_losses_and_weights_are_the_references(training):
    start, weights, losses = training
    np.testing.assert_allclose(start, CASE["zero_shot"], rtol=0, atol=1e-6)
    # Weights of single steps are not kept there. At a scale of 100, one that is off by 1e-6 moves a loss by up to 1e-4.
    np.testing.assert_allclose(losses, CASE["loss"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(weights, CASE["trained_weight"], rtol=0, atol=1e-4)
    share = FACTS["alpha"]
    np.testing.assert_allclose(share * weights + (1 - share) * start, CASE["wise_weight"], rtol=0, atol=1e-4)


def test_accuracies_of_text_trained_and_averaged_weights_are_the_references(training):
    start, weights, _ = training
    averaged = FACTS["alpha"] * weights + (1 - FACTS["alpha"]) * start
    for name, used in {"zero_shot": start, "trained": weights, "wise": averaged}.items():
        found = (normalise(CASE["test_features"]) @ used.T).argmax(axis=1)
        assert found.tolist() == CASE[f"pred_{name}"].tolist()
        assert (found == CASE["test_labels"]).mean() == pytest.approx(FACTS[f"acc_{name}"], abs=1e-6)


def test_head_and_tail_are_the_references():
    found, labels = CASE["pred_wise"], CASE["test_labels"]
    n = len(CASE["class_frequency"])
    confusion = np.zeros((n, n))
    np.add.at(confusion, (labels, found), 1)
    np.testing.assert_array_equal(confusion, CASE["confusion"])
    assert pytest.approx(FACTS["tail_ratio"]) == FRACTION
    rare = tail(CASE["class_frequency"], FACTS["tail_ratio"])
    assert (rare.sum(), (~rare).sum()) == (FACTS["n_tail"], FACTS["n_head"])
    gold, scores = Labels(labels, counts=CASE["class_frequency"]), np.eye(n)[found]
    for name, metric in {"tail_acc": tail_accuracy, "head_acc": head_accuracy}.items():
        assert 100 * metric.metric.compute(scores, gold) == pytest.approx(FACTS[name], abs=1e-6)
