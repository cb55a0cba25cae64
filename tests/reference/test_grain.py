"""GRAIN's class weights, local scores and mixtures equal an independent double-precision computation."""

import numpy as np
import pytest

from tests.reference._golden import load_npz, some
from zsbench.methods.classification import normalise
from zsbench.methods.classification.grain import class_weights, local_scores, mix
from zsbench.metrics import naming

GOLDEN = load_npz("grain", "scores.npz")
ALPHAS = [key.removeprefix("scores_") for key in GOLDEN if key.startswith("scores_")]


def weights(**options):
    n_classes, n_templates, width = GOLDEN["template_embeddings"].shape
    owner = np.repeat(np.arange(n_classes), n_templates)
    return class_weights(GOLDEN["template_embeddings"].reshape(-1, width), owner, **options)


def local():
    return local_scores(GOLDEN["query_embeddings"], GOLDEN["description_embeddings"], GOLDEN["description_class"])


def scores(alpha):
    return mix(GOLDEN["image_embeddings"] @ weights().T, local(), float(alpha))


def test_there_is_a_case():
    assert sorted(map(float, some(ALPHAS, "grain"))) == sorted(GOLDEN["alphas"])


@pytest.mark.skipif("class_weights" not in GOLDEN, reason="no golden class weights")
def test_weights_are_not_normalised_again():
    np.testing.assert_allclose(weights().T, GOLDEN["class_weights"], atol=1e-5)
    np.testing.assert_allclose(weights(renormalise=True), normalise(GOLDEN["class_weights"].T), atol=1e-5)


@pytest.mark.skipif("local_scores" not in GOLDEN, reason="no golden local scores")
def test_local_scores():
    np.testing.assert_allclose(local(), GOLDEN["local_scores"], atol=1e-5)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_mixture(alpha):
    np.testing.assert_allclose(scores(alpha), GOLDEN[f"scores_{alpha}"], atol=1e-5)
    if f"top1_pct_{alpha}" in GOLDEN:
        value = 100 * naming.resolve("acc@1").compute(scores(alpha), GOLDEN["labels"])
        assert value == pytest.approx(float(GOLDEN[f"top1_pct_{alpha}"]), abs=1e-4)
