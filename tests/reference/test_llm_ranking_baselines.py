"""Pointwise, query likelihood, monoT5, pairwise and setwise equal the public code: prompts, scores, orders, cost."""

import re

import numpy as np
import pytest

from tests.reference._golden import load_json, model_folder, needs, some
from zsbench.core.records import Cost
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank._labels import LABELS
from zsbench.methods.rerank.monot5 import MonoPrompt, monot5
from zsbench.methods.rerank.pairwise import PairPrompt, pairwise
from zsbench.methods.rerank.pointwise import PointwisePrompt, pointwise
from zsbench.methods.rerank.query_likelihood import QueryPrompt, query_likelihood
from zsbench.methods.rerank.scores import log_probability
from zsbench.methods.rerank.setwise import SetPrompt, setwise
from zsbench.methods.shared.document_texts import NO_CUT
from zsbench.models.language.hf_causal_lm import hf_causal_lm

SLUG = "llm-ranking-baselines"
BASELINES = load_json(SLUG, "baselines.json") or {}
PROMPTS = load_json(SLUG, "prompts.json") or {}
DECODER = load_json(SLUG, "decoder_only.json") or []


class Recorder:
    """A model that writes down what it was asked and what it answered."""

    def __init__(self, model):
        self.model, self.asked, self.answered = model, [], []

    def __getattr__(self, name):
        found = getattr(self.model, name)
        if name not in {"label_logits", "target_logprobs"}:
            return found

        def call(prompts, answers):
            self.asked += prompts
            values = found(prompts, answers)
            self.answered += list(values)
            return values

        return call


class Scripted:
    """Answers pairwise and setwise questions about passages whose text is their number."""

    def __init__(self, relevance, undecided=0.0):
        self.relevance, self.undecided, self.cost, self.sets = relevance, undecided, Cost(), []

    def best(self, content):
        shown = [int(text) for _, text in re.findall(r'Passage ([A-W]): "(\d+)"', content)]
        self.sets.append(shown)
        grades = [self.relevance[i] for i in shown]
        if len(grades) == 2 and abs(grades[0] - grades[1]) < self.undecided:
            return 0
        return int(np.argmax(grades))

    def label_logits(self, prompts, labels):
        return np.eye(len(labels))[[self.best(prompt.text) for prompt in prompts]]

    def generate(self, prompts, *, max_new_tokens, stop=()):
        return [LABELS[self.best(p.messages[-1]["content"] if p.messages else p.text)] for p in prompts]


def item(query, passages):
    return RankItem("q", query, tuple(Document(str(i), text) for i, text in enumerate(passages)))


@pytest.fixture(scope="module")
def t5():
    seq2seq = pytest.importorskip("zsbench.models.language.hf_seq2seq")
    return seq2seq.hf_seq2seq(model=str(model_folder(SLUG)))


@pytest.fixture(scope="module")
def decoder():
    return hf_causal_lm(model=str(model_folder("icr")))


def test_yes_no_scores_equal_the_reference(t5):
    for case in some(BASELINES.get("pointwise_t5"), SLUG):
        model = Recorder(t5)
        order = pointwise(cut=NO_CUT)(model, item(case["query"], case["passages"]), None)
        yes, no = (t5.tokenize(word, special=False)[0][0] for word in ("Yes", "No"))
        assert (yes, no) == (case["yes_id"], case["no_id"])
        found = np.exp(log_probability(np.array(model.answered)))
        np.testing.assert_allclose(found, case["yes_no_scores"], atol=1e-4)
        assert order == case["yes_no_order"]


def test_query_likelihoods_equal_the_reference(t5):
    for case in some(BASELINES.get("pointwise_t5"), SLUG):
        asked, model = item(case["query"], case["passages"]), Recorder(t5)
        assert query_likelihood(cut=NO_CUT, flavour="reference")(model, asked, None) == case["qlm_order"]
        assert t5.tokenize(f"<pad> {case['query']}", special=False)[0] == case["qlm_label_ids"]
        assert [len(tokens) for tokens in model.answered] == [len(case["qlm_label_ids"])] * len(case["passages"])
        np.testing.assert_allclose([t.sum() for t in model.answered], case["qlm_scores"], atol=1e-4, rtol=0)
        wanted = np.array(case["qlm_without_pad_term"])
        np.testing.assert_allclose([t[1:].sum() for t in model.answered], wanted, atol=1e-4, rtol=0)
        assert query_likelihood(cut=NO_CUT)(model, asked, None) == list(np.argsort(-wanted, kind="stable"))


def test_yes_no_of_a_decoder_equals_an_independent_computation(decoder):
    needs(DECODER)
    cases = some(DECODER, SLUG)
    for query in {case["query"] for case in cases}:
        own = [case for case in cases if case["query"] == query]
        model = Recorder(decoder)
        order = pointwise(cut=NO_CUT)(model, item(query, [case["passage"] for case in own]), None)
        for case, asked, logits in zip(own, model.asked, model.answered, strict=True):
            assert decoder.chat(asked.messages) + asked.answer == case["yes_no_prompt"]
            labels = [decoder.tokenize(word, special=False)[0] for word in ("Yes", "No")]
            assert labels == [[case["yes_id"]], [case["no_id"]]]
            np.testing.assert_allclose(logits, [case["yes_logit"], case["no_logit"]], atol=1e-4)
            assert np.exp(log_probability([logits]))[0] == pytest.approx(case["p_yes"], abs=1e-4)
        assert order == list(np.argsort([-case["p_yes"] for case in own], kind="stable"))


