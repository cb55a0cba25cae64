"""Adapting a model to one image: its random views, which of them to trust, and losses on their logits.

Shapes: V views, C classes, B kept views, K sampled classes a view.
Source: Shu et al. 2022, arXiv:2209.07511 (TPT), section 3; Zhao et al. 2024, arXiv:2305.18010 (RLCF), section 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.methods.classification._augment import views

if TYPE_CHECKING:
    from PIL.Image import Image

# Area of a random crop, as a part of the image's: the default of the field's RandomResizedCrop.
SCALE = (0.08, 1.0)


def entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return the entropy (V,) in nats of the softmax of logits (V, C)."""
    log_probabilities = logits.log_softmax(dim=-1)
    return -(log_probabilities.exp() * log_probabilities).sum(dim=-1)


def confident(logits: torch.Tensor, keep: float) -> torch.Tensor:
    """Return the numbers (B,) of the views of lowest entropy, ascending: B = int(V * keep), at least 1."""
    n = max(1, int(len(logits) * keep))
    return entropy(logits).argsort(stable=True)[:n]


def mean_entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return TPT's loss: the entropy in nats of the mean of the softmax over views, of logits (B, C)."""
    mean = logits.log_softmax(dim=-1).logsumexp(dim=0) - math.log(len(logits))
    mean = mean.clamp(min=torch.finfo(mean.dtype).min)
    return -(mean * mean.exp()).sum(dim=-1)


def clip_score(cosines: torch.Tensor) -> torch.Tensor:
    """Return max(0, 2.5 cos), elementwise."""
    return (2.5 * cosines).clamp(min=0)


def advantages(scores: torch.Tensor, *, amplify: bool = False, process_batch: bool = False) -> torch.Tensor:
    """Return rewards (B, K): CLIP scores (B, K) less their mean over the K samples of a view.

    `amplify` also divides by the unbiased standard deviation + 1e-5; `process_batch` takes mean and deviation over
    all B * K samples.
    """
    flat = scores.reshape(1, -1) if process_batch else scores
    centred = flat - flat.mean(dim=-1, keepdim=True)
    if amplify:
        centred = centred / (flat.std(dim=-1, keepdim=True) + 1e-5)
    return centred.reshape(scores.shape)


def policy_loss(logits: torch.Tensor, sampled: torch.Tensor, rewards: torch.Tensor) -> torch.Tensor:
    """Return RLCF's loss: mean over B * K of reward * cross-entropy of logits (B, C) with sampled classes (B, K)."""
    losses = -logits.log_softmax(dim=-1).gather(1, sampled)
    return (rewards.detach() * losses).mean()


@dataclass(frozen=True)
class Once:
    """An image item that is read and decoded once, however many views look at it."""

    item: Any

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.item.id)

    @cached_property
    def _digest(self) -> str:
        return str(self.item.digest())

    @cached_property
    def _image(self) -> Image:
        image: Image = self.item.open()
        return image

    def digest(self) -> str:
        """Return the item's digest."""
        return self._digest

    def open(self) -> Image:
        """Return the decoded image, RGB."""
        return self._image


def augmented(item: Any, n: int) -> list[Any]:
    """Return `n` items: the image itself and `n - 1` random views, which depend on the image's id only."""
    once = Once(item)
    return [once, *views(once, n - 1, SCALE)]


def require_float32(model: Any, rule: str) -> None:
    """Refuse half precision, in which the steps are too small to survive.

    Raises
    ------
    UserError
        The model computes in another precision.
    """
    if model.dtype != "float32":
        raise UserError("--dtype", f"{rule} learns in float32, the model computes in {model.dtype}", "float32")
