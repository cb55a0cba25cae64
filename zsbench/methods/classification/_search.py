"""Choosing hyper-parameters on labelled images: a fixed order, the first strict improvement wins, the split on record.

Every rule searched here adds its last hyper-parameter v linearly, scores = base + v * slope, so an image is
classified rightly exactly while v is between

    low = max_c -a_c / b_c over b_c > 0      a = base_y - base_c,  b = slope_y - slope_c,  y the true class
    high = min_c -a_c / b_c over b_c < 0

and one pass over the scores counts the right answers at all its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray, np
from zsbench.methods.classification import Encoder, Known, Labelled, Problem

Axes = Mapping[str, Sequence[float]]
# The sweep's grid.
DECADES, PER_DECADE = 6, 8


def steps(start: float, stop: float, n: int) -> list[float]:
    """Return `n` evenly spaced values from `start` on; `stop` itself is not reached."""
    return [i * (stop - start) / n + start for i in range(n)]


def axis(fixed: float | None, values: Sequence[float]) -> Sequence[float]:
    """Return the values to try: only `fixed` where the config sets it."""
    return values if fixed is None else [fixed]


def blocks(n: int, size: int = 1024) -> Iterator[slice]:
    """Yield slices that cover `n` rows in order, so that large validation sets fit in memory."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def correct_along(base: Any, slope: Any, labels: IntArray, values: Sequence[float]) -> IntArray:
    """Return how many images `base + v * slope` classifies rightly, for each v of `values`.

    Parameters
    ----------
    base, slope : (n_images, n_classes).
    labels : (n_images,) true classes; of equal scores the lower class number wins, as in an argmax.
    """
    rows = np.arange(len(labels))
    a, b = (scores[rows, labels][:, None] - scores for scores in (base, slope))
    # A class that v does not move is in the way for all v or for none: -a / 0 is inf or -inf, whichever says so.
    b += 0.0  # no -0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -a / b
    crossing[rows, labels] = -np.inf
    tied = np.isnan(crossing)
    if tied.any():
        earlier = np.arange(base.shape[1]) < labels[:, None]
        crossing[tied] = np.where(earlier, np.inf, -np.inf)[tied]
    low = np.where(b >= 0, crossing, -np.inf).max(axis=1)
    high = np.where(b < 0, crossing, np.inf).min(axis=1)
    ever = low < high
    v = np.asarray(values, dtype=np.float64)
    begun, ended = np.searchsorted(np.sort(low[ever]), v), np.searchsorted(np.sort(high[ever]), v, side="right")
    return np.asarray(begun - ended, dtype=np.int64)


def first_best(correct: IntArray, axes: Axes) -> dict[str, float]:
    """Return the values at the first maximum of `correct`, one axis an entry of `axes`, the last one fastest."""
    where = np.unravel_index(int(correct.argmax()), correct.shape)
    return {name: float(values[int(i)]) for (name, values), i in zip(axes.items(), where, strict=True)}


def sweep(correct: Callable[[float], int]) -> tuple[float, dict[float, int]]:
    """Return the best value from 1e-6 to 1e6 and the right answers at every value tried; the smallest of equals wins.

    Every second decade first, then the neighbours of the best at half the distance, down to an eighth of a decade.
    Source: Radford et al. 2021, arXiv:2103.00020, appendix A.3.
    """
    grid = [float(c) for c in np.logspace(-DECADES, DECADES, 2 * DECADES * PER_DECADE + 1)]
    tried: dict[int, int] = {}
    step, candidates = 2 * PER_DECADE, range(0, len(grid), 2 * PER_DECADE)
    while step:
        for i in candidates:
            if 0 <= i < len(grid) and i not in tried:
                tried[i] = correct(grid[i])
        best = max(sorted(tried), key=tried.__getitem__)
        step //= 2
        candidates = range(best - step, best + step + 1, 2 * step) if step else range(0)
    return grid[best], {grid[i]: tried[i] for i in sorted(tried)}


def choose(
    encoder: Encoder, problem: Problem, axes: Axes, count: Callable[[Known, IntArray], IntArray], *, method: str
) -> dict[str, float]:
    """Return the best values of `axes` on the validation images, and write the choice in the result.

    Parameters
    ----------
    axes : values to try by name, outer loop first; a single value each is no choice and needs no images.
    count : (validation images, their labels) -> right answers, an array with the axes of `axes`.

    Raises
    ------
    UserError
        There is something to choose and the task has no validation images.
    """
    searched = [name for name, values in axes.items() if len(values) > 1]
    if not searched:
        return {name: float(values[0]) for name, values in axes.items()}
    images, labelled = validation_images(encoder, problem, method=method, what=", ".join(searched))
    correct = count(images, labelled.labels)
    chosen = first_best(correct, axes)
    at_end = [name for name in searched if chosen[name] == axes[name][-1]]
    if at_end:
        encoder.note("chosen at the end of the values tried", at_end)
    best = {name: chosen[name] for name in searched}
    record(encoder, best, labelled, correct=int(correct.max()), tried=correct.size)
    return chosen


def record(encoder: Encoder, chosen: dict[str, float], labelled: Labelled, *, correct: int, tried: int) -> None:
    """Write in the result what was chosen, on which images and how well it did there; warn if they are the test's."""
    n = len(labelled.labels)
    encoder.note("chosen", chosen)
    encoder.note("chosen on", {"split": labelled.split, "images": n, "accuracy": correct / n, "tried": tried})
    if labelled.split == "test" or 2 * labelled.of_test > n:
        encoder.warn(f"{', '.join(chosen)} chosen on the labels of the test images: an upper bound")
    elif labelled.meets_test:
        among = f"{labelled.of_test} of {n} are test images"
        encoder.warn(f"{', '.join(chosen)} chosen on images, of which {among}: an upper bound")


def validation_images(encoder: Encoder, problem: Problem, *, method: str, what: str) -> tuple[Known, Labelled]:
    """Return the validation images with their features, and with their labels.

    Raises
    ------
    UserError
        The task has none; the message says that `method` needs them for `what`.
    """
    labelled = problem.validation
    if labelled is None or not len(labelled.items):
        text = f"{method}: no validation images to take {what} from"
        raise UserError("", text, "`validation:` in the task's YAML, or fixed values in the method's")
    return Known(encoder.images(labelled.items), labelled.items), labelled