def test_query_likelihood_of_a_decoder_equals_an_independent_computation(decoder):
    needs(DECODER)
    cases = some(DECODER, SLUG)
    for query in {case["query"] for case in cases}:
        own = [case for case in cases if case["query"] == query]
        model = Recorder(decoder)
        order = query_likelihood(cut=NO_CUT)(model, item(query, [case["passage"] for case in own]), None)
        for case, asked, logprobs in zip(own, model.asked, model.answered, strict=True):
            assert decoder.chat(asked.messages) + asked.answer == case["ql_prompt"]
            np.testing.assert_allclose(logprobs, case["query_token_logprobs"], atol=1e-4)
            assert decoder.tokenize(query, special=False)[0] == case["query_token_ids"]
            assert logprobs.sum() == pytest.approx(case["ql_sum"], abs=1e-4)
            assert logprobs.mean() == pytest.approx(case["ql_mean"], abs=1e-4)
        assert order == list(np.argsort([-case["ql_sum"] for case in own], kind="stable"))


@pytest.mark.parametrize("scoring", ["likelihood", "generation"])
def test_pairwise_sorting_equals_the_reference(scoring):
    for case in some(BASELINES.get("pairwise"), SLUG):
        n = len(case["relevance"])
        model = Scripted(case["relevance"], undecided=0.1)
        rank = pairwise(sort=case["method"], k=case["k"], scoring=scoring, flavour="reference", cut=NO_CUT)
        order = rank(model, item("query", map(str, range(n))), None)
        assert order == case["order"]
        assert model.cost.comparisons == case["n_comparisons"]
        assert [shown[::-1] for shown in model.sets[1::2]] == model.sets[::2]
        asked = {}  # a pair is put to the model once, whatever its order
        for pair in case["first_comparisons"]:
            asked.setdefault(frozenset(pair), pair)
        assert model.sets[::2][: len(asked)] == list(asked.values())
        # Written into a run as n - rank, which orders like the reference's -rank.
        if "scores" in case:
            assert case["scores"] == [-1 - order.index(candidate) for candidate in case["order"]]


@pytest.mark.parametrize("scoring", ["likelihood", "generation"])
def test_setwise_sorting_equals_the_reference(scoring):
    for case in some(BASELINES.get("setwise"), SLUG):
        model = Scripted(case["relevance"])
        rank = setwise(
            sort=case["method"],
            k=case["k"],
            num_child=case["num_child"],
            scoring=scoring,
            flavour="reference",
            cut=NO_CUT,
        )
        assert rank(model, item("query", map(str, range(len(case["relevance"])))), None) == case["order"]
        assert model.cost.comparisons == case["n_comparisons"]
        asked = list(dict.fromkeys(map(tuple, case["first_comparisons"])))
        assert list(map(tuple, model.sets[: len(asked)])) == asked


def test_prompts_equal_the_reference(t5):
    if not PROMPTS:
        pytest.skip("no prompts in this golden folder")
    query, passages = PROMPTS["query"], PROMPTS["passages"]
    first, second = passages[:2]
    wanted = [
        ("pairwise", PairPrompt().text.format(query=query, a=first, b=second), 0),
        ("pairwise", PairPrompt().text.format(query=query, a=second, b=first), 1),
        ("setwise", SetPrompt().content(query, passages), None),
        ("qlm", QueryPrompt().text.format(passage=first), None),
        ("yes_no", PointwisePrompt().text.format(passage=first, query=query), None),
        ("monot5", MonoPrompt().text.format(query=query, document=first), None),
        ("duot5", PairPrompt().duot5.format(query=query, a=first, b=second), None),
    ]
    for key, text, place in wanted:
        if key in PROMPTS:
            assert text == (PROMPTS[key] if place is None else PROMPTS[key][place]), key
    assert list(LABELS) == PROMPTS.get("setwise_labels", list(LABELS))
    opening = PROMPTS.get("pairwise_decoder_prefix")
    if opening:
        [prompt] = PairPrompt().prompts(t5, ["?"])
        start = t5.tokenize("<pad>", special=False)[0]
        assert start + t5.tokenize(prompt.answer, special=False)[0] == t5.tokenize(opening, special=False)[0]


def test_monot5_reads_true_and_false_after_the_prompt(t5):
    """The order is that of the two logits of a single decoder step, from the network itself."""
    torch = pytest.importorskip("torch")
    for case in some(BASELINES.get("pointwise_t5"), SLUG):
        model = Recorder(t5)
        order = monot5()(model, item(case["query"], case["passages"]), None)
        words = [t5.tokenize(word, special=False)[0] for word in ("true", "false")]
        if words[0][0] == words[1][0]:
            continue
        scores = []
        for passage in case["passages"]:
            ids = t5.tokenize(MonoPrompt().text.format(query=case["query"], document=passage), special=True)[0]
            with torch.inference_mode():
                start = torch.tensor([[t5._model.config.decoder_start_token_id]])
                logits = t5._model(torch.tensor([ids]), decoder_input_ids=start).logits[0, 0]
            true, false = (float(logits[word[0]]) for word in words)
            scores.append(true - np.logaddexp(true, false))
        np.testing.assert_allclose(log_probability(model.answered), scores, atol=1e-4)
        assert order == list(np.argsort(-np.array(scores), kind="stable"))
