"""CLIP-like models through open_clip: named weights, hub ids and local folders.

`model` is `ARCHITECTURE/PRETRAINED` (`ViT-B-32/openai`), `hf-hub:org/name`, a folder in open_clip's local-dir layout,
or an architecture alone with a file of `weights`. Preprocessing, tokenizer and logit scale are the model's own. Weights
that are not there are an error, never random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import AnyText, LocalPath, ModelRef
from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.core.records import Cost
from zsbench.data.images.imagefiles import to_rgb
from zsbench.models import checkpoints, runtime
from zsbench.models.capabilities import ImageTextEncoder, PromptTuner
from zsbench.models.image_text import _two_towers
from zsbench.models.image_text._open_clip_text import OpenClipText
from zsbench.models.image_text._prompts import PrefixMode
from zsbench.models.image_text._two_towers import TwoTowers

# open_clip's own names: half-precision weights, layer norms in float32.
_PRECISION = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}


@declare(offers=(ImageTextEncoder, PromptTuner), files=_two_towers.files)
@companions(("prefix_mode", "prefix"))
def open_clip(
    *,
    model: ModelRef,
    weights: LocalPath | None = None,
    prefix: LocalPath | None = None,
    prefix_mode: PrefixMode = "caption",
    text_prefix: AnyText = "",
    channels_last: bool = False,
    compile: bool = False,
) -> OpenClip:
    """Load a CLIP-like model.

    Parameters
    ----------
    model : `ARCHITECTURE/PRETRAINED`, `hf-hub:org/name`, a local-dir folder, or `ARCHITECTURE` with `weights`.
    weights : state dict of that architecture, safetensors or a torch file (read as weights only, never as code).
    prefix : learned word embeddings put before every text: .npy (vectors, width), or .npz/.safetensors with arrays
        `caption` and `label`.
    prefix_mode : which of those two.
    text_prefix : text put before every text, such as the special token of a training source.
    channels_last : memory layout of the image network; faster for convolutions.
    compile : compile the image network with torch.compile.
    """
    adapter = OpenClip(model, weights=weights, channels_last=channels_last, compiled=compile)
    adapter.condition(prefix, prefix_mode, text_prefix)
    return adapter


class OpenClip(TwoTowers):
    """An `ImageTextEncoder` and `PromptTuner` over an open_clip model."""

    def __init__(
        self, reference: str, *, weights: str | None = None, channels_last: bool = False, compiled: bool = False
    ) -> None:
        self.device, self.dtype = runtime.runtime_device(), runtime.runtime_dtype()
        self.cost = Cost()
        folder = None if weights else runtime.local_folder(reference)
        self._model, self._preprocess, tokenizer = _load(
            reference, str(folder) if folder else None, weights, self.device, self.dtype
        )
        self._text = OpenClipText(self._model, tokenizer, self.device)
        self.logit_scale = float(self._model.logit_scale.detach().float().exp())
        self._describe(self._model, " ".join(str(self._preprocess).split()))
        # The number stands for how this file computes features; raised when that moves them.
        identity = ["open-clip", "2", str(self._preprocess), self.dtype]
        self.fingerprint = (
            runtime.fingerprint(identity, runtime.folder_files({"model": str(folder)}))
            if folder
            else runtime.fingerprint_weights([*identity, reference], self._model)
        )
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self._model.visual.to(memory_format=self._format)
        self._encode_image = torch.compile(self._model.encode_image) if compiled else self._model.encode_image
        if channels_last or compiled:
            self._identify(f"channels_last={channels_last}", f"compiled={compiled}")

    def prepare(self, image: Any) -> torch.Tensor:
        """Turn a PIL image into the network's input (3, height, width) by the model's own preprocessing."""
        pixels: torch.Tensor = self._preprocess(to_rgb(image))
        return pixels

    def image_network(self) -> torch.nn.Module:
        """Return the image network, whose weights a rule may change for a while."""
        network: torch.nn.Module = self._model.visual
        return network

    def image_features(self, prepared: Sequence[Any]) -> torch.Tensor:
        """Encode prepared images to (n_images, width), not normalised, float32, with gradients."""
        pixels = torch.stack(list(prepared)).to(self.device, getattr(torch, self.dtype), memory_format=self._format)
        self.cost.images += len(prepared)
        self.cost.forward_passes += 1
        features: torch.Tensor = self._encode_image(pixels)
        return features.float()


def _load(reference: str, folder: str | None, weights: str | None, device: str, dtype: str) -> tuple[Any, Any, Any]:
    """Return model, evaluation preprocessing and tokenizer; a missing checkpoint is a `UserError`."""
    import open_clip

    name, pretrained, quick_gelu = (f"local-dir:{folder}" if folder else reference), None, False
    if weights:
        _check_named(reference, "", [""], open_clip.list_models())
        pretrained = weights
    elif not folder and not reference.startswith(("hf-hub:", "local-dir:")):
        name, _, pretrained = reference.partition("/")
        _check_named(name, pretrained, open_clip.list_pretrained_tags_by_model(name), open_clip.list_models())
        # Some weights (OpenAI's, DFN's, MetaCLIP's) were trained with QuickGELU; open_clip only warns about another.
        quick_gelu = bool(open_clip.get_pretrained_cfg(name, pretrained).get("quick_gelu"))
    where = weights or reference
    loaded, preprocess = checkpoints.open_clip_network(
        name,
        weights=pretrained,
        device=device,
        precision=_PRECISION[dtype],
        quick_gelu=quick_gelu,
        where=where,
    )
    return loaded.eval(), preprocess, checkpoints.open_clip_tokenizer(name, where=where)


def _check_named(name: str, tag: str | None, tags: list[str], names: list[str]) -> None:
    from zsbench.core.errors import did_you_mean

    if name not in names:
        raise UserError(name, f"open_clip has no architecture '{name}'", "", did_you_mean(name, names))
    if tag not in tags:
        hint = did_you_mean(tag or "", tags) or f"weights of {name}: {', '.join(tags) or 'none'}"
        raise UserError(f"{name}/{tag}", f"open_clip has no weights '{tag}' for {name}", "", hint)
