"""Predicted spans whose words seem to be counted otherwise than the gold's, or that seem to be left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


_FEWEST_SCORED, _WIDEST_GAP = 20, 0.05


def left_out(predictions: Spans, thresholds: Iterable[float]) -> str:
    """Return a doubt when no span scores anywhere near a threshold that a metric asks for: others were left out before.

    It takes twenty spans, and a gap of a twentieth above the threshold.
    """
    scores = [span[3] for row in predictions for span in row if len(span) > 3 and span[3] is not None]
    lowest, asked = min(scores, default=0.0), min(thresholds, default=1.0)
    if len(scores) < _FEWEST_SCORED or lowest <= asked + _WIDEST_GAP:
        return ""
    return f"no predicted span scores from {asked:g} to {lowest:.2g}: were those below {lowest:.2g} left out?"
