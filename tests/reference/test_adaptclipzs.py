"""AdaptCLIPZS's class scores equal the reference; the mean of cosines, which is another rule, does not."""

import numpy as np
import pytest

from tests.reference._golden import load_npz, some
from zsbench.methods.classification._class_means import mean_per_class
from zsbench.methods.classification.description_prob_mean import class_scores
from zsbench.metrics import naming

GOLDEN = load_npz("adaptclipzs", "scores.npz")
some([key for key in GOLDEN if key in ("class_scores", "pred")], "adaptclipzs")
SCALE = float(GOLDEN["logit_scale"])


def scores():
    return class_scores(GOLDEN["image_embeddings"], GOLDEN["text_embeddings"], GOLDEN["text_class"], logit_scale=SCALE)


def test_scores():
    if "class_scores" in GOLDEN:
        np.testing.assert_allclose(scores(), GOLDEN["class_scores"], atol=1e-6)
    if "pred" in GOLDEN:
        assert (scores().argmax(1) == GOLDEN["pred"]).all()


@pytest.mark.skipif("acc_pct" not in GOLDEN, reason="no golden accuracy")
def test_accuracy():
    value = 100 * naming.resolve("acc@1").compute(scores(), GOLDEN["labels"])
    assert value == pytest.approx(float(GOLDEN["acc_pct"]), abs=1e-4)


@pytest.mark.skipif("pred_mean_cosine" not in GOLDEN, reason="no golden answers of the other rule")
def test_the_mean_of_cosines_is_another_rule():
    cosines = GOLDEN["image_embeddings"] @ GOLDEN["text_embeddings"].T
    other = mean_per_class(cosines, GOLDEN["text_class"], axis=1).argmax(1)
    assert (other == GOLDEN["pred_mean_cosine"]).all()
    if "pred" in GOLDEN and (GOLDEN["pred"] != other).any():
        assert (scores().argmax(1) != other).any()
