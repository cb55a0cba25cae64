"""What is so odd about classes, or about a classification result, that the table has to say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from zsbench.core.doubts import EQUAL_BEST, joined
from zsbench.core.lazy import np
from zsbench.core.records import Score, TaskData

_LEVEL = 0.05


def count_equal_best(data: TaskData, predictions: Sequence[Any]) -> None:
    """Count the items of one label whose best score several classes have, beside what loading counted.

    Parameters
    ----------
    data : the task's data, whose `counts` take the number.
    predictions : scores (n_classes,) of each item; one that is a label alone has no ties.
    """
    if any(np.ndim(label) for label in data.gold):
        return
    tied = sum(bool(np.ndim(p)) and int(np.count_nonzero(p == np.max(p))) > 1 for p in predictions)
    data.counts.update({EQUAL_BEST: tied} if tied else {})


_CUTOFF = re.compile(r"(?:acc|mean-per-class|worst-group-acc)\b.*@(\d+)\Z")
_TOP_5 = "mean-top1-top5"


def of_classes(scores: dict[str, Score], n_classes: int, n_tied: int = 0) -> str:
    """Return the doubts about scores over `n_classes` classes: see `below_chance` and `no_choice`."""
    return joined(below_chance(scores, n_classes, n_tied), no_choice(scores, n_classes))


def no_choice(scores: dict[str, Score], n_classes: int) -> str:
    """Say which metrics look at so many of the best classes that none is left to be wrong."""
    cuts = {name: int(match.group(1)) for name in scores if (match := _CUTOFF.match(name))}
    cuts |= {_TOP_5: 5} if _TOP_5 in scores else {}
    whole = [name for name, k in cuts.items() if 1 < n_classes <= k]
    return f"{', '.join(whole)}: there are only {n_classes} classes, and each is among the best" if whole else ""


def below_chance(scores: dict[str, Score], n_classes: int, n_tied: int = 0) -> str:
    """Say that accuracy is below chance, which is how classes in another order than the labels look.

    A binomial test of the accuracy itself: how likely are this many right answers or fewer, when each is right by
    chance? Below one in twenty it is doubted, so 0 of 32 is with ten classes. Without acc@1 the mean over the classes
    stands in for it. Equal best scores, which count as wrong, say nothing of the order: `n_tied` items that have them
    are taken for right here.
    """
    name = "acc@1" if "acc@1" in scores else "mean-per-class"
    score = scores.get(name)
    if score is None or not score.n or n_classes < 2:
        return ""
    from scipy.special import bdtr

    chance = 1 / n_classes
    right = min(round(score.value * score.n) + n_tied, score.n)
    if right >= chance * score.n or bdtr(right, score.n, chance) >= _LEVEL:
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
