"""The BLIP adapter equals transformers' own forward pass, in both of its looks, in any batch; itm-rerank end to end."""

import json
from functools import cache

import numpy as np
import pytest
import torch
import transformers

from tests.close import assert_rows_close
from tests.models._towers import blip_folder, images
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.engine import local
from zsbench.methods.classification import normalise
from zsbench.methods.image_text.itm_rerank import itm_rerank, reranked
from zsbench.models import runtime
from zsbench.models.image_text.hf_blip import hf_blip
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

WORDS = "a photo of the small large red blue digit letter one two three heart star moon on background this is drawing"
TEXTS = ["a photo of a red heart", "star", "a photo of a large blue moon on the red background", "", "unheard of words"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return blip_folder(tmp_path_factory.mktemp("blip"), WORDS.split())


@pytest.fixture(scope="module")
def library(folder):
    """transformers' own forward pass of one image and one text: (cosine, matching logit)."""
    model = transformers.BlipForImageTextRetrieval.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    processor = transformers.AutoImageProcessor.from_pretrained(folder)

    def forward(image, text, first=None):
        inputs = tokenizer(text, return_tensors="pt")
        ids = inputs["input_ids"].clone()
        if first is not None:
            ids[:, 0] = first
        pixels = processor(images=image, return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            cosine = model(inputs["input_ids"], pixels, use_itm_head=False, attention_mask=inputs["attention_mask"])
            matched = model(ids, pixels, attention_mask=inputs["attention_mask"])
        return float(cosine.itm_score), float(matched.itm_score[0, 1])

    return forward


@pytest.mark.parametrize("token", [None, 3])
def test_both_looks_equal_the_librarys_forward_pass(folder, library, token):
    adapter, pictures = hf_blip(model=str(folder), matching_token=token), images(3)
    prepared = [adapter.prepare(picture) for picture in pictures]
    cosines = normalise(adapter.encode_images(prepared)) @ normalise(adapter.encode_texts(TEXTS)).T
    seen = adapter.read_images(prepared)
    pairs = [(i, t) for i in range(3) for t in range(len(TEXTS))]
    logits = adapter.match([seen[i] for i, _ in pairs], [TEXTS[t] for _, t in pairs])
    expected = np.array([library(pictures[i], TEXTS[t], token) for i, t in pairs])
    assert_rows_close(cosines.ravel(), expected[:, 0])
    np.testing.assert_allclose(logits, expected[:, 1], atol=1e-4)
    assert adapter.cost.images == 6


def test_a_pair_alone_scores_like_a_pair_among_others(folder):
    adapter = hf_blip(model=str(folder))
    seen = adapter.read_images([adapter.prepare(picture) for picture in images(2)])
    both = [seen[0], seen[1], seen[0]]
    together = adapter.match(both, TEXTS[:3])
    alone = np.concatenate([adapter.match([own], [text]) for own, text in zip(both, TEXTS[:3], strict=True)])
    assert_rows_close(together, alone)
    runtime.configure(device="auto", dtype="float32", threads=None, batch_size=2)
    try:
        assert_rows_close(adapter.match(both, TEXTS[:3]), together)
    finally:
        runtime.configure(device="auto", dtype="float32", threads=None)


def test_long_texts_are_cut_and_counted_and_what_moves_a_score_is_in_the_fingerprint(folder):
    adapter = hf_blip(model=str(folder), max_tokens=5)
    cut = adapter.encode_texts(["a photo of a heart", "star"])
    assert adapter.cost.truncated_items == 1
    assert_rows_close(cut[0], adapter.encode_texts(["a photo of"])[0])
    prints = {hf_blip(model=str(folder), **own).fingerprint for own in ({}, {"max_tokens": 5}, {"matching_token": 3})}
    assert len(prints) == 3
    with pytest.raises(UserError, match="matching_token 99999"):
        hf_blip(model=str(folder), matching_token=99999)
    (folder / "preprocessor_config.json").rename(folder / "kept")
    try:
        with pytest.raises(UserError, match="image processor"):
            hf_blip(model=str(folder))
    finally:
        (folder / "kept").rename(folder / "preprocessor_config.json")


class Matcher:
    """Counts what is asked of it; a pair's logit is 10 x image + text."""

    def __init__(self):
        self.read, self.pairs = 0, []

    def prepare(self, image):
        return image

    def read_images(self, prepared):
        self.read += len(prepared)
        return list(prepared)

    def match(self, images, texts):
        self.pairs += zip(images, texts, strict=True)
        return np.array([10.0 * i + float(t) for i, t in zip(images, texts, strict=True)])


class Encoder:
    """Random features of numbered texts and images."""

    def __init__(self, n_texts, n_images):
        rng = np.random.default_rng(0)
        self.features = [normalise(rng.normal(size=(n, 6))) for n in (n_texts, n_images)]
        self.model = Matcher()

    def texts(self, texts):
        return self.features[0]

    def images(self, items):
        return self.features[1]


class Picture(int):
    def open(self):
        return int(self)


@pytest.mark.parametrize("keep", [0, 3, 100])
def test_the_best_k_are_scored_again_and_the_rest_keep_their_order_below(keep):
    encoder, n_texts, n_images, k = Encoder(9, 7), 9, 7, 4
    scores = itm_rerank(k=k, keep=keep)(
        encoder, [str(t) for t in range(n_texts)], [Picture(i) for i in range(n_images)]
    )
    texts, gallery = np.arange(n_texts), np.arange(1, n_images)
    cosines = (encoder.features[0] @ encoder.features[1].T)[:, gallery]
    for direction, found in (
        ("text", scores.images_for(texts, gallery)),
        ("image", scores.texts_for(gallery, texts)),
    ):
        own = cosines if direction == "text" else cosines.T
        logit = 10.0 * gallery[None] + texts[:, None] if direction == "text" else 10.0 * gallery[:, None] + texts[None]
        for row, seen, extra in zip(own, found, logit, strict=True):
            best = np.argsort(-row)[:k]
            rest = np.setdiff1d(np.arange(len(row)), best)
            assert_rows_close(seen[best], row[best] + extra[best])
            assert seen[rest].max() < seen[best].min()
            assert (np.argsort(-seen[rest]) == np.argsort(-row[rest])).all()
    assert len(encoder.model.pairs) == k * (n_texts + len(gallery))
    assert encoder.model.read == {0: 12, 3: 9, 100: 6}[keep]


def test_a_small_gallery_is_scored_whole():
    found = reranked(np.zeros((2, 3), np.float32), 128, lambda rows, columns: rows * 10.0 + columns)
    assert found.tolist() == [[0, 1, 2], [10, 11, 12]]


def test_a_run_ranks_as_the_librarys_two_looks_do(folder, library, tmp_path):
    import pyarrow.parquet as pq

    choices = Choices(
        (f"hf-blip:{folder}",), ("dual-encoder", "itm-rerank"), {"limit": 6, "resamples": 100}, ("method.k=3",)
    )
    with pytest.raises(UserError, match="k"):
        planning.make("glyph-captions", choices)  # dual-encoder has no k
    choices = Choices((f"hf-blip:{folder}",), ("itm-rerank",), {"limit": 5, "resamples": 100}, ("method.k=3",))
    made = planning.make("glyph-captions", choices)
    [outcome] = local.run(made, Options(tmp_path / "out", Cache(tmp_path / "cache")), lambda *_: None, lambda _: None)
    assert outcome.error is None
    json.dumps(outcome.result, allow_nan=False)
    data = made.jobs[0].build_task().load(limit=5, seed=0)
    pairs = data.context
    pictures = {item.id: item.open() for item in pairs.items}
    caption = dict(zip(pairs.ids["text"], pairs.captions, strict=True))

    @cache
    def look(image, text):
        return library(pictures[image].convert("RGB"), caption[text])

    rows = pq.read_table(next((tmp_path / "out").rglob("00000.parquet"))).to_pylist()
    for row in rows:
        by_text = "#" in row["id"]
        looks = {other: look(other, row["id"]) if by_text else look(row["id"], other) for other in row["found"]}
        best = sorted(looks, key=lambda other: -looks[other][0])[:3]
        for other, score in list(zip(row["found"], row["scores"], strict=True))[:3]:
            assert other in best
            assert score == pytest.approx(sum(looks[other]), abs=1e-4)
        assert [looks[other][0] for other in row["found"][3:]] == sorted(
            (looks[other][0] for other in row["found"][3:]), reverse=True
        )


def test_a_model_without_a_matching_head_is_refused():
    with pytest.raises(UserError, match=r"itm-rerank.*needs ImageTextMatcher, which model 'clip-glyphs' lacks"):
        planning.make("glyph-captions", Choices(("clip-glyphs",), ("itm-rerank",)))
