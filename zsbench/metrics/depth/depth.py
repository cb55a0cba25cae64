"""Depth errors over valid pixels: prediction p and ground truth g in metres, e = ln p - ln g.

Both sides are lists, one entry an image, of the 1-d values at the valid pixels, already aligned and clamped by
the task's protocol (a prediction may be a `Compared`, which holds both and shares its logarithms between metrics); an
image without valid pixel is undefined. `average=image` is the mean over images of
each image's value, `average=pixel` pools the pixels of all images.

A logarithm or a ratio needs p > 0, which resizing can undercut and not every protocol clamps to. There a prediction of
0 m or less counts as 0.001 m, the least depth of the usual protocols; AbsRel, SqRel and RMSE take it as it is.

Source: Eigen et al. 2014 and the reference code of Metric3D, ZoeDepth, Marigold and Depth Anything V2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from zsbench.config.options import Positive, Share
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric

Average = Literal["image", "pixel"]
LEAST_DEPTH = 1e-3
Power = Annotated[int, Ge(1), Le(100)]
Finish = Callable[[Any], Any]


def _first(means: DoubleArray) -> DoubleArray:
    return np.asarray(means[..., 0])


def _root(means: DoubleArray) -> DoubleArray:
    return np.asarray(np.sqrt(means[..., 0]))


def _spread(means: DoubleArray, focus: float = 1.0, scale: float = 1.0) -> DoubleArray:
    """sqrt(mean e^2 - focus (mean e)^2): the scale-invariant error; rounding must not make it negative."""
    return np.asarray(scale * np.sqrt(np.maximum(means[..., 1] - focus * means[..., 0] ** 2, 0)))


class Compared:
    """The pixels of one image, and what several metrics make of them, each computed when it is first asked for.

    Parameters
    ----------
    p, g : (n_valid,) prediction and ground truth in metres; equally many, and `p` finite.

    Raises
    ------
    ValueError
        They are not.
    """

    def __init__(self, p: Any, g: Any) -> None:
        self.p, self.g = np.asarray(p, dtype=np.float64), np.asarray(g, dtype=np.float64)
        if self.p.shape != self.g.shape:
            raise ValueError(f"{self.p.size} predicted pixels for {self.g.size} valid ones")
        if not np.isfinite(self.p).all():
            raise ValueError("a prediction holds NaN or infinite depth")

    @cached_property
    def above_zero(self) -> DoubleArray:
        """Return p where it is above 0 m, and the least depth elsewhere."""
        return np.where(self.p > 0, self.p, LEAST_DEPTH) if self.p.size and self.p.min() <= 0 else self.p

    @cached_property
    def distance(self) -> DoubleArray:
        """Return |p - g|."""
        distance = self.p - self.g
        return np.asarray(np.abs(distance, out=distance))

    @cached_property
    def log_error(self) -> DoubleArray:
        """Return e = ln p - ln g."""
        error = np.log(self.above_zero)
        error -= np.log(self.g)
        return np.asarray(error)

    @cached_property
    def ratio(self) -> DoubleArray:
        """Return max(p/g, g/p)."""
        ratio = self.above_zero / self.g
        return np.asarray(np.maximum(ratio, self.g / self.above_zero, out=ratio))


Pixels = Sequence[Any]
Terms = Callable[[Compared], list[Any]]


def _statistics(pred: Pixels, gold: Pixels, terms: Terms, finish: Finish, average: str) -> DoubleArray:
    """Return each image's value, or with `average=pixel` the sums of its terms and its number of pixels."""
    if len(pred) != len(gold):
        raise ValueError(f"{len(pred)} predictions for {len(gold)} images")
    images = (p if isinstance(p, Compared) else Compared(p, g) for p, g in zip(pred, gold, strict=True))
    return np.asarray([_row(image, terms, finish, average) for image in images], dtype=np.float64)


def _row(image: Compared, terms: Terms, finish: Finish, average: str) -> list[float]:
    n = image.g.size
    if not n:
        # As wide as any other row, because a chunk may hold no other.
        return [np.nan] * (1 if average == "image" else len(terms(image)) + 1)
    means = np.array([_mean(term) for term in terms(image)])
    return [float(finish(means))] if average == "image" else [*(means * n), float(n)]


def _mean(term: Any) -> float:
    """Return the mean of errors, or the share of hits."""
    return float(np.count_nonzero(term) / term.size if term.dtype == bool else np.mean(term))


