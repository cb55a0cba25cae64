"""The transformers adapter: CLIP, SigLIP and ALIGN give what their own forward passes give, alone or in batches."""

import functools
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.close import assert_rows_close
from tests.conftest import GOLDEN
from tests.models._towers import TEXTS, hf_folder, images
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError
from zsbench.models import runtime
from zsbench.models.image_text.hf_clip import hf_clip

CLIP = str(GOLDEN / "clip" / "tiny_clip")
KINDS = ("clip", "siglip", "siglip2", "align")

pytestmark = pytest.mark.skipif(not (GOLDEN / "clip" / "tiny_clip").is_dir(), reason="no tiny CLIP in this folder")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("hf")
    return {"clip": CLIP, **{kind: str(hf_folder(root / kind, kind)) for kind in KINDS[1:]}}


def whole(adapter, texts, context):
    """The features of the model's own pass over full rows, with a mask where the model was trained with one."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(adapter._model.name_or_path, padding_side="right")
    tokens = tokenizer(list(texts), padding="max_length", truncation=True, max_length=context, return_tensors="pt")
    names = ["input_ids"] if "siglip" in adapter._model.config.model_type else ["input_ids", "attention_mask"]
    with torch.inference_mode():
        found = adapter._model.get_text_features(**{name: tokens[name] for name in names})
    return getattr(found, "pooler_output", found).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_text_features_equal_the_models_own_pass(folders, kind):
    adapter = hf_clip(model=folders[kind])
    want = whole(adapter, TEXTS, adapter.facts["context_length"])
    assert_rows_close(adapter.encode_texts(TEXTS), want)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_one_gives_what_any_batch_gives(folders, kind):
    adapter = hf_clip(model=folders[kind])
    prepared = [adapter.prepare(image) for image in images(5)]
    alone = np.concatenate([adapter.encode_images([one]) for one in prepared])
    together = adapter.encode_images(prepared)
    assert together.dtype == np.float32
    assert_rows_close(together, alone)
    alone = np.concatenate([adapter.encode_texts([text]) for text in TEXTS])
    assert_rows_close(adapter.encode_texts(TEXTS), alone)


@settings(max_examples=20)
@given(st.lists(st.text(st.characters(codec="ascii"), max_size=40), min_size=1, max_size=6), st.integers(20, 100))
def test_any_texts_in_any_batches_give_what_one_text_alone_gives(texts, budget):
    from zsbench.models.image_text import _prompts

    adapter = _clip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_prompts, "budget_for", lambda _device: budget)
        together = adapter.encode_texts(texts)
    assert_rows_close(together, np.concatenate([adapter.encode_texts([t]) for t in texts]))


@functools.cache
def _clip():
    return hf_clip(model=CLIP)


def test_images_of_any_mode_are_prepared_as_rgb(folders):
    adapter = hf_clip(model=folders["clip"])
    [image] = images(1)
    shapes = {tuple(adapter.prepare(image.convert(mode))["pixel_values"].shape) for mode in ("RGB", "L", "P", "RGBA")}
    assert shapes == {(3, 32, 32)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_gives_float32_features_near_the_exact_ones(folders, kind, dtype, monkeypatch):
    exact = hf_clip(model=folders[kind])
    monkeypatch.setitem(runtime._RUNTIME, "dtype", dtype)
    half = hf_clip(model=folders[kind])
    prepared = [half.prepare(image) for image in images(3)]
    for got, want in (
        (half.encode_images(prepared), exact.encode_images(prepared)),
        (half.encode_texts(TEXTS), exact.encode_texts(TEXTS)),
    ):
        assert got.dtype == np.float32
        cosine = (got * want).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
        assert cosine.min() > 0.99
    assert half.fingerprint != exact.fingerprint


def test_facts_name_what_logits_depend_on(folders):
    siglip, align = hf_clip(model=folders["siglip"]), hf_clip(model=folders["align"])
    assert siglip.facts["logit_bias"] == pytest.approx(siglip._model.logit_bias.item())
    assert "logit_bias" not in align.facts
    assert align.logit_scale == pytest.approx(1 / align._model.temperature.item())
    assert "image_mean" in align.facts["preprocessing"]
    assert siglip.facts["context_length"] == 16


def test_texts_that_lose_words_are_counted(folders):
    adapter = hf_clip(model=folders["siglip"])
    adapter.encode_texts(["cat " * 15, "cat"])
    assert adapter.cost.truncated_items == 0
    adapter.encode_texts(["cat " * 16, "cat"])
    assert adapter.cost.truncated_items == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_prefix_is_read_before_the_words(folders, kind, tmp_path):
    plain = hf_clip(model=folders[kind])
    vectors = np.random.default_rng(0).normal(size=(2, plain._text._embedding.embedding_dim)).astype(np.float32)
    np.savez(tmp_path / "prefix.npz", caption=vectors, label=-vectors)
    caption, label = (
        hf_clip(model=folders[kind], prefix=str(tmp_path / "prefix.npz"), prefix_mode=mode)
        for mode in ("caption", "label")
    )
    features = [adapter.encode_texts(["a photo of a cat"]) for adapter in (plain, caption, label)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(features[one] - features[other]).max() > 1e-3
    assert len({adapter.fingerprint for adapter in (plain, caption, label)}) == 3
    # A prefix made of the word embeddings of "a photo" is the text "a photo" put in front.
    word = plain._text._embedding.weight.detach().numpy()
    start = plain._text._layout.start
    ids = plain._text._tokenize(["a photo"], plain.facts["context_length"])[0].tolist()
    end = ids.index(plain._text._layout.end)
    np.save(tmp_path / "words.npy", word[ids[start:end]])
    spelled = hf_clip(model=folders[kind], prefix=str(tmp_path / "words.npy"))
    if kind != "siglip2":  # its tokenizer joins words across the seam
        assert_rows_close(spelled.encode_texts(["of a cat"]), plain.encode_texts(["a photo of a cat"]), share=1e-5)


def test_a_prompt_can_be_learned_for_clip(folders):
    adapter = hf_clip(model=folders["clip"])
    embeddings, pooled = adapter.token_embeddings(TEXTS[:3])
    embeddings = embeddings.clone().requires_grad_()
    features = adapter.encode_embeddings(embeddings, pooled)
    assert_rows_close(features.detach().numpy(), adapter.encode_texts(TEXTS[:3]))
    features.sum().backward()
    used = torch.arange(embeddings.shape[1]) <= pooled[:, None]
    assert (embeddings.grad[used].abs().sum(-1) > 0).all()
    assert (embeddings.grad[~used] == 0).all()
    with pytest.raises(UserError, match="end-of-text"):
        hf_clip(model=folders["siglip"]).token_embeddings(["a"])


def test_image_features_carry_gradients_to_the_network(folders):
    adapter = hf_clip(model=folders["clip"])
    prepared = [adapter.prepare(image) for image in images(2)]
    adapter.image_features(prepared).sum().backward()
    assert all(p.grad is not None for name, p in adapter.image_network().named_parameters() if "post" not in name)


def test_a_folder_that_is_no_two_tower_model_is_refused(folders, tmp_path):
    from safetensors.torch import load_file, save_file

    with pytest.raises(UserError, match="without get_image_features and get_text_features"):
        hf_clip(model=str(ASSETS / "models" / "lm-synonyms"))
    copy = hf_folder(tmp_path / "m", "siglip")
    weights = load_file(copy / "model.safetensors")
    weights.pop("vision_model.post_layernorm.weight")
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match="lacks weights"):
        hf_clip(model=str(copy))


def test_the_hub_is_not_asked_while_offline():
    with pytest.raises(UserError, match="not on this machine"):
        hf_clip(model="openai/clip-vit-base-patch32")


def test_facts_can_be_written_as_json(folders):
    for kind in KINDS:
        json.dumps(hf_clip(model=folders[kind]).facts, allow_nan=False)


@pytest.mark.parametrize(
    ("said", "lower"), [({}, False), ({"do_lower_case": True}, True), ({"tokenizer_class": "GemmaTokenizer"}, True)]
)
def test_texts_of_siglip_2_are_in_lower_case(tmp_path, monkeypatch, said, lower):
    from zsbench.models import checkpoints

    folder = hf_folder(tmp_path / "m", "siglip")
    read = checkpoints.reader

    def reader(*arguments, **options):
        processor = read(*arguments, **options)
        processor.tokenizer.init_kwargs |= said
        return processor

    monkeypatch.setattr(checkpoints, "reader", reader)
    adapter = hf_clip(model=str(folder))
    alike = np.array_equal(adapter.encode_texts(["a photo of a CAT"]), adapter.encode_texts(["a photo of a cat"]))
    assert alike is lower
    assert adapter.facts.get("lower_case", False) is lower
