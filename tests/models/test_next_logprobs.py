"""Log-probabilities of single tokens after many beginnings of an answer: shared rows and prompts change nothing."""

import copy

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from tests.models import _tiny
from tests.models.test_hf_causal_lm import ARCHITECTURES, network, tokens
from zsbench.core.errors import RunError
from zsbench.models import prompt_tokens, runtime
from zsbench.models.capabilities import Prompt
from zsbench.models.huggingface import Checkpoint
from zsbench.models.language import _answers
from zsbench.models.language._decoder import Decoder
from zsbench.models.language.hf_causal_lm import hf_causal_lm
from zsbench.models.language.hf_seq2seq import hf_seq2seq

HEADS = [(), (5,), (5, 6), (5, 6, 7), (5, 9), (8,), (5,)]
WANTED = [[5, 8], [6, 9, 11], [7], [3], [4, 5], [3, 4, 5, 6], [40]]


@given(st.lists(st.lists(st.integers(0, 3), max_size=4).map(tuple), min_size=1, max_size=12))
def test_every_head_begins_its_row_and_no_row_begins_another(heads):
    rows, row_of = _answers.packed(heads)
    assert all(rows[row][: len(head)] == head for head, row in zip(heads, row_of, strict=True))
    assert not any(a != b and b[: len(a)] == a for a in rows for b in rows)
    assert set(rows) <= set(heads)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("n_prompt", [1, 30])
def test_a_decoder_gives_what_whole_sequences_give_it(name, n_prompt):
    net = network(name)
    plain, prompt = copy.deepcopy(net), tokens(n_prompt, 3)
    decoder = Decoder(Checkpoint(net))
    found = _answers.next_logprobs(decoder._branches(prompt), HEADS, WANTED, before=n_prompt)
    for head, wanted, values in zip(HEADS, WANTED, found, strict=True):
        with torch.no_grad():
            expected = plain(torch.tensor([[*prompt, *head]])).logits[0, -1].log_softmax(dim=-1)[wanted]
        assert values == pytest.approx(expected.numpy(), abs=2e-4), head


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    words = _tiny.tokenizer(chat=_tiny.CHAT)
    config = transformers.LlamaConfig(**{**_tiny.SHAPE, **_tiny.SPECIAL, "vocab_size": len(words)})
    model = _tiny.randomised(transformers.LlamaForCausalLM(config))
    return hf_causal_lm(model=_tiny.saved(model, words, tmp_path_factory.mktemp("llama")))


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    words = _tiny.tokenizer(bos=False)
    shape = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
    config = transformers.T5Config(
        vocab_size=len(words), decoder_start_token_id=0, pad_token_id=0, eos_token_id=2, **shape
    )
    model = _tiny.randomised(transformers.T5ForConditionalGeneration(config))
    return hf_seq2seq(model=_tiny.saved(model, words, tmp_path_factory.mktemp("t5")))


@pytest.mark.parametrize("kind", ["llama", "t5"])
@pytest.mark.parametrize(
    "prompt", [Prompt(text="which one?", answer=" "), Prompt(messages=({"role": "user", "content": "which?"},))]
)
@pytest.mark.parametrize("size", ["auto", 1, 2])
def test_they_add_up_to_the_likelihood_of_the_text(kind, prompt, size, request, monkeypatch):
    model = request.getfixturevalue(kind)
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", size)
    answers = ["120", "7", "1203"]
    ids = [model.answer_tokens(answer, end=False) for answer in answers]
    asked = [(own[:place], [own[place]]) for own in ids for place in range(len(own))]
    values = model.next_logprobs(prompt, [head for head, _ in asked], [wanted for _, wanted in asked])
    expected = np.concatenate(model.target_logprobs([prompt] * len(answers), answers))
    assert [float(value[0]) for value in values] == pytest.approx(expected, abs=1e-4)


def test_the_end_token_ends_an_answer(llama, t5):
    for model in (llama, t5):
        assert model.answer_tokens("ab", end=True) == [*model.answer_tokens("ab", end=False), 2]
    words = _tiny.tokenizer()
    words.eos_token = None
    with pytest.raises(RunError, match="no end token"):
        prompt_tokens.answer(words, "ab", end=True)


def test_the_prompt_is_read_once_and_what_does_not_fit_is_refused(llama):
    before = copy.copy(llama.cost)
    llama.next_logprobs(Prompt(text="x" * 100), [(), (4,), (4, 5)], [[4], [5], [6]])
    assert llama.cost.forward_passes - before.forward_passes == 2
    assert llama.cost.tokens - before.tokens == 101 + 2  # BOS and the text, then one row of two tokens
    with pytest.raises(RunError, match="does not fit"):
        llama.next_logprobs(Prompt(text="x" * 254), [(4, 5)], [[6]])
