"""Prefix conditioning: no prefix is plain CLIP, a prefix shifts the words and the place that is read, long texts are cut."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.close import assert_rows_close
from tests.models._towers import TEXTS, hf_folder, images, open_clip_folder
from tests.reference._golden import GOLDEN
from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.engine import local
from zsbench.models.image_text._prompts import Layout, Prefix
from zsbench.models.image_text.hf_clip import hf_clip
from zsbench.models.image_text.open_clip import open_clip
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

GLYPHS = str(ASSETS / "models" / "clip-glyphs")
TINY_CLIP = GOLDEN / "clip" / "tiny_clip"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Adapters of every kind of text tower, as functions of their options."""
    root = tmp_path_factory.mktemp("towers")
    found = {name: (open_clip, open_clip_folder(root / name, name)) for name in ("clip", "siglip", "coca")}
    found["glyphs"] = (open_clip, GLYPHS)
    found["hf-siglip"] = (hf_clip, hf_folder(root / "hf-siglip", "siglip"))
    if TINY_CLIP.is_dir():
        found["hf-clip"] = (hf_clip, TINY_CLIP)
    return {
        name: lambda _load=load, _folder=str(folder), **how: _load(model=_folder, **how)
        for name, (load, folder) in found.items()
    }


NAMES = ["clip", "siglip", "coca", "glyphs", "hf-siglip", "hf-clip"]


def adapter(models, name, **how):
    if name not in models:
        pytest.skip("no tiny CLIP in this folder")
    return models[name](**how)


