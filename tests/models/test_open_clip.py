"""The open_clip adapter: short passes equal whole ones, prefixes stand where they belong, batches change nothing."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.close import assert_rows_close
from tests.models._towers import OPEN_CLIP, TEXTS, bert_clip_folder, images, open_clip_folder
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError
from zsbench.models import runtime
from zsbench.models.image_text.open_clip import open_clip

GLYPHS = str(ASSETS / "models" / "clip-glyphs")
SHORT = {"clip", "custom_text", "quick_gelu", "layer_scale", "eos"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("open_clip")
    found = {name: str(open_clip_folder(root / name, name)) for name in OPEN_CLIP}
    return found | {"bert": str(bert_clip_folder(root / "bert"))}


def whole(adapter, texts):
    """The features of the model's own forward pass over full rows."""
    with torch.inference_mode():
        return adapter._model.encode_text(adapter._text._tokenize(list(texts), adapter._text.context)).numpy()


@pytest.mark.parametrize("name", [*OPEN_CLIP, "bert"])
def test_text_features_equal_the_models_own_pass(folders, name):
    adapter = open_clip(model=folders[name])
    assert_rows_close(adapter.encode_texts(TEXTS), whole(adapter, TEXTS))
    assert (adapter._text._tower is not None) == (name in SHORT)


def test_text_features_of_the_embedded_model_equal_its_own_pass():
    adapter = open_clip(model=GLYPHS)
    texts = [
        f"{a} {b} {c}" for a in ("a photo of a", "this is a", "") for b in ("red", "blue") for c in ("circle", "gear")
    ]
    assert adapter._text._tower is not None
    assert_rows_close(adapter.encode_texts(texts), whole(adapter, texts))


def test_prompts_that_begin_alike_share_their_states(folders):
    from zsbench.models.image_text._text_tower import _tree

    ids = np.array([[1, 2, 3, 9], [1, 2, 4, 9], [1, 5, 9, 0]])
    index, representative = _tree(ids, np.array([4, 4, 3]))
    assert len(representative) == 8
    assert index[0, 1] == index[1, 1] != index[2, 1]
    assert (ids.flat[representative[index[0]]] == ids[0]).all()


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(codec="ascii"), max_size=60), min_size=1, max_size=6), st.integers(20, 200))
def test_any_texts_in_any_batches_give_what_one_text_alone_gives(texts, budget):
    from zsbench.models.image_text import _prompts

    adapter = _shared_adapter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_prompts, "budget_for", lambda _device: budget)
        together = adapter.encode_texts(texts)
    alone = np.concatenate([adapter.encode_texts([text]) for text in texts])
    assert_rows_close(together, alone)
    assert_rows_close(together, whole(adapter, texts))


@functools.cache
def _shared_adapter():
    with tempfile.TemporaryDirectory() as folder:
        return open_clip(model=str(open_clip_folder(Path(folder) / "clip", "clip")))


@settings(max_examples=10)
@given(st.integers(1, 6), st.integers(0, 100))
def test_a_batch_of_one_image_gives_what_any_batch_gives(n, seed):
    adapter = _shared_adapter()
    prepared = [adapter.prepare(image) for image in images(n, seed)]
    together = adapter.encode_images(prepared)
    alone = np.concatenate([adapter.encode_images([one]) for one in prepared])
    assert together.dtype == np.float32
    assert_rows_close(together, alone)


def test_images_of_any_mode_are_prepared_as_rgb(folders):
    adapter = open_clip(model=folders["clip"])
    [image] = images(1)
    shapes = {tuple(adapter.prepare(image.convert(mode)).shape) for mode in ("RGB", "L", "P", "RGBA", "1", "CMYK")}
    assert shapes == {(3, 32, 32)}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("model", ["clip", "siglip", "glyphs"])
def test_half_precision_gives_float32_features_near_the_exact_ones(folders, dtype, model, monkeypatch):
    folder = GLYPHS if model == "glyphs" else folders[model]
    exact = open_clip(model=folder)
    monkeypatch.setitem(runtime._RUNTIME, "dtype", dtype)
    half = open_clip(model=folder)
    prepared = [half.prepare(image) for image in images(3)]
    for got, want in (
        (half.encode_images(prepared), exact.encode_images(prepared)),
        (half.encode_texts(TEXTS), exact.encode_texts(TEXTS)),
    ):
        assert got.dtype == np.float32
        cosine = (got * want).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
        assert cosine.min() > 0.999
    assert half.fingerprint != exact.fingerprint


def test_memory_layout_changes_the_fingerprint_but_not_the_features(folders):
    plain, other = open_clip(model=folders["clip"]), open_clip(model=folders["clip"], channels_last=True)
    prepared = [plain.prepare(image) for image in images(2)]
    assert_rows_close(plain.encode_images(prepared), other.encode_images(prepared))
    assert plain.fingerprint != other.fingerprint


def test_compiling_goes_through_torch_compile(folders, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda function: compiled.append(function) or function)
    adapter = open_clip(model=folders["clip"], compile=True)
    adapter.encode_images([adapter.prepare(image) for image in images(1)])
    assert len(compiled) == 1
    assert adapter.fingerprint != open_clip(model=folders["clip"]).fingerprint


def test_facts_name_what_logits_depend_on(folders):
    facts = open_clip(model=folders["siglip"]).facts
    assert facts["logit_scale"] == pytest.approx(np.exp(3.0), rel=1e-5)
    assert facts["logit_bias"] == pytest.approx(-10, abs=0.3)
    assert facts["context_length"] == 24
    assert "Resize" in facts["preprocessing"]


