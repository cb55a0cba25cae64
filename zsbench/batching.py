"""Batches that fit: `auto` starts large and halves when the accelerator runs out of memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from zsbench.lazy import lazy

T = TypeVar("T")
np: Any = lazy("numpy")

AUTO = 128


def map_batches(function: Callable[[Sequence[T]], Any], items: Sequence[T], batch_size: int | str) -> Any:
    """Return `function` of batches of `items`, stacked along the first axis.

    Parameters
    ----------
    function : takes a batch, returns an array with one row an item.
    items : at least one.
    batch_size : a number, or "auto".
    """
    size = AUTO if batch_size == "auto" else int(batch_size)
    rows: list[Any] = []
    done = 0
    while done < len(items):
        try:
            rows.append(function(items[done : done + size]))
        except RuntimeError as error:
            # Only torch's own out-of-memory error is worth another try, and only when the size is ours to choose.
            if type(error).__name__ != "OutOfMemoryError" or batch_size != "auto" or size == 1:
                raise
            size = max(1, size // 2)
            continue
        done += size
    return np.concatenate(rows)


# Padded tokens in a batch whose size is ours to choose.
TOKENS = 16_384


def map_by_length(
    function: Callable[[Sequence[T]], Any], items: Sequence[T], lengths: Sequence[int], batch_size: int | str
) -> Any:
    """Return `function` of batches of `items` in their own order, computed longest first so that little is padding.

    Parameters
    ----------
    function : takes a batch, returns an array with one row an item (of dtype object where rows differ in length).
    items : at least one.
    lengths : tokens of each item.
    batch_size : a number, or "auto".
    """
    order = sorted(range(len(items)), key=lambda i: -lengths[i])
    groups, done = [], 0
    while done < len(order):
        fits = min(AUTO, max(1, TOKENS // max(1, lengths[order[done]])))
        size = fits if batch_size == "auto" else len(order)
        groups.append(map_batches(function, [items[i] for i in order[done : done + size]], batch_size))
        done += size
    rows = np.concatenate(groups)
    found = np.empty_like(rows)
    found[order] = rows
    return found