def _reducer(finish: Finish) -> Callable[..., DoubleArray]:
    def reduce(sums: DoubleArray, n: DoubleArray, average: str = "image") -> DoubleArray:
        return np.asarray(sums[..., 0] / n if average == "image" else finish(sums[..., :-1] / sums[..., -1:]))

    return reduce


@metric("AbsRel", better="lower", of_sums=_reducer(_first))
def abs_rel(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Mean of |p - g| / g.

    Examples
    --------
    >>> pred, gold = [[1.0, 4.0]], [[2.0, 4.0]]
    >>> abs_rel(pred, gold).tolist()
    [[0.25]]
    """
    return _statistics(pred, gold, lambda image: [image.distance / image.g], _first, average)


@metric("SqRel", unit="m", better="lower", of_sums=_reducer(_first))
def sq_rel(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Mean of (p - g)^2 / g.

    Examples
    --------
    >>> pred, gold = [[1.0, 4.0]], [[2.0, 4.0]]
    >>> sq_rel(pred, gold).tolist()
    [[0.25]]
    """
    return _statistics(pred, gold, lambda image: [image.distance**2 / image.g], _first, average)


@metric("RMSE", unit="m", better="lower", of_sums=_reducer(_root))
def rmse(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Root of the mean squared error in metres.

    Examples
    --------
    >>> pred, gold = [[1.0, 4.0]], [[2.0, 4.0]]
    >>> rmse(pred, gold).round(3).tolist()
    [[0.707]]
    """
    return _statistics(pred, gold, lambda image: [image.distance**2], _root, average)


@metric("RMSElog", unit="", better="lower", of_sums=_reducer(_root))
def rmse_log(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Root of the mean squared natural-log error.

    Examples
    --------
    >>> pred, gold = [[1.0, 4.0]], [[2.0, 4.0]]
    >>> rmse_log(pred, gold).round(3).tolist()
    [[0.49]]
    """
    return _statistics(pred, gold, lambda image: [image.log_error**2], _root, average)


@metric("log10", unit="", better="lower", of_sums=_reducer(_first))
def log10(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Mean of |log10 p - log10 g|.

    Examples
    --------
    >>> pred, gold = [[1.0, 4.0]], [[2.0, 4.0]]
    >>> log10(pred, gold).round(3).tolist()
    [[0.151]]
    """
    return _statistics(pred, gold, lambda image: [np.abs(image.log_error) / np.log(10)], _first, average)


@metric("iRMSE", unit="1/m", better="lower", of_sums=_reducer(_root))
def inverse_rmse(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Root of the mean squared error of inverse depth.

    Examples
    --------
    >>> pred, gold = [[1.0, 4.0]], [[2.0, 4.0]]
    >>> inverse_rmse(pred, gold).round(3).tolist()
    [[0.354]]
    """
    return _statistics(pred, gold, lambda image: [(1 / image.above_zero - 1 / image.g) ** 2], _root, average)


def _reduce_silog(
    sums: DoubleArray, n: DoubleArray, average: str = "image", focus: float = 1.0, scale: float = 1.0
) -> DoubleArray:
    return _reducer(lambda means: _spread(means, focus, scale))(sums, n, average)


@metric("SILog", unit="", better="lower", of_sums=_reduce_silog)
def silog(
    pred: Pixels, gold: Pixels, *, average: Average = "image", focus: Share = 1.0, scale: Positive = 1.0
) -> DoubleArray:
    """Scale-invariant log error: scale * sqrt(mean e^2 - focus (mean e)^2).

    metric3d: focus 1, scale 1; zoe and marigold: scale 100; depth_anything_v2: focus 0.5.

    Examples
    --------
    >>> pred, gold = [[1.0, 4.0]], [[2.0, 4.0]]
    >>> silog(pred, gold).round(3).tolist()
    [[0.347]]
    """
    terms: Terms = lambda image: [image.log_error, image.log_error**2]  # noqa: E731
    return _statistics(pred, gold, terms, lambda means: _spread(means, focus, scale), average)


@metric("delta", of_sums=_reducer(_first))
def delta(pred: Pixels, gold: Pixels, *, k: Power = 1, average: Average = "image") -> DoubleArray:
    """Share of pixels with max(p/g, g/p) strictly below 1.25^k.

    Examples
    --------
    >>> pred, gold = [[1.0, 4.0]], [[2.0, 4.0]]
    >>> delta(pred, gold).tolist(), delta(pred, gold, k=4).tolist()
    ([[0.5]], [[1.0]])
    """
    return _statistics(pred, gold, lambda image: [image.ratio < 1.25**k], _first, average)
