"""Numbers and lists of things in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def number_of(n: int, what: str) -> str:
    """Return a number with its noun, in the plural where it is not one.

    Examples
    --------
    >>> number_of(1, "item"), number_of(2, "item")
    ('1 item', '2 items')
    """
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return names parted by commas, the first of many and how many more there are.

    Examples
    --------
    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
