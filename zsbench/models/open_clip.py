"""CLIP-like models through open_clip: named weights, hub ids and local folders.

`model` is `ARCHITECTURE/PRETRAINED` (`ViT-B-32/openai`), `hf-hub:org/name`, or a folder in open_clip's local-dir
layout. Preprocessing, tokenizer and logit scale are the model's own. Weights that are not there are an error,
never random.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zsbench.components import model as declare
from zsbench.config import ModelRef
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.models import _common
from zsbench.models.capabilities import ImageTextEncoder
from zsbench.records import Cost

if TYPE_CHECKING:
    import torch

    from zsbench.models.capabilities import FloatArray
else:
    torch = lazy("torch")


@declare(offers=(ImageTextEncoder,), files=_common.folder_files)
def open_clip(*, model: ModelRef) -> OpenClip:
    """Load a CLIP-like model.

    Parameters
    ----------
    model : `ARCHITECTURE/PRETRAINED`, `hf-hub:org/name`, or a local-dir folder.
    """
    return OpenClip(model)


class OpenClip:
    """An `ImageTextEncoder` over an open_clip model."""

    def __init__(self, reference: str) -> None:
        self.device, self.dtype = _common.runtime_device(), _common.runtime_dtype()
        self.cost = Cost()
        folder = _common.local_folder(reference)
        self._model, self._preprocess, self._tokenizer = _load(
            reference, str(folder) if folder else None, self.device, self.dtype
        )
        self.logit_scale = float(self._model.logit_scale.detach().float().exp())
        identity = ["open-clip", str(self._preprocess), self.dtype]
        self.fingerprint = (
            _common.fingerprint(identity, _common.folder_files({"model": str(folder)}))
            if folder
            else _common.fingerprint_weights([*identity, reference], self._model)
        )

    def prepare(self, image: Any) -> torch.Tensor:
        """Return the pixels (3, height, width) the image tower takes."""
        pixels: torch.Tensor = self._preprocess(image.convert("RGB"))
        return pixels

    def encode_images(self, prepared: Sequence[torch.Tensor]) -> FloatArray:
        """Encode prepared images to (n_images, width), not normalised, float32."""
        with torch.inference_mode():
            pixels = torch.stack(list(prepared)).to(self.device, getattr(torch, self.dtype))
            features = self._model.encode_image(pixels)
        self.cost.images += len(prepared)
        self.cost.forward_passes += 1
        return _numpy(features)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts to (n_texts, width), not normalised, float32."""
        tokens = self._tokenizer(list(texts))
        with torch.inference_mode():
            features = self._model.encode_text(tokens.to(self.device))
        self.cost.tokens += int((tokens != 0).sum())
        self.cost.forward_passes += 1
        return _numpy(features)


def _numpy(features: torch.Tensor) -> FloatArray:
    array: FloatArray = features.float().cpu().numpy()
    return array


def _load(reference: str, folder: str | None, device: str, dtype: str) -> tuple[Any, Any, Any]:
    """Return model, evaluation preprocessing and tokenizer; a missing checkpoint is a `UserError`."""
    import open_clip

    logging.getLogger("open_clip").setLevel(logging.ERROR)
    name, pretrained = (f"local-dir:{folder}" if folder else reference), None
    if not folder and not reference.startswith(("hf-hub:", "local-dir:")):
        name, _, pretrained = reference.partition("/")
        _check_named(name, pretrained, open_clip.list_pretrained_tags_by_model(name), open_clip.list_models())
    try:
        loaded, _, preprocess = open_clip.create_model_and_transforms(
            name, pretrained=pretrained, device=device, require_pretrained=True
        )
        tokenizer = open_clip.get_tokenizer(name)
    except Exception as error:
        # open_clip, safetensors, tokenizers and the hub client share no exception type; all mean the same here.
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise UserError(reference, f"open_clip cannot load this checkpoint ({reason})") from error
    return loaded.to(getattr(torch, dtype)).eval(), preprocess, tokenizer


def _check_named(name: str, tag: str | None, tags: list[str], names: list[str]) -> None:
    from zsbench.errors import did_you_mean

    if name not in names:
        raise UserError(name, f"open_clip has no architecture '{name}'", "", did_you_mean(name, names))
    if tag not in tags:
        hint = did_you_mean(tag or "", tags) or f"weights of {name}: {', '.join(tags) or 'none'}"
        raise UserError(f"{name}/{tag}", f"open_clip has no weights '{tag}' for {name}", "", hint)
