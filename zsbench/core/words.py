"""Numbers of things in sentences."""

from __future__ import annotations


def number_of(n: int, what: str) -> str:
    """Return a number with its noun, in the plural where it is not one.

    Examples
    --------
    >>> number_of(1, "item"), number_of(2, "item")
    ('1 item', '2 items')
    """
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
