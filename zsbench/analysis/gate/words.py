"""How the gate says differences."""

from __future__ import annotations


def unit_of_differences(unit: str) -> str:
    """Return the unit of differences: those of percentages are points, for `-5 %` may be relative.

    Examples
    --------
    >>> unit_of_differences("%"), unit_of_differences("m")
    ('points', 'm')
    """
    return "points" if unit == "%" else unit
