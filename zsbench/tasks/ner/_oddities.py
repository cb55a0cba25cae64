"""Predicted spans whose words seem to be counted otherwise than the gold's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Spans = Sequence[Sequence[Any]]

# How start and end would have to move, and what that says of them.
_SHIFTS = {(0, -1): "ends exclusive", (-1, -1): "words counted from 1", (-1, 0): "starts exclusive"}


def miscounted(predictions: Spans, gold: Spans) -> str:
    """Return a doubt when most predicted spans are right only after a shift that a habit of counting explains.

    It takes three right spans more than without the shift, and more than half of the predictions.
    """
    n = sum(map(len, predictions))
    right = _right(predictions, gold, (0, 0))
    for shift, habit in _SHIFTS.items():
        shifted = _right(predictions, gold, shift)
        if shifted >= right + 3 and shifted > 2 * right and 2 * shifted > n:
            return f"{shifted} of {n} predicted spans are right when shifted, {right} as they are: {habit}?"
    return ""


def _right(predictions: Spans, gold: Spans, shift: tuple[int, int]) -> int:
    first, last = shift
    moved = [{(s[0] + first, s[1] + last, s[2]) for s in row if s[0] is not None} for row in predictions]
    return sum(len(row & {tuple(span[:3]) for span in true}) for row, true in zip(moved, gold, strict=True))
