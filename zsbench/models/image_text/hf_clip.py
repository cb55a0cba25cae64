"""CLIP, SigLIP, ALIGN and their kin through transformers: hub ids and local folders.

Preprocessing, tokenizer, padding and logit scale are the checkpoint's own; SigLIP's logit bias is recorded. Missing
weights are an error.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import AnyText, LocalPath, ModelRef, Revision
from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.core.records import Cost
from zsbench.data.images.imagefiles import to_rgb
from zsbench.models import checkpoints, runtime
from zsbench.models.capabilities import ImageTextEncoder, PromptTuner
from zsbench.models.image_text import _two_towers
from zsbench.models.image_text._hf_clip_text import HfClipText, pooled_output
from zsbench.models.image_text._prompts import PrefixMode
from zsbench.models.image_text._two_towers import TwoTowers


@declare(offers=(ImageTextEncoder, PromptTuner), files=_two_towers.files)
@companions(("prefix_mode", "prefix"))
def hf_clip(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    prefix: LocalPath | None = None,
    prefix_mode: PrefixMode = "caption",
    text_prefix: AnyText = "",
    channels_last: bool = False,
    compile: bool = False,
) -> HfClip:
    """Load a model with `get_image_features` and `get_text_features`.

    Parameters
    ----------
    model : hub id, or folder with config.json, weights, preprocessor and tokenizer files.
    revision : commit or tag on the hub.
    prefix : learned word embeddings put before every text: .npy (vectors, width), or .npz/.safetensors with arrays
        `caption` and `label`.
    prefix_mode : which of those two.
    text_prefix : text put before every text, such as the special token of a training source.
    channels_last : memory layout of the image network; faster for convolutions.
    compile : compile the image network with torch.compile.
    """
    adapter = HfClip(model, revision=revision, channels_last=channels_last, compiled=compile)
    adapter.condition(prefix, prefix_mode, text_prefix)
    return adapter


class HfClip(TwoTowers):
    """An `ImageTextEncoder` and `PromptTuner` over a transformers model of two towers."""

    _text: HfClipText

    def __init__(
        self, reference: str, *, revision: str | None = None, channels_last: bool = False, compiled: bool = False
    ) -> None:
        self.device, self.dtype = runtime.runtime_device(), runtime.runtime_dtype()
        self.cost = Cost()
        folder = runtime.local_folder(reference)
        if folder is None:
            runtime.require_offline_ok(reference)
        self._model, self._processor, tokenizer = _load(str(folder or reference), self.dtype, revision)
        self._model.to(self.device).eval()
        self._text = HfClipText(self._model, tokenizer, self.device)
        self.logit_scale = _logit_scale(self._model)
        self._describe(self._model, _described(self._processor))
        self.facts |= {"lower_case": True} if self._text.lower_case else {}
        # The number stands for how this file computes features; raised when that moves them.
        identity = ["hf-clip", "1", self.dtype, revision or "", *(["lower case"] if self._text.lower_case else [])]
        self.fingerprint = (
            runtime.fingerprint(identity, runtime.folder_files({"model": str(folder)}))
            if folder
            else runtime.fingerprint_weights([*identity, reference, self.facts["preprocessing"]], self._model)
        )
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self._model.vision_model.to(memory_format=self._format)
        encode = self._model.get_image_features
        self._encode_image = torch.compile(encode) if compiled else encode
        if channels_last or compiled:
            self._identify(f"channels_last={channels_last}", f"compiled={compiled}")

    def prepare(self, image: Any) -> dict[str, torch.Tensor]:
        """Turn a PIL image into the network's inputs by the checkpoint's own image processor."""
        inputs = self._processor(images=to_rgb(image), return_tensors="pt")
        return {name: tensor[0] for name, tensor in inputs.items()}

    def image_network(self) -> torch.nn.Module:
        """Return the image network, whose weights a rule may change for a while."""
        parts = (getattr(self._model, name, None) for name in ("vision_model", "visual_projection"))
        return torch.nn.ModuleList([part for part in parts if part is not None])

    def image_features(self, prepared: Sequence[Any]) -> torch.Tensor:
        """Encode prepared images to (n_images, width), not normalised, float32, with gradients."""
        inputs = {name: torch.stack([image[name] for image in prepared]).to(self.device) for name in prepared[0]}
        pixels = inputs["pixel_values"].to(getattr(torch, self.dtype))
        # Models for images of any shape take rows of patches, which have no memory format.
        inputs["pixel_values"] = pixels.contiguous(memory_format=self._format) if pixels.ndim == 4 else pixels
        self.cost.images += len(prepared)
        self.cost.forward_passes += 1
        return pooled_output(self._encode_image(**inputs)).float()


def _logit_scale(model: Any) -> float:
    """Return the factor on cosines; ALIGN divides by a temperature where the others multiply by exp(logit_scale)."""
    if hasattr(model, "logit_scale"):
        return float(model.logit_scale.detach().float().exp())
    return 1 / float(model.temperature.detach().float())


def _described(processor: Any) -> str:
    """Return an image processor's settings in one line."""
    settings = {key: value for key, value in processor.to_dict().items() if value is not None}
    return json.dumps(settings, sort_keys=True, default=str)


def _load(reference: str, dtype: str, revision: str | None) -> tuple[Any, Any, Any]:
    """Return model, image processor and tokenizer."""
    model = checkpoints.network("AutoModel", reference, revision=revision, how={"dtype": getattr(torch, dtype)})
    processor = checkpoints.reader("AutoProcessor", reference, revision=revision)
    lacking = [name for name in ("get_image_features", "get_text_features") if not hasattr(model, name)]
    if lacking or not hasattr(processor, "tokenizer"):
        found = f"a {type(model).__name__} without {' and '.join(lacking) or 'a tokenizer'}"
        raise UserError(reference, found, "a model of images and texts, with preprocessor and tokenizer files")
    return model, processor.image_processor, processor.tokenizer
