"""The X-CLIP adapter gives the logits of the model's own forward pass, in any batch."""

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from tests.models._towers import xclip_folder
from tests.reference._golden import GOLDEN
from zsbench.core.errors import UserError
from zsbench.models.video.hf_xclip import hf_xclip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return xclip_folder(tmp_path_factory.mktemp("xclip"), next((GOLDEN / "icr").glob("tiny-*")))


def videos(n, n_frames=4):
    rng = np.random.default_rng(3)
    return [
        [Image.fromarray(rng.integers(0, 255, (20, 24, 3), dtype=np.uint8)) for _ in range(n_frames)] for _ in range(n)
    ]


def test_logits_equal_the_models_forward_pass(folder):
    adapter, texts = hf_xclip(model=str(folder)), ["running", "jumping over a fence", "cooking"]
    prepared = [[adapter.prepare(frame) for frame in video] for video in videos(3)]
    found = adapter.score_videos(prepared, texts)
    model = transformers.XCLIPModel.from_pretrained(folder).eval()
    tokens = adapter._tokenizer(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        pixels = torch.stack([torch.stack(video) for video in prepared])
        inputs = {"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"]}
        expected = model(pixel_values=pixels, **inputs).logits_per_video.numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    one_by_one = np.concatenate([adapter.score_videos([video], texts) for video in prepared])
    np.testing.assert_allclose(one_by_one, found, atol=1e-4)
    assert adapter.n_frames == 4


def test_another_model_is_refused():
    with pytest.raises(UserError, match="an X-CLIP model"):
        hf_xclip(model=str(next((GOLDEN / "clip").glob("tiny_clip"))))


def test_a_single_view_is_the_centre_of_a_larger_frame(folder):
    own = hf_xclip(model=str(folder))
    size = own._model.config.vision_config.image_size
    larger = hf_xclip(model=str(folder), short_side=2 * size)
    # Twice as high and twice as long as the crop: only the middle quarter is seen, which is white.
    pixels = np.zeros((4 * size, 4 * size, 3), np.uint8)
    pixels[size : 3 * size, size : 3 * size] = 255
    seen = larger.prepare(Image.fromarray(pixels))
    assert seen.shape == own.prepare(Image.fromarray(pixels)).shape == (3, size, size)
    assert float(seen[:, 1:-1, 1:-1].std(dim=(1, 2)).max()) < 1e-6
    assert larger.fingerprint != own.fingerprint
    with pytest.raises(UserError, match=f"at least the {size} pixels"):
        hf_xclip(model=str(folder), short_side=size - 1)
