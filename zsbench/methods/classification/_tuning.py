"""What is learned for one image: a soft prompt, or the image network for a while; each with a fresh optimizer.

Shapes: C classes, B views.
Source: Shu et al. 2022, arXiv:2209.07511, section 3; Zhao et al. 2024, arXiv:2305.18010, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.core.yamlio import shown

if TYPE_CHECKING:
    Loss = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Steps:
    """How AdamW goes: number of steps, learning rate, weight decay."""

    n: int
    rate: float
    decay: float

    def take(self, parameters: Sequence[torch.Tensor], loss: Callable[[], torch.Tensor]) -> None:
        """Step on `parameters`, from a fresh optimizer state."""
        optimizer = torch.optim.AdamW(list(parameters), lr=self.rate, weight_decay=self.decay)
        for _ in range(self.n):
            # Only these gradients are wanted; backward() would fill those of every weight on the way.
            gradients = torch.autograd.grad(loss(), list(parameters), allow_unused=True)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
            optimizer.zero_grad()


class SoftPrompt:
    """Class prompts `<context> <name>.` whose context is learned, the same for all classes.

    Parameters
    ----------
    model : a `PromptTuner`.
    names : class names.
    context : words the context begins as.
    vectors : file of learned vectors (n_words, width) it begins as instead; as many as `context` has tokens.
    """

    def __init__(self, model: Any, names: Sequence[str], context: str, vectors: str | None = None) -> None:
        self._model = model
        _, (first, after) = model.token_embeddings(["", context])
        self._start, self._end = int(first), int(after)
        self._words, self._pooled = model.token_embeddings([f"{context} {name}." for name in names])
        self.initial: torch.Tensor = self._words[0, self._start : self._end]
        if vectors is not None:
            path = Path(vectors)
            held = arrays.read(path)
            learned = torch.from_numpy(arrays.rows(held, next(iter(held)), path)).to(self.initial)
            if learned.shape != self.initial.shape:
                wanted = f"{tuple(self.initial.shape)}, one vector a token of '{context}'"
                raise UserError(shown(path), f"vectors of shape {tuple(learned.shape)}", wanted)
            self.initial = learned

    def class_features(self, context: torch.Tensor) -> torch.Tensor:
        """Return text features (C, width) of length 1 for a context (n_words, width), with gradients."""
        contexts = context.expand(len(self._words), -1, -1)
        words = torch.cat([self._words[:, : self._start], contexts, self._words[:, self._end :]], dim=1)
        return torch.nn.functional.normalize(self._model.encode_embeddings(words, self._pooled), dim=-1)

    def tuned(self, images: torch.Tensor, logit_scale: float, loss: Loss, steps: Steps) -> torch.Tensor:
        """Return the context (n_words, width) after steps on a loss of logits (B, C) of images (B, width)."""
        context = self.initial.clone().requires_grad_()
        steps.take([context], lambda: loss(logit_scale * images @ self.class_features(context).T))
        return context.detach()


@contextmanager
def tuned_network(
    model: Any, prepared: Sequence[Any], classes: torch.Tensor, logit_scale: float, loss: Loss, steps: Steps
) -> Iterator[None]:
    """Change the image network by steps on a loss of the logits (B, C) of images, and put it back at the end."""
    parameters = list(model.image_network().parameters())
    before = [parameter.detach().clone() for parameter in parameters]

    def of_logits() -> torch.Tensor:
        features = torch.nn.functional.normalize(model.image_features(prepared), dim=-1)
        return loss(logit_scale * features @ classes.T)

    try:
        steps.take(parameters, of_logits)
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(parameters, before, strict=True):
                parameter.copy_(value)
