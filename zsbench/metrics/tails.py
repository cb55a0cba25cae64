"""Which concepts are rare: the tail and the head of a list of counts.

Sorted by count, the least first and equal ones as they came, the first floor(fraction n) + 1 of n concepts are the
tail, one more than the fraction says. All others are the head.

Source: Parashar et al. 2024 (REAL), arXiv:2401.12425, and shubhamprshr27/NeglectedTailsVLM (`tail_analysis.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.core.lazy import BoolArray, IntArray, np

FRACTION = 0.2
"""The share of concepts that REAL calls the tail."""


def tail(counts: Sequence[int] | IntArray, fraction: float = FRACTION) -> BoolArray:
    """Return whether each concept is in the tail, (n,).

    Examples
    --------
    >>> tail([50, 3, 900, 3, 7]).tolist(), tail([5, 5, 5, 5, 5], 0.5).tolist()
    ([False, True, False, True, False], [True, True, True, False, False])
    """
    order = np.argsort(np.asarray(counts), kind="stable")
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order[: int(np.floor(fraction * len(order))) + 1]] = True
    return chosen
