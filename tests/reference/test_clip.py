"""CLIP's prompt ensemble equals the reference: weights, logits, accuracies."""

import numpy as np
import pytest

from tests.reference._golden import load_npz, needs
from zsbench.methods.classification import normalise
from zsbench.methods.classification._class_means import mean_per_class
from zsbench.methods.classification.prompt_ensemble import ensemble
from zsbench.metrics import naming

GOLDEN = load_npz("clip", "classifier.npz")


def test_classifier_weights_and_logits():
    needs(GOLDEN)
    weights = ensemble(GOLDEN["text_embeddings"])
    np.testing.assert_allclose(weights.T, GOLDEN["weights"], atol=1e-5)
    logits = 100 * normalise(GOLDEN["image_embeddings"]) @ weights.T
    np.testing.assert_allclose(logits, GOLDEN["logits"], atol=1e-3)
    assert (logits.argmax(1) == GOLDEN["pred"]).all()


def test_classes_with_unlike_numbers_of_prompts():
    needs("weights_ragged" in GOLDEN)
    prompts = [row[:count] for row, count in zip(GOLDEN["text_embeddings"], GOLDEN["ragged_counts"], strict=True)]
    owner = np.repeat(np.arange(len(prompts)), GOLDEN["ragged_counts"])
    weights = normalise(mean_per_class(normalise(np.concatenate(prompts)), owner))
    np.testing.assert_allclose(weights.T, GOLDEN["weights_ragged"], atol=1e-5)


def test_wrong_ensembles_do_not_match():
    wrong = [key for key in GOLDEN if key.startswith("weights_wrong")]
    for key in wrong:
        assert np.abs(ensemble(GOLDEN["text_embeddings"]).T - GOLDEN[key]).max() > 1e-3, key


@pytest.mark.parametrize(
    ("name", "key"), [("acc@1", "acc1"), ("acc@5", "acc5"), ("mean-per-class", "mean_per_class_recall")]
)
def test_accuracies(name, key):
    if key in GOLDEN and np.isfinite(GOLDEN[key]):
        value = naming.resolve(name).compute(GOLDEN["logits"], GOLDEN["labels"])
        assert value == pytest.approx(float(GOLDEN[key]), abs=1e-6)


def test_end_to_end_classifier_of_the_tiny_clip():
    tiny = load_npz("clip", "tiny_e2e.npz")
    if "weights" in tiny and "image_embeds" in tiny and "logits_100" in tiny:
        logits = 100 * normalise(tiny["image_embeds"]) @ tiny["weights"]
        np.testing.assert_allclose(logits, tiny["logits_100"], atol=1e-3)
