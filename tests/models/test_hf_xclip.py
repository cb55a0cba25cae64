"""The X-CLIP adapter gives the logits of the model's own forward pass, in any batch."""

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from tests.reference._golden import GOLDEN
from zsbench.errors import UserError
from zsbench.models.hf_xclip import HfXclip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tokenizer = transformers.AutoTokenizer.from_pretrained(next((GOLDEN / "icr").glob("tiny-*")))
    tokenizer.pad_token = tokenizer.eos_token
    text = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = text | {"image_size": 16, "patch_size": 8, "num_frames": 4, "mit_hidden_size": 16}
    vision |= {"mit_intermediate_size": 24, "mit_num_hidden_layers": 1, "mit_num_attention_heads": 2}
    text |= {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "max_position_embeddings": 77}
    config = transformers.XCLIPConfig(
        text_config=text, vision_config=vision, projection_dim=16, prompt_layers=1, prompt_num_attention_heads=2
    )
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("xclip")
    transformers.XCLIPModel(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    transformers.VideoMAEImageProcessor(
        size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}
    ).save_pretrained(path)
    return path


def videos(n, n_frames=4):
    rng = np.random.default_rng(3)
    return [
        [Image.fromarray(rng.integers(0, 255, (20, 24, 3), dtype=np.uint8)) for _ in range(n_frames)] for _ in range(n)
    ]


def test_logits_equal_the_models_forward_pass(folder):
    adapter, texts = HfXclip(str(folder)), ["running", "jumping over a fence", "cooking"]
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
        HfXclip(str(next((GOLDEN / "clip").glob("tiny_clip"))))
