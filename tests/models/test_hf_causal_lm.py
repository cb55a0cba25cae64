"""Decoders: padding changes nothing, attention equals eager attention, text in and text out."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from tests.close import assert_logits_close, assert_rows_close
from tests.models import _tiny
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import Cost
from zsbench.models import chat_templates, decoding, runtime
from zsbench.models.capabilities import Prompt, Sampling
from zsbench.models.huggingface import Checkpoint
from zsbench.models.language import _attention, _decoder
from zsbench.models.language._decoder import Decoder
from zsbench.models.language.hf_causal_lm import hf_causal_lm
from zsbench.models.quantization import Quantization

GROUPED = {**_tiny.SHAPE, **_tiny.SPECIAL, "vocab_size": 97, "num_key_value_heads": 2}
WIDE = {**GROUPED, "head_dim": 16}
ALONE = {key: value for key, value in GROUPED.items() if key != "num_key_value_heads"}
MIXED = {"sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"]}
ARCHITECTURES = {
    "llama": ("LlamaConfig", GROUPED),
    "qwen2": ("Qwen2Config", GROUPED),
    "qwen3": ("Qwen3Config", WIDE),
    "mistral, sliding window": ("MistralConfig", {**GROUPED, "sliding_window": 16}),
    "gemma": ("GemmaConfig", WIDE),
    "gemma2, soft cap": ("Gemma2Config", {**WIDE, **MIXED, "attn_logit_softcapping": 5.0}),
    "gemma3": ("Gemma3TextConfig", {**WIDE, **MIXED}),
    "gpt-oss, sinks": ("GptOssConfig", {**WIDE, **MIXED, "num_local_experts": 2, "num_experts_per_tok": 1}),
    "gpt-neox": ("GPTNeoXConfig", ALONE),
    "opt": ("OPTConfig", {**ALONE, "ffn_dim": 48, "word_embed_proj_dim": 32}),
    "phi": ("PhiConfig", GROUPED),
    "gpt2": ("GPT2Config", {"vocab_size": 97, "n_embd": 32, "n_layer": 2, "n_head": 4, **_tiny.SPECIAL}),
    "bloom, eager only": ("BloomConfig", {"vocab_size": 97, "hidden_size": 32, "n_layer": 2, "n_head": 4}),
}


def network(name):
    kind, options = ARCHITECTURES[name]
    if not hasattr(transformers, kind):
        pytest.skip(f"this transformers has no {kind}")
    config = getattr(transformers, kind)(**options)
    found = _tiny.randomised(transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager"))
    for module in found.modules():
        if getattr(module, "sinks", None) is not None:
            module.sinks.data.normal_()
    return found


def tokens(n, seed):
    return torch.randint(3, 97, (n,), generator=torch.Generator().manual_seed(seed)).tolist()


def eager_rows(plain, prefix, tail):
    """The definition: mean over the tail's rows of the whole attention maps, (layers, heads, tokens)."""
    with torch.no_grad():
        maps = plain(torch.tensor([prefix + tail]), output_attentions=True, use_cache=False).attentions
    return torch.stack([layer[0, :, -len(tail) :].float().mean(dim=1) for layer in maps]).numpy()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_attention_equals_eager_attention(name, monkeypatch):
    plain = network(name)
    model = Decoder(Checkpoint(copy.deepcopy(plain)))
    prefix, tails = tokens(60, 1), [tokens(70, 2), tokens(4, 3)]
    wanted = [eager_rows(plain, prefix, tail) for tail in tails]
    for chunk in (4096, 25):  # the prefix at once, and in parts
        monkeypatch.setattr(_decoder, "CHUNK", chunk)
        for got, want in zip(model.attention_mass(prefix, tails), wanted, strict=True):
            assert_rows_close(got, want)
    for got, want in zip(model.attention_mass(prefix, tails, n_layers=1), wanted, strict=True):
        assert_rows_close(got, want[:1])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_half_precision_gives_no_nan(name):
    model = Decoder(Checkpoint(network(name).to(torch.bfloat16)))
    for mass in model.attention_mass(tokens(60, 1), [tokens(9, 2)]):
        assert np.isfinite(mass).all()
        assert mass.sum(axis=-1).max() <= 1 + 1e-3


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_padding_changes_nothing(name):
    plain = network(name)
    model = Decoder(Checkpoint(copy.deepcopy(plain)))
    batch = [tokens(n, n) for n in (5, 40, 23)]
    together = model._logits(batch, 1)[:, -1]
    alone = torch.cat([model._logits([ids], 1)[:, -1] for ids in batch])
    with torch.no_grad():
        want = torch.stack([plain(torch.tensor([ids])).logits[0, -1] for ids in batch])
    assert_rows_close(together, alone, share=1e-5)
    assert_rows_close(together, want, share=1e-5)


