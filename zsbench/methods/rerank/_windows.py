"""Sliding windows from the tail of a candidate list to its head, shared by the listwise rules.

One pass of windows of size w in steps of s carries the best w - s candidates of the tail to the head; it is no
full sort. Three published schedules differ at the head of the list:

    covering  the last window is cut off at 0, so every candidate is looked at
    first     the same, but n = w - s candidates are not looked at at all
    rankgpt   only whole windows: the first (n - w) mod s candidates are not looked at, nor is any list shorter than w

Source: Sun et al. 2023, arXiv:2304.09542, section 3.2; the public code of RankGPT and of RankLLM.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from zsbench.core.errors import UserError
from zsbench.methods.rerank import Order

Schedule = Literal["covering", "first", "rankgpt"]


def windows(n: int, size: int | None, step: int, schedule: Schedule = "covering") -> list[tuple[int, int]]:
    """Return [start, end) of each window in processing order.

    Parameters
    ----------
    n : number of candidates.
    size : candidates in a window; None is one window over all.
    step : how far each window moves towards the head.
    schedule : what happens at the head.

    Raises
    ------
    UserError
        The step is not between 1 and the size.
    """
    size = n if size is None else size
    if n and not 1 <= step <= size and size < n:
        raise UserError("", f"step {step} with windows of {size}", "a step from 1 to the window's size")
    if n == 0 or (schedule == "first" and n == size - step):
        return []
    if schedule == "rankgpt":
        return [(start, start + size) for start in range(n - size, -1, -step)]
    if size >= n:
        return [(0, n)]
    return [(max(0, end - size), end) for end in range(n, size - step, -step)]


def check_step(options: dict[str, Any]) -> None:
    """Refuse a step that leaves passages between two windows out.

    Raises
    ------
    UserError
        At `step`, of a method's options.
    """
    step, window = options["step"], options["window"]
    if None not in (step, window) and step > window:
        raise UserError("step", f"step {step} with windows of {window}", "a step from 1 to the window's size")


def slide(
    n: int,
    size: int | None,
    step: int | None,
    sort: Callable[[list[int]], list[int]],
    *,
    schedule: Schedule = "covering",
    repeats: int = 1,
) -> Order:
    """Return the order after every window was sorted in place, back to front, `repeats` times.

    `sort` takes candidate numbers in their present order and returns them best first; the order is tied where the last
    pass left a window to a tie. Without a step windows move by half their size.
    """
    step = max(1, (size or 2) // 2) if step is None else step
    order = Order(range(n))
    for _ in range(repeats):
        order.tied = False
        for start, end in windows(n, size, step, schedule):
            window = sort(order[start:end])
            order[start:end] = window
            order.tied |= isinstance(window, Order) and window.tied
    return order
