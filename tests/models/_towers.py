"""Small untrained two-tower models, written to folders in the layouts that users have."""

import json

import numpy as np
import torch
from PIL import Image

TEXTS = [
    "a photo of a cat",
    "a photo of a dog",
    "a photo of a big red dog in the park",
    "a drawing of a cat",
    "cat",
    "",
    "a photo of a cat",
    "an image of " + "a very " * 40 + "long text",
]

VISION = {"image_size": 32, "layers": 2, "width": 32, "patch_size": 16, "head_width": 16}
TEXT = {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 3}

# name -> (configuration beside the two towers, the text tower's own keys)
OPEN_CLIP = {
    "clip": ({}, {}),
    "custom_text": ({"custom_text": True}, {}),
    "quick_gelu": ({"quick_gelu": True}, {}),
    "layer_scale": ({}, {"ls_init_value": 0.1, "proj_bias": True}),
    "eos": ({"custom_text": True}, {"pool_type": "eos", "eos_id": 49407}),
    "siglip": ({"custom_text": True, "init_logit_bias": -10}, {"pool_type": "last", "no_causal_mask": True}),
    "two_way": ({"custom_text": True}, {"no_causal_mask": True}),
    "other_blocks": ({"custom_text": True}, {"qk_norm": True}),
    "coca": (
        {
            "custom_text": True,
            "multimodal_cfg": {"context_length": 23, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
        },
        {"context_length": 23, "embed_cls": True, "output_tokens": True},
    ),
}


def open_clip_folder(path, name, seed=0):
    """Write an untrained open_clip model as a local-dir folder and return the folder."""
    import open_clip
    from safetensors.torch import save_file

    beside, own = OPEN_CLIP[name]
    vision = {**VISION, **({"attentional_pool": True, "output_tokens": True} if name == "coca" else {})}
    config = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": {**TEXT, **own}, **beside}
    torch.manual_seed(seed)
    kind = open_clip.CoCa if name == "coca" else open_clip.CustomTextCLIP if "custom_text" in beside else open_clip.CLIP
    model = kind(**{key: value for key, value in config.items() if key != "custom_text"})
    # Untrained biases and gains are all alike and would hide a path that forgets them.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
        model.logit_scale.fill_(3.0)
    path.mkdir(parents=True)
    save_file(
        {key: value.clone().contiguous() for key, value in model.state_dict().items()},
        path / "open_clip_model.safetensors",
    )
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "shortest"}
    (path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))
    return path


def images(n, seed=0):
    """Return `n` random RGB images of different sizes."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(33, 60, size=(n, 2))
    return [Image.fromarray(generator.integers(0, 256, (h, w, 3), dtype=np.uint8)) for h, w in sizes]