@pytest.mark.parametrize("name", ["llama", "mistral, sliding window", "gemma2, soft cap", "opt", "bloom, eager only"])
def test_step_by_step_equals_the_whole_pass(name):
    plain = network(name)
    model = Decoder(Checkpoint(copy.deepcopy(plain)))
    batch = [tokens(n, n) for n in (5, 30)]
    step, new, written = model._step(batch), None, [list(ids) for ids in batch]
    for _ in range(20):
        new = step(new).argmax(dim=-1, keepdim=True)
        with torch.no_grad():
            want = [int(plain(torch.tensor([ids])).logits[0, -1].argmax()) for ids in written]
        assert new[:, 0].tolist() == want
        for ids, token in zip(written, want, strict=True):
            ids.append(token)


def test_the_pass_ends_after_the_layers_in_use():
    plain = network("llama")
    model = Decoder(Checkpoint(plain))
    ran = []
    for number, layer in enumerate(plain.model.layers):
        layer.mlp.register_forward_hook(lambda *_, number=number: ran.append(number))
    full = model.attention_mass(tokens(20, 1), [tokens(5, 2), tokens(4, 3)])
    # The first pass tells how many layers attend; from then on nothing runs behind the last one's attention.
    assert ran == [0, 1, 0, 0]
    np.testing.assert_array_equal(model.attention_mass(tokens(20, 1), [tokens(5, 2)])[0], full[0])
    ran.clear()
    early = model.attention_mass(tokens(20, 1), [tokens(5, 2), tokens(4, 3)], n_layers=1)
    assert ran == []  # the first layer's attention is all that is needed
    for a, b in zip(early, full, strict=True):
        np.testing.assert_array_equal(a, b[:1])
    assert _attention._watch is None
    np.testing.assert_array_equal(model.attention_mass(tokens(20, 1), [tokens(5, 2)])[0], full[0])


def test_tails_do_not_see_each_other_and_cost_is_counted():
    model = Decoder(Checkpoint(network("mistral, sliding window")))
    prefix, a, b = tokens(40, 1), tokens(7, 2), tokens(3, 3)
    together = model.attention_mass(prefix, [a, b])
    assert (model.cost.forward_passes, model.cost.tokens) == (3, 50)
    np.testing.assert_array_equal(together[1], model.attention_mass(prefix, [b])[0])


def test_weights_held_at_once_grow_with_the_context_not_its_square(monkeypatch):
    model = Decoder(Checkpoint(network("gemma2, soft cap")))
    sizes, original = [], _attention._rows

    def rows(*arguments):
        found = original(*arguments)
        sizes.append(found.numel())
        return found

    monkeypatch.setattr(_attention, "_rows", rows)
    held = {}
    for n in (64, 128, 192):
        sizes.clear()
        model.attention_mass(tokens(n, 1), [tokens(6, 2)])
        held[n] = max(sizes)
    assert held[192] - held[128] == held[128] - held[64]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    words = _tiny.tokenizer(chat=_tiny.CHAT)
    config = transformers.LlamaConfig(**{**GROUPED, "vocab_size": len(words)})
    model = _tiny.randomised(transformers.LlamaForCausalLM(config))
    model.generation_config.update(do_sample=True, temperature=2.0, repetition_penalty=3.0)
    return _tiny.saved(model, words, tmp_path_factory.mktemp("llama"))


@pytest.fixture
def model(folder):
    return hf_causal_lm(model=folder)


def plain_logprobs(model, ids, target):
    with torch.no_grad():
        logits = model._model(torch.tensor([ids + target])).logits[0].log_softmax(dim=-1)
    return [float(logits[len(ids) + i - 1, token]) for i, token in enumerate(target)]


PROMPTS = [Prompt(text="short"), Prompt(text="a much longer prompt than the other"), Prompt(text="x", answer=" y: ")]


def test_labels_and_targets_are_scored_as_text_that_goes_on(model):
    labels, targets = ["Yes", "No"], ["the query", "q", "two words"]
    logits = model.label_logits(PROMPTS, labels)
    found = model.target_logprobs(PROMPTS, targets)
    for prompt, row, target, got in zip(PROMPTS, logits, targets, found, strict=True):
        ids = [1, *model.tokenize(prompt.text + prompt.answer, special=False)[0]]
        every = model.next_token_logits(ids)
        assert_rows_close(row, [every[model.tokenize(a[0], special=False)[0][0]] for a in labels])
        wanted = plain_logprobs(model, ids, model.tokenize(target, special=False)[0])
        np.testing.assert_allclose(got, wanted, atol=1e-4)