def test_texts_that_lose_words_are_counted(folders):
    adapter = open_clip(model=folders["clip"])
    # 22 words fill the row exactly, 23 do not fit.
    adapter.encode_texts(["cat " * 22, "cat " * 21])
    assert adapter.cost.truncated_items == 0
    adapter.encode_texts(["cat " * 23, "cat"])
    assert adapter.cost.truncated_items == 1


@pytest.mark.parametrize("name", ["clip", "two_way", "siglip"])
def test_a_prefix_stands_after_the_first_mark_and_the_end_is_read_further_on(folders, tmp_path, name):
    vectors = np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
    np.save(tmp_path / "prefix.npy", vectors)
    plain, adapter = open_clip(model=folders[name]), open_clip(model=folders[name], prefix=str(tmp_path / "prefix.npy"))
    text = "a photo of a cat"
    model, ids = plain._model, plain._text._tokenize([text], 24)
    moved = torch.cat([ids[:, :1], torch.full((1, 3), 320), ids[:, 1:]], dim=1)[:, :24]
    words = plain._text._embedding(moved)
    words[0, 1:4] = torch.from_numpy(vectors)
    handle = plain._text._embedding.register_forward_hook(lambda *_: words)
    with torch.inference_mode():
        want = model.encode_text(moved).numpy()
    handle.remove()
    assert_rows_close(adapter.encode_texts([text]), want)
    assert not np.allclose(adapter.encode_texts([text]), plain.encode_texts([text]), atol=1e-3)
    assert adapter.fingerprint != plain.fingerprint


def test_a_class_token_behind_the_words_leaves_no_room_for_a_prefix():
    from zsbench.models.image_text._prompts import Layout, truncated

    def tokenize(texts, context=8):
        rows = [[1, *range(10, 10 + min(len(text.split()), context - 3)), 2] for text in texts]
        return torch.tensor([row + [0] * (context - 1 - len(row)) + [3] for row in rows])

    layout = Layout.of(tokenize)
    assert layout.tail
    assert not Layout(1, 2, 0, 10).tail
    texts = ["a b", "a b c d e", "a b c d e f"]
    assert truncated(tokenize(texts), layout, lambda rows: tokenize([texts[row] for row in rows], 9)) == 1


def test_a_prompt_can_be_learned_where_the_end_of_the_text_is_read(folders):
    adapter = open_clip(model=folders["clip"])
    embeddings, pooled = adapter.token_embeddings(TEXTS[:3])
    embeddings = embeddings.requires_grad_()
    features = adapter.encode_embeddings(embeddings, pooled)
    assert_rows_close(features.detach().numpy(), adapter.encode_texts(TEXTS[:3]))
    features.sum().backward()
    used = torch.arange(24) <= pooled[:, None]
    assert (embeddings.grad[used].abs().sum(-1) > 0).all()
    assert (embeddings.grad[~used] == 0).all()


@pytest.mark.parametrize("name", ["siglip", "coca", "bert"])
def test_a_prompt_cannot_be_learned_elsewhere(folders, name):
    with pytest.raises(UserError, match="end-of-text"):
        open_clip(model=folders[name]).token_embeddings(["a"])


def test_image_features_carry_gradients_to_the_network(folders):
    adapter = open_clip(model=folders["clip"])
    prepared = [adapter.prepare(image) for image in images(2)]
    features = adapter.image_features(prepared)
    assert_rows_close(features.detach().numpy(), adapter.encode_images(prepared))
    features.sum().backward()
    assert all(p.grad is not None for p in adapter.image_network().parameters())


def test_missing_weights_are_an_error(folders, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = open_clip_folder(tmp_path / "m", "clip")
    weights = load_file(copy / "open_clip_model.safetensors")
    weights.pop("visual.conv1.weight")
    save_file(weights, copy / "open_clip_model.safetensors")
    with pytest.raises(UserError, match="cannot load"):
        open_clip(model=str(copy))
    (copy / "open_clip_model.safetensors").unlink()
    with pytest.raises(UserError, match="cannot load"):
        open_clip(model=str(copy))


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_file_of_weights_for_a_named_architecture(tmp_path, suffix):
    import open_clip as library
    from safetensors.torch import save_model

    name = "RN50-quickgelu"
    torch.manual_seed(0)
    reference = library.create_model(name).eval()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pt":
        torch.save(reference.state_dict(), path)
    else:
        save_model(reference, str(path))
    adapter = open_clip(model=name, weights=str(path))
    texts = ["a photo of a cat", "two dogs"]
    with torch.inference_mode():
        expected = reference.encode_text(library.get_tokenizer(name)(texts)).numpy()
    assert_rows_close(adapter.encode_texts(texts), expected)
    with pytest.raises(UserError, match=r"no architecture 'RN50-quikgelu'.*RN50-quickgelu"):
        open_clip(model="RN50-quikgelu", weights=str(path))
    path.write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"cannot load this checkpoint|not a file of weights"):
        open_clip(model=name, weights=str(path))


@pytest.mark.parametrize(("tag", "quick"), [("openai", True), ("laion2b_s34b_b79k", False)])
def test_weights_trained_with_quick_gelu_get_it(monkeypatch, tag, quick):
    import open_clip as library

    asked = {}

    def create(name, **options):
        asked.update(options, name=name)
        raise OSError("no network")

    monkeypatch.setattr(library, "create_model_and_transforms", create)
    with pytest.raises(UserError, match="no network"):
        open_clip(model=f"ViT-B-32/{tag}")
    assert asked["force_quick_gelu"] is quick
    assert asked["require_pretrained"]
