"""Decoders with a recurrent state answer in any batch as they do alone, and as the network itself does."""

import numpy as np
import pytest
import torch
import transformers

from tests.models import _tiny
from zsbench.models import runtime
from zsbench.models.capabilities import Prompt
from zsbench.models.language.hf_causal_lm import hf_causal_lm

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 300, **_tiny.SPECIAL}
ATTENDING = {**SMALL, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 48}
MAMBA = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1, "mamba_expand": 2}
KINDS = {
    "Mamba": {**SMALL, "state_size": 8},
    "Rwkv": {**SMALL, "attention_hidden_size": 32, "intermediate_size": 48},
    "RecurrentGemma": {**ATTENDING, "lru_width": 32, "attention_window_size": 16, "num_hidden_layers": 3},
    "Bamba": {**ATTENDING, **MAMBA, "attn_layer_indices": [1]},
    "Jamba": {
        **ATTENDING, "mamba_d_state": 8, "mamba_dt_rank": 4, "attn_layer_period": 2, "attn_layer_offset": 1,
        "num_experts": 2, "num_experts_per_tok": 1, "expert_layer_period": 2, "use_mamba_kernels": False,
    },
}  # fmt: skip
TEXTS = ["a short prompt", "one of them is longer than the others are", "q?", "a long prompt."]
PROMPTS = [Prompt(text=text) for text in TEXTS]


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory):
    if not hasattr(transformers, f"{request.param}Config"):
        pytest.skip(f"this transformers has no {request.param}")
    config = getattr(transformers, f"{request.param}Config")(**KINDS[request.param])
    network = transformers.AutoModelForCausalLM.from_config(config)
    return _tiny.saved(_tiny.randomised(network, 0.2), _tiny.tokenizer(), tmp_path_factory.mktemp(request.param))


def alone(folder, ids):
    """The network's own logits (tokens, vocabulary) of one sequence, with nothing kept."""
    network = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.no_grad():
        return network(torch.tensor([ids]), use_cache=False).logits[0].float()


@pytest.mark.parametrize("size", [1, 3, "auto"])
def test_answers_are_those_of_the_network_alone(folder, size, monkeypatch):
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", size)
    model = hf_causal_lm(model=folder)
    assert model._recurrent
    prompts = [model.tokenize(text, special=True)[0] for text in TEXTS]
    words = [model.tokenize(text, special=False)[0] for text in ("Y", "N", "why")]
    found = model.label_logits(PROMPTS, ["Y", "N"])
    wanted = [alone(folder, ids)[-1, [words[0][0], words[1][0]]].numpy() for ids in prompts]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    for got, ids in zip(model.target_logprobs(PROMPTS, ["why"] * len(TEXTS)), prompts, strict=True):
        after = alone(folder, ids + words[2]).log_softmax(dim=-1)[len(ids) - 1 : -1]
        np.testing.assert_allclose(got, after[range(len(words[2])), words[2]].numpy(), rtol=1e-4, atol=1e-4)
    [got] = model.next_logprobs(PROMPTS[1], [words[2][:2]], [[7, 9]])
    after = alone(folder, prompts[1] + words[2][:2]).log_softmax(dim=-1)[-1, [7, 9]]
    np.testing.assert_allclose(got, after.numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [1, "auto"])
def test_what_it_writes_is_the_most_probable_token_each_time(folder, size, monkeypatch):
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", size)
    model = hf_causal_lm(model=folder)
    written = model.generate(PROMPTS, max_new_tokens=4)
    for text, got in zip(TEXTS, written, strict=True):
        ids, own = model.tokenize(text, special=True)[0], []
        while len(own) < 4 and (token := int(alone(folder, ids + own)[-1].argmax())) != _tiny.SPECIAL["eos_token_id"]:
            own.append(token)
        assert got == model._tokenizer.decode(own, skip_special_tokens=True)


def test_attention_is_that_of_the_whole_sequence(folder):
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    prefix, tails = list(range(3, 40)), [list(range(50, 60)), [70, 71]]
    maps = []
    for tail in tails:
        with torch.no_grad():
            found = network(torch.tensor([prefix + tail]), output_attentions=True, use_cache=False)
        kept = [m for m in (getattr(found, "attentions", None) or ()) if m is not None and m.dim() == 4]
        maps.append([m[0, :, -len(tail) :].mean(dim=1).numpy() for m in kept])
    if not maps[0]:
        pytest.skip("no attention in this kind, or none that it reports")
    for got, wanted in zip(hf_causal_lm(model=folder).attention_mass(prefix, tails), maps, strict=True):
        np.testing.assert_allclose(got, np.stack(wanted), atol=1e-5)
