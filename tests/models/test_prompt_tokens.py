"""Begin-of-text tokens: a decoder's prompt has what its tokenizer puts in front of texts once, and nothing behind."""

import pytest
import transformers

from tests.models import _tiny
from zsbench.methods.rerank.first import FirstPrompt, _Style, _tokens
from zsbench.models.capabilities import Prompt
from zsbench.models.language.hf_causal_lm import hf_causal_lm

TURNS = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"
SHAPE = {**_tiny.SHAPE, **_tiny.SPECIAL, "max_position_embeddings": 2048}


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    def build(*, adds, writes, behind=False):
        words = _tiny.tokenizer(bos=adds, chat="{{ bos_token }}" * writes + TURNS)
        if behind:
            from tokenizers import processors

            words.backend_tokenizer.post_processor = processors.TemplateProcessing(
                single="<s> $A </s>", pair="$A $B", special_tokens=[("<s>", 1), ("</s>", 2)]
            )
        network = transformers.LlamaForCausalLM(transformers.LlamaConfig(**SHAPE, vocab_size=len(words)))
        return hf_causal_lm(model=_tiny.saved(network, words, tmp_path_factory.mktemp("model")))

    return build


@pytest.mark.parametrize(
    ("adds", "writes", "n"), [(True, False, 1), (True, True, 1), (False, True, 1), (False, False, 0)]
)
def test_bos_stands_in_front_of_a_conversation_once(load, adds, writes, n):
    model = load(adds=adds, writes=writes)
    turns = ({"role": "user", "content": "who?"},)
    by_adapter = model._encode(Prompt(messages=turns), ()).prompt
    by_method = _tokens(model, FirstPrompt(), _Style("alpha"), ["one", "two"], "who?")
    ids, offsets = model.tokenize(model.chat(turns), special=True)
    assert list(by_adapter) == ids
    for found in (ids, by_method):
        assert (list(found[:n]), 1 in found[n:]) == ([1] * n, False)
    # Offsets go on meaning characters of the text.
    assert model.chat(turns)[slice(*offsets[-1])] == ">"


def test_plain_text_gets_bos_and_no_end(load):
    model = load(adds=True, writes=True, behind=True)
    assert model.tokenize("a", special=True)[0] == [1, *model.tokenize("a", special=False)[0]]
    assert model.tokenize("<s>a", special=True)[0] == model.tokenize("a", special=True)[0]
    assert model.tokenize("a</s>", special=True)[0][-1] == 2
    assert 1 not in model.tokenize("a", special=False)[0]
