"""X-CLIP video-text models through transformers: hub ids and local folders.

The logits are those of the model's own forward pass; texts are encoded once and then seen in the light of each video.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Revision
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, torch
from zsbench.data.images.imagefiles import to_rgb
from zsbench.models import huggingface, runtime
from zsbench.models.capabilities import VideoTextScorer


@declare(offers=(VideoTextScorer,), files=runtime.folder_files)
def hf_xclip(*, model: ModelRef, revision: Revision | None = None, short_side: Count | None = None) -> HfXclip:
    """Load a model.

    Parameters
    ----------
    model : hub id (`microsoft/xclip-base-patch16-zero-shot`) or folder.
    revision : commit or tag on the hub.
    short_side : pixels of a frame's shorter side before the centre is cut out, for single views; null is what the
        checkpoint's processor does (224 of 224). The authors' code resizes to 256 for 224, 384 for 336.
    """
    options = (str(short_side),) if short_side else ()
    checkpoint = huggingface.load("AutoModel", model, revision=revision, image_processor=True, options=options)
    if not hasattr(checkpoint.model, "prompts_generator"):
        raise UserError(model, f"a {type(checkpoint.model).__name__}", "an X-CLIP model")
    size = int(checkpoint.model.config.vision_config.image_size)
    if short_side is not None and short_side < size:
        raise UserError(model, f"short_side: {short_side}", f"at least the {size} pixels that the model reads")
    return HfXclip(checkpoint, short_side)


class HfXclip(huggingface.Adapter):
    """A `VideoTextScorer` over `XCLIPModel`."""

    def __init__(self, checkpoint: huggingface.Checkpoint, short_side: int | None = None) -> None:
        super().__init__(checkpoint)
        self.single_view = short_side is not None
        self._resized = {} if short_side is None else {"size": {"shortest_edge": short_side}}
        self.n_frames = int(self._model.config.vision_config.num_frames)
        self._texts: dict[tuple[str, ...], torch.Tensor] = {}

    def prepare(self, image: Any) -> torch.Tensor:
        """Turn one frame into pixels (3, height, width) by the checkpoint's own processor."""
        made = self._image_processor([to_rgb(image)], return_tensors="pt", **self._resized)
        pixels: torch.Tensor = made["pixel_values"]
        return pixels.reshape(pixels.shape[-3:])

    def score_videos(self, videos: Sequence[Sequence[Any]], texts: Sequence[str]) -> FloatArray:
        """Return logits (n_videos, n_texts)."""
        with torch.inference_mode():
            text = self._text_features(tuple(texts))
            pixels = torch.stack([torch.stack(list(frames)) for frames in videos])
            video, regions = self._video_features(pixels.to(self.device, getattr(torch, self.dtype)))
            text = text.expand(len(videos), -1, -1)
            text = text + self._model.prompts_generator(text, regions)
            video, text = (torch.nn.functional.normalize(part.float(), dim=-1) for part in (video, text))
            cosines = torch.einsum("bd,bkd->bk", video, text)
            logits: FloatArray = (self._model.logit_scale.float().exp() * cosines).cpu().numpy()
        self.cost.images += pixels.shape[0] * pixels.shape[1]
        self.cost.forward_passes += 1
        return logits

    def _video_features(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return videos (n_videos, width) and their mean patch features (n_videos, n_patches, width)."""
        model, (n_videos, n_frames) = self._model, pixels.shape[:2]
        vision = model.vision_model(pixel_values=pixels.flatten(0, 1))
        frames = model.visual_projection(vision.pooler_output).view(n_videos, n_frames, -1)
        patches = model.prompts_visual_layernorm(vision.last_hidden_state[:, 1:]) @ model.prompts_visual_projection
        regions = patches.view(n_videos, n_frames, *patches.shape[1:]).mean(dim=1)
        return model.mit(frames).pooler_output, regions

    def _text_features(self, texts: tuple[str, ...]) -> torch.Tensor:
        """Return text features (n_texts, width), kept for the next call with the same texts."""
        if texts not in self._texts:
            tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(self.device)
            pooled = self._model.text_model(tokens["input_ids"], attention_mask=tokens["attention_mask"]).pooler_output
            self._texts = {texts: self._model.text_projection(pooled)}
            self.cost.tokens += int(tokens["attention_mask"].sum())
            self.cost.forward_passes += 1
        return self._texts[texts]
