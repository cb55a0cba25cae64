"""A linear head taught by images and by the prompts of its classes at once, from the zero-shot weights on.

    loss = mean over both batches of -log softmax( s x . W^T )_y          x of length 1, s = exp(4.60517)

AdamW; each step has one batch of images and one of prompts. Source: Lin et al. 2023, arXiv:2301.06267, as set in
Parashar et al. 2024, arXiv:2401.12425, section 4, and shubhamprshr27/NeglectedTailsVLM (`clip_cross_modal.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from zsbench.core.lazy import FloatArray, IntArray, np, torch

LOGIT_SCALE = math.exp(4.60517)
RATE, DECAY, BETAS = 1e-4, 0.01, (0.9, 0.999)
FIRST_RATE, WARM_UP = 1e-5, 50


def rate(step: int, steps: int) -> float:
    """Return the learning rate of a step, counted from 0, of `steps`.

    The first has a rate of its own; the ramp that follows counts from 0 and so falls below it at first. From step 50
    the rate falls along a cosine that would reach 0 only 50 steps after the last one.

    Examples
    --------
    >>> [round(rate(t, 1200) / 1e-6, 6) for t in (0, 1, 2, 50)]
    [10.0, 2.0, 4.0, 100.0]
    """
    if step == 0:
        return FIRST_RATE
    if step < WARM_UP:
        return RATE * step / WARM_UP
    return RATE * (1 + math.cos(math.pi * (step - WARM_UP) / steps)) / 2


class Head:
    """Class weights (n_classes, width) under training.

    Parameters
    ----------
    start : (n_classes, width) zero-shot weights.
    steps : how many steps there will be, which the learning rate hangs on.
    """

    def __init__(self, start: FloatArray, steps: int) -> None:
        self._weights = torch.tensor(np.asarray(start, dtype=np.float32), requires_grad=True)
        self._optimizer = torch.optim.AdamW([self._weights], lr=RATE, weight_decay=DECAY, betas=BETAS)
        self._step, self._steps = 0, steps

    @property
    def weights(self) -> FloatArray:
        """The weights as they are now."""
        return np.array(self._weights.detach().numpy())

    def step(self, features: FloatArray, labels: IntArray) -> float:
        """Take one step on features (n, width) of length 1 with their labels (n,), and return the loss before it."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate(self._step, self._steps)
        logits = LOGIT_SCALE * (torch.from_numpy(features) @ self._weights.T)
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._step += 1
        return float(loss.detach())


def batches(n: int, size: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Yield numbers (size,) of n examples without end: shuffled every round, what is left of a round dropped."""
    while True:
        order = rng.permutation(n)
        for start in range(0, n - size + 1, size):
            yield order[start : start + size]


def trained(
    start: FloatArray,
    images: tuple[Any, IntArray],
    texts: tuple[Any, IntArray],
    *,
    sizes: tuple[int, int],
    steps: int,
    seed: int,
) -> FloatArray:
    """Return the weights (n_classes, width) after training.

    Parameters
    ----------
    start : (n_classes, width).
    images, texts : features (n, width) of length 1 and labels (n,), at least a batch of each.
    sizes : images and texts of a batch.
    """
    head = Head(start, steps)
    streams = [
        batches(len(labels), size, np.random.default_rng([seed, number]))
        for number, ((_, labels), size) in enumerate(zip((images, texts), sizes, strict=True))
    ]
    for _ in range(steps):
        rows = [next(stream) for stream in streams]
        features = np.concatenate([of[chosen] for (of, _), chosen in zip((images, texts), rows, strict=True)])
        head.step(features, np.concatenate([of[chosen] for (_, of), chosen in zip((images, texts), rows, strict=True)]))
    return head.weights
