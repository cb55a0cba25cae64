"""FIRST equals the reference implementation: prompt, tokens, logits, orders, cost."""

import numpy as np
import pytest

from tests.reference._golden import load_json, model_folder, some
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import Cost
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank._identifiers import defused
from zsbench.methods.rerank.first import _Style, first, identifier_ids, wording
from zsbench.models.language.hf_causal_lm import hf_causal_lm

CASES = load_json("first", "first.json") or []


@pytest.fixture(scope="module")
def model():
    return hf_causal_lm(model=str(model_folder("icr")))


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


def test_the_prompt_of_the_first_window_equals_the_reference(model, monkeypatch):
    for case in some(CASES, "first"):
        asked, ids = [], []
        monkeypatch.setattr(model.cost, "asked", asked.append)
        monkeypatch.setattr(model, "next_token_logits", lambda tokens, ids=ids: ids.append(tokens) or np.zeros(10**5))
        first(window=case["window"], step=case["step"])(model, item(case), None)
        monkeypatch.undo()
        assert asked[0] == case["first_window_prompt"]
        assert ids[0] == case["first_window_input_ids"]


def windows_of(model, case, monkeypatch):
    """Return the logits of the window's letters, and which are among the 30 highest, of each prompt of a ranking."""
    own, highest, ask = [], [], model.next_token_logits
    letters = identifier_ids(model, "[", [chr(ord("A") + i) for i in range(case["window"])])

    def asked(ids):
        logits = ask(ids)
        own.append(logits[letters])
        highest.append(own[-1] >= np.sort(logits)[-30])
        return logits

    monkeypatch.setattr(model, "next_token_logits", asked)
    first(window=case["window"], step=case["step"])(model, item(case), None)
    monkeypatch.undo()
    return own, highest


def test_letters_of_every_window_stand_in_the_order_of_the_reference(model, monkeypatch):
    for case in some([c for c in CASES if "ranking_execs" in c], "first"):
        windows, _ = windows_of(model, case, monkeypatch)
        shown = [">".join(f"[{chr(ord('A') + i)}]" for i in np.argsort(-own, kind="stable")) for own in windows]
        assert shown == case["ranking_execs"]
        # The reference writes 100 less the rank into its runs, which orders as n less the rank does.
        assert case["scores_full"] == [100 - rank for rank in range(len(case["order_full"]))]


def test_letters_among_the_thirty_most_probable_tokens_of_the_first_window(model, monkeypatch):
    for case in some([c for c in CASES if "responses_top30" in c], "first"):
        [own, *_], [highest, *_] = windows_of(model, case, monkeypatch)
        order = [i for i in np.argsort(-own, kind="stable") if highest[i]]
        assert ">".join(f"[{chr(ord('A') + i)}]" for i in order) == case["responses_top30"][0]
        assert len(case["responses_top30"]) == case["n_forward_passes"]
        assert case["scores_top30"] == [100 - rank for rank in range(len(case["order_top30"]))]


def test_one_prompt_and_nothing_generated_a_window(model):
    case = some(CASES, "first")[0]
    model.cost = Cost()
    first(window=case["window"], step=case["step"])(model, item(case), None)
    assert model.cost.tokens_generated == 0
    assert model.cost.truncated_items == 0


def test_passages_are_cut_until_the_prompt_fits(model, monkeypatch):
    case = some(CASES, "first")[0]
    asked = RankItem("q", "query", tuple(Document(str(i), f"{text} " * 12) for i, text in enumerate(case["passages"])))
    model.cost = Cost()
    prompts = []
    monkeypatch.setattr(model, "next_token_logits", lambda ids: prompts.append(len(ids)) or np.arange(1e5)[::-1])
    first(window=len(asked.documents))(model, asked, None)
    whole = prompts.pop()
    monkeypatch.setattr(model, "max_tokens", whole - 60)
    assert sorted(first(window=len(asked.documents))(model, asked, None)) == list(range(len(asked.documents)))
    # It fits, and no more was cut than a word or two a passage beyond what had to go.
    assert whole - 60 - 12 * len(asked.documents) <= prompts[-1] <= whole - 60
    assert model.cost.truncated_items == 1


def test_a_prompt_that_never_fits_is_an_error(model, monkeypatch):
    monkeypatch.setattr(model, "max_tokens", 20)
    with pytest.raises(RunError, match="does not fit the model's 20"):
        first()(model, RankItem("q", "query", (Document("a", "one two"), Document("b", "three"))), None)


def test_the_wording_of_rankllm():
    pieces, style = wording("rankllm"), _Style("alpha")
    texts = [
        defused(pieces.shown(document), pieces.defuse, "alpha")
        for document in (Document("a", "see [A] and [2]", "T"), Document("b", "plain"))
    ]
    asked = pieces.asked(texts, "why [3]", style, chat=True)
    user = asked.messages[1]["content"]
    assert "an alphabetical identifier []. Rank" in user
    assert "query: why (3).\n[A] Title: T Content: see [A] and (2)\n[B] plain\nSearch Query: why (3).\nRank" in user
    assert "[B] > [A], Answer concisely and directly and only respond with the ranking results" in user
    assert asked.answer == "["
    assert wording("llm-reranker").shown(Document("a", "text", "T")) == "T. text"


def test_numbers_go_up_to_nine():
    with pytest.raises(UserError, match="at most 9"):
        first(identifiers="numeric", window=10)
