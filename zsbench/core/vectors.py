"""Vectors compared by direction."""

from __future__ import annotations

from zsbench.core.lazy import DoubleArray, np


def unit_rows(vectors: DoubleArray) -> DoubleArray:
    """Return vectors (n, width) of length 1; those without length stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))
