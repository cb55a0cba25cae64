"""ICR equals the reference implementation: tokens, spans, scores, rankings."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_json, some
from zsbench.data._collection import Document
from zsbench.methods.rerank import RankItem
from zsbench.methods.rerank._icr import Spans, paper_prompt
from zsbench.methods.rerank.icr import calibrated, icr
from zsbench.models.hf_causal_lm import HfCausalLM

CASES = load_json("icr", "cases.json") or []


@pytest.fixture(scope="module")
def model():
    return HfCausalLM(str(next((GOLDEN / "icr").glob("tiny-*"))))


def ranker(case, **options):
    window = case.get("window_size", -1)
    return icr(
        prompt=case["retrieval_type"].lower(),
        doc_order="best_last" if case["reverse_doc_order"] else "best_first",
        window=None if window < 0 else window,
        step=case["stride"],
        **options,
    )


def test_rankings_equal_the_reference(model):
    for case in some(CASES, "icr"):
        item = RankItem("q", case["query"], tuple(Document(str(i), d) for i, d in enumerate(case["documents"])))
        assert ranker(case)(model, item, None) == case["ranking"], case["name"]


def test_prompt_tokens_and_spans_equal_the_reference(model):
    for case in some([c for c in CASES if "prompt" in c], "icr"):
        texts = [case["documents"][i] for i in case["prompt_order"]]
        spans = Spans(model, paper_prompt(model, case["retrieval_type"].lower()), texts, case["query"])
        assert spans.text == case["prompt"]
        assert spans.ids == case["input_ids"]
        assert [[s[0], s[-1] + 1] for s in spans.documents] == case["doc_spans_prompt_order"]
        assert spans.query_start == case["query_span_inclusive"][0]


def test_scores_equal_the_reference(model):
    for case in some([c for c in CASES if "scores_calibrated" in c], "icr"):
        texts = [case["documents"][i] for i in case["prompt_order"]]
        pieces = paper_prompt(model, case["retrieval_type"].lower())
        asked, blank = (Spans(model, pieces, texts, q) for q in (case["query"], "N/A"))
        prefix = asked.ids[: asked.query_start]
        tails = [p.ids[p.query_start :] for p in (asked, blank)]
        mass, mass_na = (m.sum(axis=(0, 1)) for m in model.attention_mass(prefix, tails))
        pairs = list(zip(asked.documents, case["prompt_order"], strict=True))
        for tokens, number in pairs:
            assert mass[tokens].sum() == pytest.approx(case["scores_query"][number], abs=1e-4)
            assert mass_na[tokens].sum() == pytest.approx(case["scores_na"][number], abs=1e-4)
            got = calibrated(mass[tokens].astype(np.float64), mass_na[tokens].astype(np.float64))
            assert got == pytest.approx(case["scores_calibrated"][number], abs=1e-4)


def test_a_passage_of_one_token_scores_zero():
    assert calibrated(np.array([3.0]), np.array([1.0])) == 0.0
