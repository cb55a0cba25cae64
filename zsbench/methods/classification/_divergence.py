"""Class distributions of images and the Kullback-Leibler divergence between them, as TIP-X and CapS use it.

    p = softmax( features . W^T / T )           (n, n_classes), cosines without the factor of the logits
    K[i, m] = KL( p_i || q_m ) = sum_c p_ic (log p_ic - log q_mc)
    phi = -rescale(K)                            the smallest K of all becomes the greatest affinity

The rescaling takes the least and the greatest K of all images, so it belongs to the whole set, never to a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import DoubleArray, np


@dataclass(frozen=True)
class Span:
    """The least and the greatest value of a matrix."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Any) -> Span:
        """Return the span of one matrix, or of a block of it."""
        return cls(float(values.min()), float(values.max()))

    def __or__(self, other: Span) -> Span:
        """Return the span of both together."""
        return Span(min(self.low, other.low), max(self.high, other.high))


def log_distributions(features: Any, weights: Any | None, *, temperature: float) -> DoubleArray:
    """Return log p, float64: over the classes (n, n_classes), or over the features' own coordinates (n, width).

    Parameters
    ----------
    features : (n, width) unit rows.
    weights : (n_classes, width) unit rows, or None for the coordinates.
    """
    rows = features if weights is None else features @ weights.T
    logits = np.asarray(rows, dtype=np.float64) / temperature
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def divergence(log_p: DoubleArray, log_q: DoubleArray) -> DoubleArray:
    """Return K (n, m) between every row of `log_p` (n, k) and of `log_q` (m, k)."""
    p = np.exp(log_p)
    return np.asarray((p * log_p).sum(axis=1, keepdims=True) - p @ log_q.T)


def rescale(values: Any, source: Span, target: Span) -> Any:
    """Map `source` linearly onto `target`; a source without extent goes to the target's low end."""
    extent = source.high - source.low
    share = (values - source.low) / extent if extent else np.zeros_like(values)
    return share * (target.high - target.low) + target.low
