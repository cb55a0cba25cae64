"""Reward models: frozen CLIPs that say how well a class fits a view.

    score[b, k] = sum_m weight_m max(0, 2.5 cos( text_m(class_k), image_m(view_b) ))        (B, K)

Source: Zhao et al. 2024, arXiv:2305.18010, section 3; the score is CLIPScore (Hessel et al. 2021, arXiv:2104.08718).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.methods.classification import Encoder, normalise
from zsbench.methods.classification._adaptation import clip_score
from zsbench.models import references


class Rewards:
    """One reward model, or several with weights.

    Parameters
    ----------
    reward : a model reference, or {reference: weight}.
    prompts : one text a class.
    encoder : of the model that learns; its counters go on and the reward models are noted there.
    """

    def __init__(self, reward: str | Mapping[str, float], prompts: Sequence[str], encoder: Encoder) -> None:
        self._weights = shares({reward: 1.0} if isinstance(reward, str) else reward)
        self._models = [references.image_text_encoder(name, "reward") for name in self._weights]
        self._classes, self._device = [], encoder.model.device
        for model in self._models:
            model.cost = encoder.model.cost
            self._classes.append(self._tensor(model.encode_texts(prompts)))
        each = zip(self._weights.items(), self._models, strict=True)
        encoder.note("reward models", [[Path(name).name, weight, model.fingerprint] for (name, weight), model in each])

    def images(self, items: Sequence[Any]) -> list[torch.Tensor]:
        """Return each model's features (B, width) of views."""
        opened = [item.open() for item in items]
        return [self._tensor(m.encode_images([m.prepare(image) for image in opened])) for m in self._models]

    def scores(self, images: Sequence[torch.Tensor], sampled: torch.Tensor) -> torch.Tensor:
        """Return the scores (B, K) of sampled classes (B, K)."""
        each = zip(self._weights.values(), images, self._classes, strict=True)
        return torch.stack([w * clip_score((x @ classes.T).gather(1, sampled)) for w, x, classes in each]).sum(0)

    def _tensor(self, rows: Any) -> torch.Tensor:
        return torch.from_numpy(normalise(rows, what="reward features")).to(self._device)


def shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights divided by their sum, to two places.

    Raises
    ------
    UserError
        No weight, or one that is not positive.
    """
    if not weights or min(weights.values()) <= 0:
        raise UserError("reward", f"weights {dict(weights)}", "at least one model, each with a positive weight")
    total = sum(weights.values())
    return {name: round(weight / total, 2) for name, weight in weights.items()}