def prefix_file(path, model, n, seed=0):
    width = model._text._embedding.embedding_dim
    np.save(path, np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32))
    return str(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_prefix_of_length_zero_is_plain_clip_exactly(models, name, tmp_path):
    plain = adapter(models, name)
    empty = adapter(models, name, prefix=prefix_file(tmp_path / "p.npy", plain, 0))
    assert (empty.encode_texts(TEXTS) == plain.encode_texts(TEXTS)).all()
    assert empty.fingerprint == plain.fingerprint
    assert empty.cost.truncated_items == plain.cost.truncated_items


@pytest.mark.parametrize("name", NAMES)
def test_the_image_side_knows_no_prefix(models, name, tmp_path):
    plain = adapter(models, name)
    prefixed = adapter(models, name, prefix=prefix_file(tmp_path / "p.npy", plain, 2))
    prepared = [plain.prepare(image) for image in images(2)]
    assert (plain.encode_images(prepared) == prefixed.encode_images(prepared)).all()
    assert np.abs(plain.encode_texts(TEXTS) - prefixed.encode_texts(TEXTS)).max() > 1e-3


def by_hand(model, words, positions):
    """CLIP's text tower written out: causal attention over word embeddings, read at the last one."""
    net = model._model
    x = words + net.positional_embedding[:positions]
    mask = torch.full((positions, positions), float("-inf")).triu_(1)
    for block in net.transformer.resblocks:
        x = block(x[None], attn_mask=mask)[0]
    return net.ln_final(x)[-1] @ net.text_projection


@pytest.mark.parametrize("name", ["clip", "glyphs"])
@pytest.mark.parametrize("n", [1, 3])
def test_the_prefix_stands_after_bos_and_the_end_is_read_further_on(models, name, n, tmp_path):
    plain = adapter(models, name)
    file = prefix_file(tmp_path / "p.npy", plain, n)
    prefixed = adapter(models, name, prefix=file)
    text, table = "a photo of a red circle", plain._model.token_embedding
    row = plain._text._tokenize([text], plain._text.context)[0]
    end = int(row.argmax())
    start = plain._text._layout.start
    assert start == (name == "clip")
    with torch.inference_mode():
        words = table(row[: end + 1])
        longer = torch.cat([words[:start], torch.from_numpy(np.load(file)), words[start:]])
        assert_rows_close(plain.encode_texts([text])[0], by_hand(plain, words, end + 1), share=1e-5)
        assert_rows_close(prefixed.encode_texts([text])[0], by_hand(plain, longer, end + 1 + n), share=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_no_longer_fits_is_cut_and_counted(models, name, tmp_path):
    plain = adapter(models, name)
    room = plain._text.context - plain._text._layout.start - 1
    fits, too_long = "red " * (room - 2), "red " * (room - 1)
    if name == "hf-clip":  # its tokenizer makes several tokens of a word: find lengths that just fit
        count = lambda text: int(plain._text._layout.lengths(plain._text._tokenize([text], 24))[0])  # noqa: E731
        fits = max(("a " * k for k in range(1, 24)), key=lambda text: count(text) if count(text) <= 22 else 0)
        too_long = fits + "a"
    prefixed = adapter(models, name, prefix=prefix_file(tmp_path / "p.npy", plain, 2))
    prefixed.encode_texts([fits, "red"])
    assert prefixed.cost.truncated_items == 0
    cut = prefixed.encode_texts([too_long])
    assert prefixed.cost.truncated_items == 1
    # What is cut is the last word; the end of the text stays.
    assert_rows_close(cut, prefixed.encode_texts([fits]), share=1e-5)


@given(st.integers(0, 4), st.lists(st.lists(st.integers(3, 20), max_size=10), min_size=1, max_size=4), st.booleans())
@settings(max_examples=100)
def test_rows_keep_begin_end_and_order(n, texts, begins):
    """Against a row built by hand: [BOS] prefix words [EOS], cut before the end mark."""
    context, begin, end, pad = 10, 1, 2, 0
    layout = Layout(start=int(begins), end=end, pad=pad, word=3)
    room = context - 1 - int(begins)

    def row(words, size):
        line = [begin] * begins + words[: max(0, size - 1 - int(begins))] + [end]
        return line + [pad] * (size - len(line))

    ids = torch.tensor([row(words, context) for words in texts])
    prefix = Prefix(torch.zeros(n, 4), torch.nn.Embedding(21, 4))
    found, cut = prefix.insert(ids, layout)
    own = [21 + i for i in range(n)]
    want = [row(own + words[:room], context) if n else row(words, context) for words in texts]
    assert found.tolist() == want
    assert cut == (sum(len(words[:room]) + n > room for words in texts) if n else 0)
    assert (prefix.stand_ins(found, layout) < 21).all()


def test_modes_are_arrays_of_one_file(models, tmp_path):
    plain = adapter(models, "glyphs")
    rng, width = np.random.default_rng(0), plain._text._embedding.embedding_dim
    vectors = {mode: rng.normal(size=(1, width)).astype(np.float32) for mode in ("caption", "label")}
    np.savez(tmp_path / "p.npz", **vectors)
    np.save(tmp_path / "caption.npy", vectors["caption"][0])
    texts = ["a photo of a circle"]
    caption, label, default = (
        adapter(models, "glyphs", prefix=str(tmp_path / "p.npz"), **how).encode_texts(texts)
        for how in ({"prefix_mode": "caption"}, {"prefix_mode": "label"}, {})
    )
    assert (caption == default).all()
    assert np.abs(caption - label).max() > 1e-3
    # One vector may be written without its first dimension.
    alone = adapter(models, "glyphs", prefix=str(tmp_path / "caption.npy"))
    assert (alone.encode_texts(texts) == caption).all()
    assert alone.facts["prefix_length"] == 1


def test_a_special_token_is_text_put_in_front(models):
    plain, prefixed = adapter(models, "glyphs"), adapter(models, "glyphs", text_prefix="red ")
    assert (prefixed.encode_texts(["circle"]) == plain.encode_texts(["red circle"])).all()
    assert prefixed.fingerprint != plain.fingerprint


def test_mistakes_name_the_file(models, tmp_path):
    width = adapter(models, "glyphs")._text._embedding.embedding_dim
    for array, message in (
        (np.zeros((1, width + 1)), rf"p.npy: float64 of shape \(1, {width + 1}\); expected .*\(vectors, {width}\)"),
        (np.zeros((20, width)), "p.npy: 20 vectors; expected at most 12"),
        (np.full((1, width), np.nan), "p.npy: a vector is not finite"),
    ):
        np.save(tmp_path / "p.npy", array)
        with pytest.raises(UserError, match=message):
            adapter(models, "glyphs", prefix=str(tmp_path / "p.npy"))
    np.savez(tmp_path / "p.npz", caption=np.zeros((1, width)))
    with pytest.raises(UserError, match=r"p\.npz: no array 'label'"):
        adapter(models, "glyphs", prefix=str(tmp_path / "p.npz"), prefix_mode="label")


def test_both_modes_of_one_checkpoint_stand_side_by_side(tmp_path):
    made = planning.make("papers/prefix-conditioning", Choices(embedded=True, settings={"limit": 30, "resamples": 100}))
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    results = [o.result for o in local.run(made, options, lambda *_: None, lambda _: None)]
    rows = {(r["task"], r["model"]): r for r in results}
    assert {model for _, model in rows} == {"clip-glyphs", "caption-prefix", "label-prefix"}
    facts = rows["glyphs", "label-prefix"]["notes"]["model"]
    assert (facts["prefix_mode"], facts["prefix_length"]) == ("label", 1)
    assert len({r["model_fingerprint"] for r in results}) == 3
