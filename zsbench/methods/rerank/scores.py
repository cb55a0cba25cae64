"""From what a model says about single passages to scores and an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.errors import RunError
from zsbench.core.lazy import DoubleArray, np
from zsbench.methods.rerank import Order


def log_probability(logits: Any) -> DoubleArray:
    """Return (n,) log probabilities of the first of two words from their logits (n, 2).

    log softmax(a, b)[0] = -log(1 + exp(b - a)): it neither rounds to 1 nor overflows.
    """
    values = np.asarray(logits, dtype=np.float64)
    return np.asarray(-np.logaddexp(0.0, values[:, 1] - values[:, 0]))


def best_first(scores: Any, of: Sequence[int] | None = None) -> Order:
    """Return candidates from the highest to the lowest of their (n,) scores; ties keep the order they are given in.

    Parameters
    ----------
    scores : finite numbers.
    of : the candidates behind them; their numbers from 0 when left out.

    Raises
    ------
    RunError
        A score is NaN or infinite.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(values).all():
        raise RunError("", "scores are NaN or infinite", "another dtype (float32 or bfloat16)")
    numbers = range(len(values)) if of is None else of
    order = Order(numbers[int(i)] for i in np.argsort(-values, kind="stable"))
    order.tied = len(set(values.tolist())) < len(values)
    return order
