"""Generative retrieval equals the reference: tokens, scores of docids, rankings, beams."""

from functools import partial

import numpy as np
import pytest

from tests.reference._golden import load_json, model_folder, some
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import Document
from zsbench.methods.generative_retrieval import Docids, Query
from zsbench.methods.generative_retrieval._docids import DocidPrompt
from zsbench.methods.generative_retrieval.docid_beam import docid_beam
from zsbench.methods.generative_retrieval.docid_exhaustive import docid_exhaustive
from zsbench.methods.shared.constrained import beam, every
from zsbench.methods.shared.trie import Trie
from zsbench.models.capabilities import Prompt
from zsbench.models.language.hf_causal_lm import hf_causal_lm

CASES = load_json("dynamicretriever", "constrained_decoding.json") or []
RENORMALISED = {"full_vocab": False, "trie_renormalised": True}


@pytest.fixture(scope="module")
def model():
    return hf_causal_lm(model=str(model_folder("icr")))


def search(model, case):
    """Return the trie of a case's docids and the log-probabilities after its prompt."""
    trie = Trie([case["docid_tokens"][docid] for docid in case["docids"]])
    return trie, partial(model.next_logprobs, Prompt(text=case["prompt"]))


def retrieved(method, model, case, **options):
    """Return the docids that a method finds with the case's wording."""
    text = case["prompt"].replace("{", "{{").replace("}", "}}").replace(case["query"], "{query}")
    prompt = DocidPrompt(chat=False, text=text, answer="")
    docids = Docids(case["docids"], case["docids"], Collection({}, {}, {}), len(case["docids"]))
    [found] = method(prompt=prompt, **options)(model, [Query("q", case["query"])], docids)
    return [case["docids"][number] for number in found]


def test_tokens_equal_the_reference(model):
    for case in some(CASES, "dynamicretriever"):
        if "prompt_input_ids" in case:
            assert model.tokenize(case["prompt"], special=True)[0] == case["prompt_input_ids"]
        for docid, tokens in case["docid_tokens"].items():
            assert model.answer_tokens(docid, end=True) == tokens
            assert tokens[-1] == case["eos_token_id"]


@pytest.mark.parametrize("kind", RENORMALISED)
def test_scores_equal_the_reference(kind, model):
    for case in some([c for c in CASES if f"logprob_{kind}" in c], "dynamicretriever"):
        found = every(*search(model, case), renormalise=RENORMALISED[kind])
        assert found == pytest.approx([case[f"logprob_{kind}"][docid] for docid in case["docids"]], abs=1e-3)
        if RENORMALISED[kind]:
            assert np.exp(found).sum() == pytest.approx(1)


def test_rankings_equal_the_reference(model):
    for case in some([c for c in CASES if "ranking_full" in c], "dynamicretriever"):
        for key, renormalise in (("ranking_full", False), ("ranking_renormalised", True)):
            if key in case:
                assert retrieved(docid_exhaustive, model, case, renormalise=renormalise) == case[key]
                wide = len(case["docids"])
                assert retrieved(docid_beam, model, case, renormalise=renormalise, width=wide) == case[key]


def test_beams_have_the_scores_of_the_reference_and_lose_nothing_when_wide(model):
    for case in some([c for c in CASES if "beam_search" in c], "dynamicretriever"):
        scores = case["logprob_full_vocab"]
        for width, expected in case["beam_search"].items():
            found = beam(*search(model, case), width=int(width))
            names = [case["docids"][number] for number, _ in found]
            assert len(set(names)) == len(names) == min(int(width), len(scores))
            assert [score for _, score in found] == pytest.approx([scores[name] for name in names], abs=1e-3)
            assert all(score == pytest.approx(scores[name], abs=1e-3) for name, score in expected)
            if int(width) >= len(scores):
                assert names == [name for name, _ in expected]


def test_the_collection_can_stand_in_the_prompt():
    documents = {"x": Document("x", "one"), "y": Document("y", "two", "T"), "z": Document("z", "three")}
    docids = Docids(["y", "x"], ["12", (7, 8)], Collection(documents, {}, {}), 5)
    prompt = DocidPrompt(text="{collection}|{query}", passage="{docid}={text}", separator=";")
    assert prompt.asked("q", prompt.listing(docids), chat=False).text == "12=T two;x=one|q"
