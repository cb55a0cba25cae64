"""Numbers and lists of things in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def number_of(n: int, what: str, *, grouped: bool = False) -> str:
    """Return a number with its noun, in the plural where it is not one; `grouped` parts thousands by commas.

    Examples
    --------
    >>> number_of(1, "item"), number_of(2, "null caption"), number_of(3, "query"), number_of(0, "class")
    ('1 item', '2 null captions', '3 queries', '0 classes')
    """
    number = f"{n:,}" if grouped else str(n)
    return f"{number} {what if n == 1 else _plural(what)}"


def _plural(what: str) -> str:
    if what.endswith(("s", "x", "ch", "sh")):
        return f"{what}es"
    return f"{what[:-1]}ies" if what.endswith("y") and what[-2:-1] not in "aeiou" else f"{what}s"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return names parted by commas, the first of many and how many more there are.

    Examples
    --------
    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
