"""What counts as equal when two ways lead to one number, whatever the processor's kernels do.

Kernels add in different orders (AVX2, AVX-512, plain C), so float32 results differ in their last bits, in proportion to
what was added: to the length of a row of features, not to the one entry that happens to be near zero. A tolerance is
therefore a share of the row's norm, with a floor for rows that are nothing but rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Fifty float32 roundings (6e-8 each) of a row's norm: ten times what the kernels of today differ by.
FLOAT32 = 3e-6


def assert_rows_close(actual: Any, expected: Any, *, share: float = FLOAT32, floor: float = 1e-8) -> None:
    """Fail where a row differs by more than `share` of the norm of the expected row, plus `floor`.

    Arrays are compared along their last axis; a single number is a row of one. What is expected of every entry may be
    one number.
    """
    actual = np.asarray(actual, dtype=np.float64)
    expected = np.broadcast_to(np.asarray(expected, dtype=np.float64), actual.shape)
    norms = np.linalg.norm(expected, axis=-1, keepdims=True) if expected.ndim else np.abs(expected)
    difference, allowed = np.abs(actual - expected), np.broadcast_to(share * norms + floor, actual.shape)
    wrong = ~(difference <= allowed)  # true for NaN
    if wrong.any():
        at = np.unravel_index(int(np.argmax(np.where(wrong, difference / allowed, 0))), actual.shape)
        shown = f"{actual[at]!r} for {expected[at]!r}, off by {difference[at]:.3g} where {allowed[at]:.3g} is allowed"
        raise AssertionError(f"{int(wrong.sum())} of {wrong.size} entries differ; at {at}: {shown}")


def assert_logits_close(actual: Any, expected: Any) -> None:
    """Compare a few logits that were taken from whole rows, one entry of which may be near zero.

    What was added up is as long as the row, whose norm is a few units in the small networks of the tests, so a few
    roundings of that are what no entry can be nearer than.
    """
    assert_rows_close(actual, expected, share=1e-5, floor=1e-5)
