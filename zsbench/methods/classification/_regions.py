"""Vectors of image regions, for rules that look at more than the whole image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.batching import map_batches
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.methods.classification import normalise


def require_regions(model: Any, rule: str) -> None:
    """Refuse a model without region vectors.

    Raises
    ------
    UserError
        The model lacks the capability `RegionEncoder`.
    """
    if not hasattr(model, "encode_regions"):
        found = f"{rule} needs a model offering RegionEncoder, which {type(model).__name__} does not"
        raise UserError("", found, "a model with `encode_regions`")


def encode_regions(model: Any, items: Sequence[Any]) -> FloatArray:
    """Return region vectors (n_images, n_regions, width) of length 1."""

    def encode(batch: Sequence[Any]) -> FloatArray:
        return np.asarray(model.encode_regions([model.prepare(item.open()) for item in batch]))

    return normalise(map_batches(encode, items, "auto"), what="region features")