@pytest.mark.parametrize("size", [1, 2, "auto"])
def test_the_batch_size_changes_nothing(model, size, monkeypatch):
    first = model.label_logits(PROMPTS, ["Yes", "No"])
    written = model.generate(PROMPTS, max_new_tokens=6)
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", size)
    assert_logits_close(model.label_logits(PROMPTS, ["Yes", "No"]), first)
    assert model.generate(PROMPTS, max_new_tokens=6) == written


def test_a_beginning_that_all_labels_share_goes_to_the_prompt(model):
    spaced = model.label_logits(PROMPTS, [" A", " B"])
    moved = [Prompt(text=p.text, answer=p.answer + " ") for p in PROMPTS]
    assert_logits_close(spaced, model.label_logits(moved, ["A", "B"]))
    for labels in (["same", "same"], ["ab", "ac", "b"], ["a", "ab"]):
        with pytest.raises(RunError, match="begins like another"):
            model.label_logits(PROMPTS, labels)
    for labels in ([""], ["a", ""]):
        with pytest.raises(RunError, match="no tokens"):
            model.label_logits(PROMPTS, labels)


def test_writing_is_greedy_whatever_the_checkpoint_says(model):
    model.cost = Cost()
    [written] = model.generate([PROMPTS[1]], max_new_tokens=8)
    ids = [1, *model.tokenize(PROMPTS[1].text, special=False)[0]]
    wanted = []
    for _ in range(8):
        token = int(model._model(torch.tensor([ids + wanted])).logits[0, -1].argmax())
        if token == 2:
            break
        wanted.append(token)
    assert written == model._tokenizer.decode(wanted, skip_special_tokens=True)
    assert model.cost.tokens_generated == min(8, len(wanted) + 1)
    assert (model.cost.forward_passes, model.cost.tokens) == (model.cost.tokens_generated, len(ids))


def test_drawn_texts_depend_on_their_seeds_alone(model, monkeypatch):
    asked = [PROMPTS[1]] * 6 + [PROMPTS[0]] * 2
    sampling = Sampling(2.0, (1, 2, 3, 4, 5, 1, 7, 8))
    written = model.generate(asked, max_new_tokens=6, sampling=sampling)
    assert written[0] == written[5]
    assert len(set(written[:5])) > 1
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", 1)
    assert model.generate(asked, max_new_tokens=6, sampling=sampling) == written
    # Close to 0 nothing but the greedy text is left.
    cold = Sampling(1e-4, (1, 2))
    assert model.generate(PROMPTS[:2], max_new_tokens=6, sampling=cold) == model.generate(PROMPTS[:2], max_new_tokens=6)


def test_tokens_are_drawn_by_the_softmax_at_the_temperature():
    logits = torch.tensor([[1.0, 3.0, -torch.finfo(torch.float32).max, 2.0]])
    n, temperature = 4000, 2.0
    tokens = decoding.drawn(temperature, range(n))(logits.expand(n, -1))[:, 0]
    found = torch.bincount(tokens, minlength=4) / n
    # A share of p deviates by less than four standard errors.
    wanted = (logits[0] / temperature).softmax(dim=0)
    assert (found - wanted).abs().max() < 4 * 0.5 / n**0.5
    assert found[2] == 0
    with pytest.raises(RunError, match="NaN"):
        decoding.drawn(1.0, [0])(torch.tensor([[float("nan"), 1.0]]))


def test_only_the_most_probable_tokens_of_a_share_are_drawn():
    # Probabilities 0.5, 0.1, 0.25, 0.15: half is the first alone, 0.7 takes the third as well.
    logits = torch.tensor([[0.5, 0.1, 0.25, 0.15]]).log()
    for top_p, wanted in ((0.5, [1, 0, 0, 0]), (0.7, [2 / 3, 0, 1 / 3, 0]), (1.0, [0.5, 0.1, 0.25, 0.15])):
        n = 2000
        tokens = decoding.drawn(1.0, range(n), top_p=top_p)(logits.expand(n, -1))[:, 0]
        found = torch.bincount(tokens, minlength=4) / n
        assert (found - torch.tensor(wanted)).abs().max() < 4 * 0.5 / n**0.5
        assert [share > 0 for share in found.tolist()] == [share > 0 for share in wanted]


def test_a_prompt_fits_with_what_is_written_after_it(model):
    n_tokens = len(model.tokenize("short", special=True)[0])
    room = model.max_tokens - n_tokens + 1
    assert model.fits(Prompt(text="short"), max_new_tokens=room)
    model.generate([Prompt(text="short")], max_new_tokens=room, stop=[""])
    assert not model.fits(Prompt(text="short"), max_new_tokens=room + 1)
    with pytest.raises(RunError, match="does not fit"):
        model.generate([Prompt(text="short")], max_new_tokens=room + 1)


