"""Batches that fit: `auto` starts large and halves when the accelerator runs out of memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from zsbench.core.lazy import lazy

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


def distinct(keys: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """Return where each distinct key stands first, and which of them each key is."""
    places: dict[Hashable, int] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, place)
    number = {key: i for i, key in enumerate(places)}
    return list(places.values()), [number[key] for key in keys]


# Padded tokens in a batch whose size is ours to choose.
TOKENS = 16_384


def map_by_length(
    function: Callable[[Sequence[T]], Any],
    items: Sequence[T],
    lengths: Sequence[int],
    batch_size: int | str,
    *,
    keys: Sequence[Hashable] | None = None,
) -> Any:
    """Return `function` of batches of `items` in their own order, computed longest first so that little is padding.

    Equal items are computed once: rounding differs with what else is in a batch, so that the same text would get
    another score in another batch, and the noise would order what is equal.

    Parameters
    ----------
    function : takes a batch, returns an array with one row an item (of dtype object where rows differ in length).
    items : at least one.
    lengths : tokens of each item.
    batch_size : a number, or "auto".
    keys : what tells items apart, where they are not hashable themselves.
    """
    places, row_of = distinct(items if keys is None else keys)
    order = sorted(places, key=lambda i: -lengths[i])
    groups, done = [], 0
    while done < len(order):
        fits = min(AUTO, max(1, TOKENS // max(1, lengths[order[done]])))
        size = fits if batch_size == "auto" else len(order)
        groups.append(map_batches(function, [items[i] for i in order[done : done + size]], batch_size))
        done += size
    rows = np.concatenate(groups)
    computed = np.empty_like(rows)
    computed[[row_of[i] for i in order]] = rows
    return computed[row_of]
