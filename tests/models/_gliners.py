"""Tiny GLiNER checkpoints with random weights, as the package saves them: one of each architecture."""

import json

import torch

from tests.models import _tiny

WORDS = ["Ada", "Lovelace", "met", "Charles", "Babbage", "in", "London", "."]
LABELS = ["person", "city", "machine"]
ARCHITECTURES = {
    "uni-span": {},
    "uni-token": {"span_mode": "token_level"},
    "uni-token-spans": {"span_mode": "token_level", "represent_spans": True},
    "bi-span": {"labels_encoder": True},
    "bi-token": {"labels_encoder": True, "span_mode": "token_level"},
}
SHAPE = {"vocab_size": 400, **_tiny.SHAPE}


def saved(folder, architecture, **more):
    """Write a checkpoint and return its folder's name; `more` goes into its config."""
    import gliner

    words = folder / "words"
    tokenizer = _tiny.tokenizer(bos=False)
    tokenizer.unk_token = "<pad>"
    tokenizer.save_pretrained(words)
    more = ARCHITECTURES[architecture] | more
    config = {
        "model_name": str(words),
        "hidden_size": 16,
        "max_width": 3,
        "max_len": 12,
        "dropout": 0.0,
        "encoder_config": {"model_type": "bert", **SHAPE},
        **more,
    }
    if config.get("labels_encoder"):
        config["labels_encoder"] = str(words)
        config["labels_encoder_config"] = {"model_type": "bert", **SHAPE}
    torch.manual_seed(3 if more.get("represent_spans") else 0)
    model = gliner.GLiNER.from_config(config, backbone_from_pretrained=False)
    with torch.no_grad():
        for name, weight in model.model.named_parameters():
            if weight.dim() > 1:
                weight.normal_(0, 0.3 if "token_rep_layer" in name else 0.25)
    model.save_pretrained(folder / "model", safe_serialization=architecture != "bi-token")
    return str(folder / "model")


def changed(folder, **keys):
    """Overlay keys of a checkpoint's gliner_config.json."""
    path = folder / "gliner_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))
