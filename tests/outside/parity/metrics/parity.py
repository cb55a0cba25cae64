"""Metrics of parities."""

from collections.abc import Sequence

from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric


@metric("parity-acc", interval="wilson")
def parity_accuracy(pred: Sequence[str], gold: Sequence[str]) -> DoubleArray:
    """Share of numbers whose parity is right."""
    return np.asarray([p == g for p, g in zip(pred, gold, strict=True)], dtype=float)
