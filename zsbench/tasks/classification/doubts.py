"""What is so odd about classes, or about a classification result, that the table has to say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.records import Score

_LEVEL = 0.05


def below_chance(scores: dict[str, Score], n_classes: int) -> str:
    """Say that accuracy is below chance, which is how classes in another order than the labels look.

    A binomial test of the accuracy itself: how likely are this many right answers or fewer, when each is right by
    chance? Below one in twenty it is doubted, so 0 of 32 is with ten classes. Without acc@1 the mean over the classes
    stands in for it.
    """
    name = "acc@1" if "acc@1" in scores else "mean-per-class"
    score = scores.get(name)
    if score is None or not score.n or n_classes < 2:
        return ""
    from scipy.special import bdtr

    chance = 1 / n_classes
    if score.value >= chance or bdtr(round(score.value * score.n), score.n, chance) >= _LEVEL:
        return ""
    return f"{name} is below chance ({100 * chance:.1f} %): are the classes in the order of the labels, from 0 on?"


def odd_classes(names: Sequence[str], labels: Sequence[Any]) -> dict[str, int]:
    """Count classes that share a name, and classes without an image."""
    with_images = {one for label in labels for one in ([label] if isinstance(label, int) else label)}
    counts = {
        "repeated class names": len(names) - len(set(names)),
        "classes without an image": len(names) - len(with_images),
    }
    return {what: n for what, n in counts.items() if n}
