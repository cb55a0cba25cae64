"""Predicted spans whose words seem to be counted otherwise than the gold's."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.data.sentences.sentence import Span

# How start and end would have to move, and what that says of them.
_SHIFTS = {(0, -1): "ends exclusive", (-1, -1): "words counted from 1", (-1, 0): "starts exclusive"}


def miscounted(predictions: Sequence[Sequence[Span]], gold: Sequence[Sequence[Span]]) -> str:
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


def _right(predictions: Sequence[Sequence[Span]], gold: Sequence[Sequence[Span]], shift: tuple[int, int]) -> int:
    first, last = shift
    moved = [{(start + first, end + last, label) for start, end, label in row} for row in predictions]
    return sum(len(row & {(s, e, label) for s, e, label in true}) for row, true in zip(moved, gold, strict=True))
