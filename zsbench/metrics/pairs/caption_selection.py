"""Choosing captions for images in one small group: similarities (n_images, n_captions), image i belongs to caption i.

With n = min(n_images, n_captions) pairs in a group:

    image-score   the right image scores highest for each of the first n captions
    text-score    the right caption scores highest for each of the first n images
    group-score   both

A tie with a wrong choice is wrong. Source: Thrush et al. 2022 (Winoground), arXiv:2204.03162; CLIP_benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric


def _right(similarities: Any, *, of_images: bool) -> float:
    """Return whether every pair's own entry is strictly the largest of its row (or, for images, its column)."""
    table = np.asarray(similarities, dtype=np.float64)
    if np.isnan(table).any():
        raise ValueError("a similarity is NaN")
    table = table.T if of_images else table
    pairs = min(table.shape)
    own = table[np.arange(pairs), np.arange(pairs)]
    return float(((table[:pairs] >= own[:, None]).sum(axis=1) == 1).all())


@metric("image-score", interval="wilson")
def image_score(similarities: Sequence[Any], gold: Sequence[Any]) -> DoubleArray:  # noqa: ARG001 - the pairing is the order
    """Share of groups in which every caption finds its image.

    Examples
    --------
    >>> similarities = [[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.1], [0.8, 0.9]]]
    >>> image_score(similarities, [None, None]).tolist()
    [1.0, 0.0]
    """
    return np.asarray([_right(table, of_images=True) for table in similarities])


@metric("text-score", interval="wilson")
def text_score(similarities: Sequence[Any], gold: Sequence[Any]) -> DoubleArray:  # noqa: ARG001 - the pairing is the order
    """Share of groups in which every image finds its caption.

    Examples
    --------
    >>> similarities = [[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.1], [0.8, 0.9]]]
    >>> text_score(similarities, [None, None]).tolist()
    [1.0, 1.0]
    """
    return np.asarray([_right(table, of_images=False) for table in similarities])


@metric("group-score", interval="wilson")
def group_score(similarities: Sequence[Any], gold: Sequence[Any]) -> DoubleArray:
    """Share of groups in which all choices are right in both directions.

    Examples
    --------
    >>> similarities = [[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.1], [0.8, 0.9]]]
    >>> group_score(similarities, [None, None]).tolist()
    [1.0, 0.0]
    """
    return np.asarray(image_score(similarities, gold) * text_score(similarities, gold))