def test_writing_ends_before_the_stop_text(model):
    [whole] = model.generate([PROMPTS[0]], max_new_tokens=12)
    stop = whole[3:5]
    model.cost = Cost()
    assert model.generate([PROMPTS[0]], max_new_tokens=12, stop=[stop]) == [whole[: whole.find(stop)]]
    assert model.cost.tokens_generated < 12


def test_chat_prompts_carry_their_own_special_tokens(model):
    prompt = Prompt(messages=({"role": "user", "content": "u"},), answer="[")
    assert model.chat(prompt.messages) == "<s><user>u<assistant>"
    ids = model.tokenize("<s><user>u<assistant>[", special=False)[0]
    assert ids[0] == 1
    expected = model.next_token_logits(ids)
    assert_logits_close(model.label_logits([prompt], ["A", "B"])[0, 0], expected[ids_of(model, "A")])


def ids_of(model, letter):
    return model.tokenize(letter, special=False)[0][0]


def test_a_template_without_system_gets_it_in_the_first_turn():
    refusing = "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('none') }}{% endif %}"
    words = _tiny.tokenizer(chat=refusing + "<{{ m['role'] }}>{{ m['content'] }}{% endfor %}")
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert chat_templates.chat(words, messages, {}) == "<user>s\n\nu"
    with pytest.raises(UserError, match="refuses"):
        chat_templates.chat(words, messages[:1], {})
    for broken in ("{{ 1 / 0 }}", "{{ range(10 ** 9) | list }}", "{{ messages[9].x.y }}", "{{ ''.__class__.mro() }}"):
        with pytest.raises(UserError, match="chat template refuses"):
            chat_templates.chat(_tiny.tokenizer(chat=broken), messages, {})
    with pytest.raises(UserError, match="no chat template"):
        chat_templates.chat(_tiny.tokenizer(), messages, {})


def test_template_from_a_file_and_its_options(folder, tmp_path):
    file = tmp_path / "own.jinja"
    file.write_text("{% if loud %}!{% endif %}{{ messages[0]['content'] }}", encoding="utf-8")
    loud = hf_causal_lm(model=folder, chat_template=str(file), chat_options={"loud": True})
    assert loud.chat([{"role": "user", "content": "u"}]) == "!u"
    assert loud.fingerprint != hf_causal_lm(model=folder).fingerprint
    with pytest.raises(UserError, match="no such file"):
        hf_causal_lm(model=folder, chat_template=str(tmp_path / "none.jinja"))


def test_long_prompts_are_errors_or_lose_their_start(folder, model):
    long = Prompt(text="0123456789" * 40)
    for ask in (
        lambda m: m.label_logits([long], ["a", "b"]),
        lambda m: m.target_logprobs([long], ["a"]),
        lambda m: m.generate([long], max_new_tokens=3),
        lambda m: m.attention_mass(tokens(200, 1), [tokens(57, 2)]),
        lambda m: m.next_token_logits(tokens(257, 1)),
    ):
        with pytest.raises(RunError, match="does not fit the model's 256"):
            ask(model)
    cut = hf_causal_lm(model=folder, on_overflow="truncate")
    kept = model.tokenize(long.text, special=False)[0][-256:]
    expected = model.next_token_logits(kept)[[ids_of(model, "a"), ids_of(model, "b")]]
    assert_logits_close(cut.label_logits([long], ["a", "b"])[0], expected)
    cut.generate([long], max_new_tokens=3)
    assert cut.cost.truncated_items == 2


def test_quantisation_needs_its_library_and_one_width(folder, monkeypatch):
    with pytest.raises(UserError, match="exactly one of 8 and 4 bits"):
        hf_causal_lm(model=folder, quantization=Quantization())
    monkeypatch.setattr("zsbench.models.quantization.find_spec", lambda _name: None)
    with pytest.raises(UserError, match="bitsandbytes and accelerate not installed"):
        hf_causal_lm(model=folder, quantization=Quantization(load_in_4bit=True))


def test_incomplete_weights_are_refused(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    copied = tmp_path / "copy"
    copied.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (copied / name).write_bytes((Path(folder) / name).read_bytes())
    weights = load_file(f"{folder}/model.safetensors")
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, str(copied / "model.safetensors"), metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"lacks weights \(model.layers.1.mlp.up_proj.weight"):
        hf_causal_lm(model=str(copied))
    (copied / "config.json").write_text(json.dumps({"model_type": "no-such"}), encoding="utf-8")
    with pytest.raises(UserError, match="cannot load"):
        hf_causal_lm(model=str(copied))
