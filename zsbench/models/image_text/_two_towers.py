"""What adapters of image-text models share: a text side, an image network, facts and a fingerprint of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.lazy import FloatArray, torch
from zsbench.core.records import Cost
from zsbench.models import runtime
from zsbench.models.image_text._prompts import PrefixMode
from zsbench.models.image_text._text_side import TextSide


def files(options: dict[str, Any]) -> list[str]:
    """Return the local files behind an adapter's `model:`, `weights:` and `prefix:`."""
    named = [options[key] for key in ("weights", "prefix") if options.get(key)]
    return [*runtime.folder_files(options), *named]


class TwoTowers(runtime.Network):
    """An `ImageTextEncoder` and `PromptTuner`; an adapter adds `prepare`, `image_network` and `image_features`."""

    fingerprint: str
    image_fingerprint: str
    """The identity of the image features alone."""
    facts: dict[str, Any]
    logit_scale: float
    logit_bias: float | None = None
    """What a model trained with a sigmoid (SigLIP) adds to its logits."""
    cost: Cost
    _text: TextSide

    def condition(self, prefix: str | None, mode: PrefixMode, text_prefix: str) -> None:
        """Put learned word embeddings (a file) and a text in front of every text; images are encoded as before."""
        self.image_fingerprint = self.fingerprint
        if text_prefix:
            self._text.put_before(text_prefix)
            self._identify("text_prefix", text_prefix)
            self.facts["text_prefix"] = text_prefix
        if prefix is not None:
            vectors = self._text.put_prefix(prefix, mode)
            self.facts |= {"prefix_length": len(vectors), "prefix_mode": mode}
            if len(vectors):
                self._identify("prefix", vectors.tobytes().hex())

    def encode_images(self, prepared: Sequence[Any]) -> FloatArray:
        """Encode prepared images to (n_images, width), not normalised, float32."""
        with torch.inference_mode():
            features: FloatArray = self.image_features(prepared).cpu().numpy()
        return features

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts to (n_texts, width), not normalised, float32; batches of like length are formed in here."""
        return self._text.encode(texts, self.cost)

    def token_embeddings(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return word embeddings (n_texts, context, width) and the pooled position of each text (n_texts,)."""
        return self._text.token_embeddings(texts, self.cost)

    def encode_embeddings(self, embeddings: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        """Encode word embeddings to text features (n_texts, width), not normalised, float32, with gradients."""
        return self._text.encode_embeddings(embeddings, pooled, self.cost)

    def image_features(self, prepared: Sequence[Any]) -> torch.Tensor:
        """Encode prepared images to (n_images, width), not normalised, float32, with gradients."""
        raise NotImplementedError

    def _identify(self, *parts: str) -> None:
        """Make the fingerprint that of a model which differs in `parts`."""
        self.fingerprint = runtime.fingerprint([self.fingerprint, *parts], [])

    def _describe(self, model: Any, preprocessing: str) -> None:
        """Record what a reader needs to reproduce the features and the logits."""
        facts = {"logit_scale": self.logit_scale, "preprocessing": preprocessing, "context_length": self._text.context}
        facts["parameters"] = sum(parameter.numel() for parameter in model.parameters())
        bias = getattr(model, "logit_bias", None)
        self.logit_bias = None if bias is None else float(bias.detach().float())
        self.facts = facts if bias is None else {**facts, "logit_bias": self.logit_bias}
