"""Rules for attribute values: cosines with a threshold, saved matrices, and what a language model lists."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.config.blocks import block
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.core.yamlio import Document
from zsbench.data.products.product import Product
from zsbench.methods.attribute_values._listed import plain, read
from zsbench.methods.attribute_values.cosine_link import cosine_link
from zsbench.methods.attribute_values.generated_values import ValuesPrompt, generated_values
from zsbench.methods.attribute_values.random_values import random_values
from zsbench.methods.attribute_values.saved_scores import saved_scores

VALUES = ["Color: Red", "Color: Light Blue", "Size: M"]
PRODUCTS = [Product("a", "red"), Product("b", "blue, M")]


class Encoder:
    """Vectors by text; notes what it was asked."""

    def __init__(self):
        self.documents = []

    def encode_documents(self, texts):
        self.documents += texts
        return np.array([[3, 0], [0, 2], [1, 1]], dtype=np.float32)[: len(texts)]

    def encode_queries(self, texts):
        return np.array([{"red": [1, 0], "blue, M": [0, 0]}[text] for text in texts], dtype=np.float32)


@given(st.floats(-1, 1))
def test_the_threshold_moves_every_score_and_no_rank(threshold):
    encoder = Encoder()
    cosines, scores = (cosine_link(threshold=t)(encoder, VALUES)(PRODUCTS) for t in (0, threshold))
    np.testing.assert_allclose(cosines, [[1, 0, 0.5**0.5], [0, 0, 0]], atol=1e-7)
    assert ((scores > 0) == (cosines > threshold)).all()
    np.testing.assert_array_equal(scores, cosines - threshold)
    assert encoder.documents[:3] == ["Color is Red", "Color is Light Blue", "Size is M"]


def test_random_scores_depend_on_seed_and_product_alone():
    one, both = (random_values(seed=1)(None, VALUES)(products) for products in (PRODUCTS[1:], PRODUCTS))
    assert (one[0] == both[1]).all()
    assert not (random_values(seed=2)(None, VALUES)(PRODUCTS) == both).any()
    assert (abs(both) <= 1).all()


def matrix(path, products, values):
    np.savez(
        path,
        scores=np.arange(len(products) * len(values)).reshape(len(products), -1),
        product_ids=products,
        values=values,
    )


def test_a_saved_matrix_is_read_by_names(tmp_path):
    matrix(tmp_path / "m.npz", ["b", "a"], VALUES[::-1])
    scores = saved_scores(path=str(tmp_path / "m.npz"))(None, VALUES)(PRODUCTS)
    assert scores.tolist() == [[5, 4, 3], [2, 1, 0]]
    with pytest.raises(UserError, match="no scores of product 'z'"):
        saved_scores(path=str(tmp_path / "m.npz"))(None, VALUES)([Product("z", "")])


def test_of_a_folder_of_matrices_the_one_with_the_values_is_taken(tmp_path):
    matrix(tmp_path / "1.npz", ["a", "b"], ["x: 1", "y: 2"])
    matrix(tmp_path / "2.npz", ["a", "b"], VALUES)
    assert saved_scores(path=str(tmp_path))(None, VALUES)(PRODUCTS).tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(UserError, match="2 matrices, of which 0 have the task's 1 values"):
        saved_scores(path=str(tmp_path))(None, ["z: 1"])
    matrix(tmp_path / "3.npz", ["a"], VALUES)
    with pytest.raises(UserError, match="of which 2 have"):
        saved_scores(path=str(tmp_path))(None, VALUES)


class Writer:
    """A model that writes the given answers, one a prompt."""

    converses = True

    def __init__(self, *answers):
        self.answers, self.cost, self.asked = list(answers), Cost(), []

    def generate(self, prompts, *, max_new_tokens, stop=()):
        self.asked += [prompt.described() for prompt in prompts]
        return self.answers[: len(prompts)]


def test_listed_values_score_one_or_by_their_place():
    answers = ("1. size: m\n2. Color: light  blue.\n3. Fit: slim", "I cannot say.")
    model = Writer(*answers)
    assert generated_values()(model, VALUES)(PRODUCTS).tolist() == [[0, 1, 1], [0, 0, 0]]
    assert (model.cost.answers, model.cost.malformed_outputs) == (2, 1)
    assert all(product.text in asked for product, asked in zip(PRODUCTS, model.asked, strict=True))
    assert generated_values(score="rank")(Writer(*answers), VALUES)(PRODUCTS).tolist() == [[0, 0.5, 1], [0, 0, 0]]


def test_attributes_are_asked_one_after_another():
    model = Writer("red, light blue", "none", "", "M")
    assert generated_values(ask="apart")(model, VALUES)(PRODUCTS).tolist() == [[1, 1, 0], [0, 0, 1]]
    assert (model.cost.answers, model.cost.malformed_outputs) == (4, 1)
    assert ["the Color of" in asked for asked in model.asked] == [True, False] * 2
    with pytest.raises(UserError, match="candidate 'Red' names no attribute"):
        generated_values(ask="apart")(model, ["Red"])


LISTS = {
    "Color: Red\n* Size: M": ["color: red", "size: m"],
    '```json\n{"Color": ["Red", "Blue"], "Size": "M", "Fit": null}\n```': ["color: red", "color: blue", "size: m"],
    '"Color": "Red",\n"Size": "M"': ["color: red", "size: m"],
    "Color: Red; Blue": ["color: red; blue", "color: red", "color: blue"],
    "Color: none": [],
    "None.": [],
    "": None,
    "It is a shirt": None,
}  # fmt: skip


@pytest.mark.parametrize("answer", LISTS)
def test_what_a_model_lists(answer):
    assert read(answer) == LISTS[answer]


@given(st.text(), st.sampled_from(["", "Color"]))
def test_any_text_can_be_read(answer, attribute):
    listed = read(answer, attribute)
    assert listed is None or len(set(listed)) == len(listed)


def test_values_are_compared_without_regard_to_case_and_blanks():
    assert plain(" Color :  Light  BLUE.") == plain("color: light blue") == "color: light blue"


def test_a_text_names_the_attribute_where_attributes_are_asked_apart():
    assert "{attribute}" not in ValuesPrompt().asked("apart", "x", "Color", chat=False).text
    for value in ({"ask": "apart", "prompt": {"text": "{product}?"}}, {"prompt": {"text": "{product} {attribute}?"}}):
        document = Document(Path("t.yaml"), {"name": "generated-values", **value})
        with pytest.raises(UserError, match="in the text where attributes are asked apart"):
            block("methods", document.value, "name", document, ())
