"""From what a model says about single passages to scores and an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zsbench.errors import RunError
from zsbench.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")


def log_probability(logits: Any) -> NDArray[np.float64]:
    """Return (n,) log probabilities of the first of two words from their logits (n, 2).

    log softmax(a, b)[0] = -log(1 + exp(b - a)): it neither rounds to 1 nor overflows.
    """
    values = np.asarray(logits, dtype=np.float64)
    return np.asarray(-np.logaddexp(0.0, values[:, 1] - values[:, 0]))


def best_first(scores: Any) -> list[int]:
    """Return the numbers of (n,) scores from the highest to the lowest; ties keep the first-stage order.

    Raises
    ------
    RunError
        A score is NaN or infinite.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(values).all():
        raise RunError("", "scores are NaN or infinite", "another dtype (float32 or bfloat16)")
    return [int(i) for i in np.argsort(-values, kind="stable")]
