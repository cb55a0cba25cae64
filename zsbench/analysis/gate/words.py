"""How the gate says numbers in sentences."""

from __future__ import annotations


def number_of(n: int, what: str) -> str:
    """Return a number with its what.

    Examples
    --------
    >>> number_of(1, "item"), number_of(2, "item")
    ('1 item', '2 items')
    """
    return f"{n} {what if n == 1 else what + 's'}"


def unit_of_differences(unit: str) -> str:
    """Return the unit of differences: those of percentages are points, for `-5 %` may be relative.

    Examples
    --------
    >>> unit_of_differences("%"), unit_of_differences("m")
    ('points', 'm')
    """
    return "points" if unit == "%" else unit
