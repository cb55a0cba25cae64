"""CuPL's class weights and accuracies equal the reference, whatever number of sentences a class has."""

import numpy as np
import pytest

from tests.reference._golden import load_json, load_npz, needs, some
from zsbench.methods.classification import normalise
from zsbench.methods.classification.cupl import class_texts, class_weights
from zsbench.metrics import naming

GOLDEN, PROMPTS = load_npz("cupl", "classifier.npz"), load_json("cupl", "prompts.json")
PARTS = {"base": (True, False), "cupl": (False, True), "both": (True, True)}
CASES = [name for name in PARTS if f"weights_{name}" in GOLDEN and PROMPTS]


def weights(name):
    """Weights of the texts in play; rows of the golden embeddings are, class by class, its templates and sentences."""
    of_templates, of_sentences = PARTS[name]
    rows, owner = [], []
    start = 0
    for c, class_name in enumerate(PROMPTS["class_names"]):
        middle = start + len(PROMPTS["templates"])
        stop = middle + len(PROMPTS["prompts"][class_name])
        own = [*(range(start, middle) if of_templates else []), *(range(middle, stop) if of_sentences else [])]
        rows, owner, start = rows + own, owner + [c] * len(own), stop
    return class_weights(GOLDEN["text_embeddings"][rows], np.array(owner))


def test_there_is_a_case():
    some(CASES, "cupl")


@pytest.mark.parametrize("name", CASES)
def test_weights(name):
    np.testing.assert_allclose(weights(name).T, GOLDEN[f"weights_{name}"], atol=1e-5)


@pytest.mark.parametrize("name", [name for name in CASES if f"top1_pct_{name}" in GOLDEN])
def test_accuracy(name):
    scores = normalise(GOLDEN["image_embeddings"]) @ weights(name).T
    value = 100 * naming.resolve("acc@1").compute(scores, GOLDEN["labels"])
    assert value == pytest.approx(float(GOLDEN[f"top1_pct_{name}"]), abs=1e-4)


def test_texts_stand_in_the_order_of_the_reference():
    needs(PROMPTS)
    names = PROMPTS["class_names"]
    texts = class_texts(names, PROMPTS["templates"], [PROMPTS["prompts"][name] for name in names])
    assert [text for own in texts for text in own] == PROMPTS["texts_in_row_order"]
