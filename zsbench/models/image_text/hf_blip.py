"""BLIP with its image-text matching head through transformers: hub ids and local folders.

Two looks at a pair: cosine of the two projections (image and text alone), and the matching head, which reads the text
in the light of the image's patches. Missing weights are an error.

Source: Li et al. 2022, arXiv:2201.12086, section 3.2.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Natural, Revision
from zsbench.core.batching import map_by_length
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, torch
from zsbench.core.records import Cost
from zsbench.data.images.imagefiles import to_rgb
from zsbench.models import checkpoints, huggingface, passages, runtime
from zsbench.models.capabilities import ImageTextEncoder, ImageTextMatcher


@declare(offers=(ImageTextEncoder, ImageTextMatcher), files=runtime.folder_files)
def hf_blip(
    *, model: ModelRef, revision: Revision | None = None, max_tokens: Count = 35, matching_token: Natural | None = None
) -> HfBlip:
    """Load a `BlipForImageTextRetrieval`.

    Parameters
    ----------
    model : hub id (`Salesforce/blip-itm-base-coco`) or folder.
    revision : commit or tag on the hub.
    max_tokens : longer texts are cut, counted; 35 in BLIP's own evaluation.
    matching_token : id of the token that stands first when a text is read with an image: BLIP's evaluation puts
        [ENC] there (30523), transformers leaves [CLS].
    """
    return HfBlip(model, revision=revision, max_tokens=max_tokens, matching_token=matching_token)


class HfBlip:
    """An `ImageTextMatcher` over `BlipForImageTextRetrieval`."""

    def __init__(
        self, reference: str, *, revision: str | None = None, max_tokens: int = 35, matching_token: int | None = None
    ) -> None:
        self.cost = Cost()
        loaded = huggingface.load("BlipForImageTextRetrieval", reference, revision=revision)
        self.device, self.dtype = loaded.device, loaded.dtype
        self._model, self._tokenizer = loaded.model, loaded.tokenizer
        source = str(runtime.local_folder(reference) or reference)
        self._processor = checkpoints.reader("AutoImageProcessor", source, revision=revision)
        config = self._model.config
        self.max_tokens = passages.limit(
            self._tokenizer, self._model.text_encoder, config.text_config, max_tokens, option="max_tokens"
        )
        if matching_token is not None and not 0 <= matching_token < config.text_config.vocab_size:
            expected = f"an id below {config.text_config.vocab_size}"
            raise UserError(reference, f"matching_token {matching_token}", expected)
        self._matching_token = matching_token
        # The checkpoint keeps no temperature; this is what training starts from.
        self.logit_scale = math.exp(config.logit_scale_init_value)
        settings = {key: value for key, value in self._processor.to_dict().items() if value is not None}
        self.facts = {
            "logit_scale": self.logit_scale,
            "preprocessing": json.dumps(settings, sort_keys=True, default=str),
            "context_length": self.max_tokens,
            "matching_token": matching_token,
        }
        # The number stands for how this file computes features; raised when that moves them.
        identity = ["hf-blip", "1", loaded.fingerprint, json.dumps(self.facts, sort_keys=True)]
        self.fingerprint = runtime.fingerprint(identity, [])

    @property
    def module(self) -> Any:
        """The network, for modifiers."""
        return self._model

    def prepare(self, image: Any) -> torch.Tensor:
        """Turn a PIL image into pixels (3, height, width) by the checkpoint's own image processor."""
        pixels: torch.Tensor = self._processor(images=to_rgb(image), return_tensors="pt")["pixel_values"][0]
        return pixels

    def encode_images(self, prepared: Sequence[Any]) -> FloatArray:
        """Encode prepared images to (n_images, width), not normalised, float32."""
        with torch.inference_mode():
            features: FloatArray = self._model.vision_proj(self._patches(prepared)[:, 0]).float().cpu().numpy()
        return features

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts to (n_texts, width), not normalised, float32; batches of like length are formed in here."""
        rows = passages.encode(self._tokenizer, texts, self.max_tokens, self.cost)

        def encode(batch: Any) -> FloatArray:
            with torch.inference_mode():
                projected: FloatArray = self._model.text_proj(self._first_states(batch)).float().cpu().numpy()
            return projected

        features: FloatArray = passages.run(
            encode, self._tokenizer, rows, self.device, self.cost, config=self._model.config.text_config
        )
        return features

    def read_images(self, prepared: Sequence[Any]) -> list[Any]:
        """Return the patch states (n_patches + 1, width) of each prepared image, on the CPU."""
        with torch.inference_mode():
            return list(self._patches(prepared).cpu())

    def match(self, images: Sequence[Any], texts: Sequence[str]) -> FloatArray:
        """Return (n,) logits of "matching": image i, as `read_images` gave it, with text i."""
        rows = passages.encode(self._tokenizer, texts, self.max_tokens, self.cost)

        def score(part: Sequence[int]) -> FloatArray:
            batch = self._tokenizer.pad([rows[i] for i in part], padding_side="right", return_tensors="pt")
            batch = batch.to(self.device)
            if self._matching_token is not None:
                batch["input_ids"][:, 0] = self._matching_token
            self.cost.forward_passes += 1
            self.cost.tokens += int(batch["attention_mask"].sum())
            with torch.inference_mode():
                states = self._first_states(batch, torch.stack([images[i] for i in part]).to(self.device))
                matching: FloatArray = self._model.itm_head(states)[:, 1].float().cpu().numpy()
            return matching

        lengths = [len(row["input_ids"]) for row in rows]
        keys = [(id(image), *row["input_ids"]) for image, row in zip(images, rows, strict=True)]
        size = runtime.runtime_batch_size()
        logits: FloatArray = map_by_length(score, range(len(rows)), lengths, size, keys=keys)
        return logits

    def _patches(self, prepared: Sequence[Any]) -> torch.Tensor:
        """Return (n_images, n_patches + 1, width), the class token first."""
        pixels = torch.stack(list(prepared)).to(self.device, getattr(torch, self.dtype))
        self.cost.images += len(prepared)
        self.cost.forward_passes += 1
        states: torch.Tensor = self._model.vision_model(pixel_values=pixels).last_hidden_state
        return states

    def _first_states(self, batch: Any, patches: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states (n_texts, width) of the first tokens, read alone or with an image's patches each."""
        seen = {} if patches is None else {"encoder_hidden_states": patches}
        output = self._model.text_encoder(batch["input_ids"], attention_mask=batch["attention_mask"], **seen)
        states: torch.Tensor = output.last_hidden_state[:, 0]
        return states
