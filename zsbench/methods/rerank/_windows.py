"""Sliding windows from the tail of a candidate list to its head, shared by the listwise rules."""

from __future__ import annotations

from collections.abc import Callable


def windows(n: int, size: int | None, step: int) -> list[tuple[int, int]]:
    """Return [start, end) of each window in processing order; the last one is cut off at 0.

    Parameters
    ----------
    n : number of candidates.
    size : candidates in a window; None is one window over all.
    step : how far each window moves towards the head.

    Raises
    ------
    ValueError
        The step is not between 1 and the size.
    """
    if n == 0:
        return []
    if size is None or size >= n:
        return [(0, n)]
    if not 1 <= step <= size:
        raise ValueError(f"step {step} leaves gaps between windows of {size}")
    ends = range(n, size - step, -step)
    return [(max(0, end - size), end) for end in ends]


def slide(n: int, size: int | None, step: int, sort: Callable[[list[int]], list[int]]) -> list[int]:
    """Return the order after every window was sorted in place, back to front.

    `sort` takes candidate numbers in their present order and returns them best first.
    """
    order = list(range(n))
    for start, end in windows(n, size, step):
        order[start:end] = sort(order[start:end])
    return order
