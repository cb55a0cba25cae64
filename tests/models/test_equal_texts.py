"""Equal texts get equal scores from every scorer, whatever else is in their batches: rounding must not order them."""

import itertools

import numpy as np
import pytest
import transformers

from tests.models import _tiny
from zsbench.config import catalog
from zsbench.models import runtime
from zsbench.models.capabilities import PairScorer, Prompt, TextEncoder, TextScorer
from zsbench.models.language.hf_causal_lm import hf_causal_lm
from zsbench.models.language.hf_seq2seq import hf_seq2seq
from zsbench.models.text.bi_encoder import bi_encoder
from zsbench.models.text.cross_encoder import cross_encoder

# Four different texts, twenty times each and in no order: batches of any size mix them in many ways.
TEXTS = ["a short text", "another one that is longer", "the same again", "one more of quite another length, in the end"]
MANY = [TEXTS[i] for i in np.random.default_rng(0).integers(0, len(TEXTS), 80)]


def bert(kind, folder, **options):
    words = _tiny.tokenizer()
    config = transformers.BertConfig(vocab_size=len(words), **_tiny.SHAPE, **options)
    return _tiny.saved(_tiny.randomised(getattr(transformers, kind)(config)), words, folder)


def causal(folder):
    words = _tiny.tokenizer()
    config = transformers.LlamaConfig(vocab_size=len(words), **_tiny.SHAPE, **_tiny.SPECIAL)
    return hf_causal_lm(model=_tiny.saved(_tiny.randomised(transformers.LlamaForCausalLM(config)), words, folder))


def seq2seq(folder):
    words = _tiny.tokenizer()
    shape = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
    ids = {"pad_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 0}
    config = transformers.T5Config(vocab_size=len(words), **shape, **ids)
    return hf_seq2seq(
        model=_tiny.saved(_tiny.randomised(transformers.T5ForConditionalGeneration(config)), words, folder)
    )


BUILT = {
    "cross-encoder": lambda folder: cross_encoder(model=bert("BertForSequenceClassification", folder, num_labels=1)),
    "bi-encoder": lambda folder: bi_encoder(model=bert("BertModel", folder), pooling="mean"),
    "hf-causal-lm": causal,
    "hf-seq2seq": seq2seq,
}
# Vectors that are looked up, and models that compute elsewhere.
OTHERS = {"text-vectors", "word-vectors", "rerank-endpoint", "embeddings-endpoint", "openai-compatible"}


def prompts():
    return [Prompt(text=text) for text in MANY]


ASKED = {
    PairScorer: [lambda model: model.score_pairs([("a query", text) for text in MANY])],
    TextEncoder: [lambda model: model.encode_documents(MANY), lambda model: model.encode_queries(MANY)],
    TextScorer: [
        lambda model: model.label_logits(prompts(), ["Yes", "No"]),
        lambda model: [row.tobytes() for row in model.target_logprobs(prompts(), ["a query"] * len(MANY))],
    ],
}


def scorers():
    for name in catalog.own_components("models"):
        offers = catalog.load_component("models", name).facts.offers
        if name not in OTHERS and any(offer in offers for offer in ASKED):
            yield name, [ask for offer in offers for ask in ASKED.get(offer, ())]


def test_every_adapter_that_scores_texts_is_tried():
    assert {name for name, _ in scorers()} == BUILT.keys()


@pytest.mark.parametrize(("name", "asks"), list(scorers()), ids=lambda part: part if isinstance(part, str) else "")
def test_equal_texts_score_equally_at_every_batch_size(name, asks, tmp_path, monkeypatch):
    model = BUILT[name](tmp_path)
    for size, ask in itertools.product([1, 3, 7, "auto"], asks):
        monkeypatch.setitem(runtime._RUNTIME, "batch_size", size)
        rows = [np.asarray(row).tobytes() for row in ask(model)]
        for text in TEXTS:
            assert len({row for own, row in zip(MANY, rows, strict=True) if own == text}) == 1, (size, text)
        assert len(set(rows)) > 1
