"""How a method changes what poor classes and rich ones get, by their rank under another method.

A method robs no one when the poor classes gain and the rich ones keep what they had; it is a "Robin Hood" when those
lose what the others gain.

Source: Menghini et al. 2023, arXiv:2306.01669, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zsbench.report.figures.by_class import Part


def by_rank(before: Mapping[str, Part], *, better: str) -> list[str]:
    """Return the classes from the worst to the best of one run, equal ones as they came."""
    return sorted(before, key=lambda name: before[name].value, reverse=better == "lower")


def changes(ranked: Sequence[str], before: Mapping[str, Part], after: Mapping[str, Part]) -> tuple[float, float] | None:
    """Return the mean change of the poorer half of the classes, and that of the richer half.

    Classes that one of the runs lacks are left out, and the middle one of an odd number counts in neither half; None
    where fewer than two are left.

    Parameters
    ----------
    ranked : names of classes, the poorest first.
    before, after : the parts of both runs by name.
    """
    both = [name for name in ranked if name in after]
    half = len(both) // 2
    if not half:
        return None
    gained = [after[name].value - before[name].value for name in both]
    return sum(gained[:half]) / half, sum(gained[-half:]) / half
