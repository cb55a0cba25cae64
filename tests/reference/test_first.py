"""FIRST equals the reference implementation: prompt, tokens, logits, orders, cost."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_json, some
from zsbench.data._collection import Document
from zsbench.methods.rerank import RankItem
from zsbench.methods.rerank.first import first, identifier_ids
from zsbench.models.hf_causal_lm import HfCausalLM
from zsbench.records import Cost

CASES = load_json("first", "first.json") or []


@pytest.fixture(scope="module")
def model():
    return HfCausalLM(str(next((GOLDEN / "icr").glob("tiny-*"))))


def item(case):
    return RankItem("q", case["query"], tuple(Document(str(i), text) for i, text in enumerate(case["passages"])))


def test_orders_and_passes_equal_the_reference(model):
    for case in some(CASES, "first"):
        model.cost = Cost()
        rank = first(window=case["window"], step=case["step"])
        assert rank(model, item(case), None) == case["order_full"]
        assert model.cost.forward_passes == case["n_forward_passes"]


def test_thirty_most_probable_tokens_only(model):
    for case in some([c for c in CASES if "order_top30" in c], "first"):
        rank = first(window=case["window"], step=case["step"], top_logprobs=30)
        assert rank(model, item(case), None) == case["order_top30"]


def test_first_window_logits_equal_the_reference(model):
    for case in some(CASES, "first"):
        names = [chr(ord("A") + i) for i in range(len(case["identifier_token_ids"]))]
        assert identifier_ids(model, "[", names) == case["identifier_token_ids"]
        ids, _ = model.tokenize(case["first_window_prompt"], special=False)
        assert ids == case["first_window_input_ids"]
        logits = model.next_token_logits(ids)[case["identifier_token_ids"]]
        np.testing.assert_allclose(logits, case["first_window_identifier_logits"], atol=1e-3)
