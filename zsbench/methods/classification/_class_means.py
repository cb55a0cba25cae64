"""Rows that belong to classes, averaged class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np


def owners(texts: Sequence[Sequence[str]]) -> IntArray:
    """Return the class of each text (n_texts,) when the texts of all classes stand one after another."""
    return np.repeat(np.arange(len(texts)), [len(row) for row in texts])


def by_class(owner: Any) -> tuple[IntArray, IntArray]:
    """Return the order that puts rows of one class side by side, and where each class starts in it (n_classes,).

    Raises
    ------
    ValueError
        A class below the largest number has no row.
    """
    order = np.argsort(owner, kind="stable")
    classes, first = np.unique(np.asarray(owner)[order], return_index=True)
    if len(classes) != classes[-1] + 1:
        raise ValueError(f"class {int(np.setdiff1d(np.arange(classes[-1]), classes)[0])} has no text")
    return order, first


def mean_per_class(values: Any, owner: Any, *, axis: int = 0) -> DoubleArray:
    """Return the mean over the texts of each class, in float64; every text counts once.

    Parameters
    ----------
    values : an array with one entry a text along `axis`.
    owner : (n_texts,) class of each text.
    axis : becomes the axis of classes.
    """
    order, first = by_class(owner)
    sums = np.add.reduceat(np.take(values, order, axis=axis), first, axis=axis, dtype=np.float64)
    counts = np.diff(first, append=len(order))
    return np.asarray(sums / np.expand_dims(counts, 1 - axis), dtype=np.float64)
