"""Encoder-decoders: first decoder step, likelihoods of targets and greedy text, against the network itself."""

import numpy as np
import pytest
import torch
import transformers

from tests.close import assert_logits_close, assert_rows_close
from tests.models import _tiny
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import Cost
from zsbench.models import runtime
from zsbench.models.capabilities import Prompt, Sampling
from zsbench.models.language.hf_seq2seq import hf_seq2seq

T5 = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4, "pad_token_id": 0, "eos_token_id": 2}
# The defaults of FLAN-T5, of the first T5, and one with a decoder of another depth.
VARIANTS = {
    "gated-gelu, untied": {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    "relu, tied": {**T5, "feed_forward_proj": "relu", "tie_word_embeddings": True},
    "deeper decoder": {**T5, "num_decoder_layers": 3},
}
PROMPTS = [
    Prompt(text="short"),
    Prompt(text="a much longer prompt than the other one", answer=" Passage"),
    Prompt(messages=({"role": "system", "content": "s"}, {"role": "user", "content": "u"}), answer=" P"),
]


@pytest.fixture(scope="module", params=VARIANTS)
def folder(request, tmp_path_factory):
    words = _tiny.tokenizer()
    config = transformers.T5Config(vocab_size=len(words), decoder_start_token_id=0, **VARIANTS[request.param])
    model = _tiny.randomised(transformers.T5ForConditionalGeneration(config))
    model.generation_config.update(repetition_penalty=3.0)
    return _tiny.saved(model, words, tmp_path_factory.mktemp("t5"))


@pytest.fixture
def model(folder):
    return hf_seq2seq(model=folder)


def text_of(prompt):
    return prompt.text or "s\n\nu"


def after(model, prompt, decoder):
    """Log-probabilities (decoder tokens, vocabulary) after the start token, the opening and `decoder`."""
    ids = model.tokenize(text_of(prompt), special=True)[0]
    opening = [0, *model.tokenize(prompt.answer, special=False)[0]]
    with torch.no_grad():
        logits = model._model(torch.tensor([ids]), decoder_input_ids=torch.tensor([opening + decoder])).logits[0]
    return logits[len(opening) - 1 :]


def test_labels_are_read_at_the_decoder_step_after_the_opening(model):
    found = model.label_logits(PROMPTS, ["Yes", "No"])
    ids = [model.tokenize(letter, special=False)[0][0] for letter in "YN"]
    for prompt, row in zip(PROMPTS, found, strict=True):
        assert_logits_close(row, after(model, prompt, [])[0, ids])
    assert model.cost.forward_passes == 1


def test_targets_are_scored_token_by_token(model):
    targets = ["the query", "q", " two words"]
    found = model.target_logprobs(PROMPTS, targets)
    for prompt, target, got in zip(PROMPTS, targets, found, strict=True):
        ids = model.tokenize(target, special=False)[0]
        rows = after(model, prompt, ids[:-1]).log_softmax(dim=-1)
        np.testing.assert_allclose(got, [float(row[token]) for row, token in zip(rows, ids, strict=True)], atol=1e-4)


def test_writing_is_greedy_and_ends_before_stop_texts(model):
    model.cost = Cost()
    written = model.generate(PROMPTS, max_new_tokens=7)
    for prompt, got in zip(PROMPTS, written, strict=True):
        tokens = []
        while len(tokens) < 7:
            token = int(after(model, prompt, tokens)[-1].argmax())
            if token == 2:
                break
            tokens.append(token)
        assert got == model._tokenizer.decode(tokens, skip_special_tokens=True)
    assert 3 <= model.cost.tokens_generated <= 21
    stop = written[0][2:4]
    assert model.generate(PROMPTS[:1], max_new_tokens=7, stop=[stop]) == [written[0][: written[0].find(stop)]]


@pytest.mark.parametrize("size", [1, 2])
def test_the_batch_size_changes_nothing(model, size, monkeypatch):
    first = model.label_logits(PROMPTS, ["Yes", "No"])
    scored = model.target_logprobs(PROMPTS, ["a", "bc", "def"])
    written = model.generate(PROMPTS, max_new_tokens=5)
    sampling = Sampling(2.0, tuple(range(len(PROMPTS))))
    drawn = model.generate(PROMPTS, max_new_tokens=5, sampling=sampling)
    assert drawn != written
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", size)
    assert_logits_close(model.label_logits(PROMPTS, ["Yes", "No"]), first)
    for a, b in zip(model.target_logprobs(PROMPTS, ["a", "bc", "def"]), scored, strict=True):
        assert_rows_close(a, b)
    assert model.generate(PROMPTS, max_new_tokens=5) == written
    assert model.generate(PROMPTS, max_new_tokens=5, sampling=sampling) == drawn


def test_long_prompts_are_errors_or_lose_their_end(folder):
    long = [Prompt(text="0123456789")]
    with pytest.raises(RunError, match="11 tokens does not fit the model's 6"):
        hf_seq2seq(model=folder, max_length=6).label_logits(long, ["a", "b"])
    cut = hf_seq2seq(model=folder, max_length=6, on_overflow="truncate")
    whole = hf_seq2seq(model=folder)
    short = whole.label_logits([Prompt(text="01234")], ["a", "b"])
    assert_logits_close(cut.label_logits(long, ["a", "b"]), short)
    assert cut.cost.truncated_items == 1
    # The encoder reads the prompt alone: what is written takes no room.
    assert [cut.fits(Prompt(text=text), max_new_tokens=99) for text in ("01234", "012345")] == [True, False]
    assert cut.fingerprint != whole.fingerprint


def test_a_decoder_is_no_encoder_decoder(tmp_path):
    words = _tiny.tokenizer()
    config = transformers.LlamaConfig(**{**_tiny.SHAPE, **_tiny.SPECIAL, "vocab_size": len(words)})
    folder = _tiny.saved(transformers.LlamaForCausalLM(config), words, tmp_path)
    with pytest.raises(UserError, match="cannot load this checkpoint"):
        hf_seq2seq(model=folder)
