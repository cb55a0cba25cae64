"""Depth errors over valid pixels: prediction p and ground truth g in metres, e = ln p - ln g.

Both sides are lists, one entry an image, of the 1-d values at the valid pixels, already aligned and clamped by
the task's protocol; an image without valid pixel is undefined. `average=image` is the mean over images of
each image's value, `average=pixel` pools the pixels of all images.

A logarithm or a ratio needs p > 0, which resizing can undercut and not every protocol clamps to. There a prediction of
0 m or less counts as 0.001 m, the least depth of the usual protocols; AbsRel, SqRel and RMSE take it as it is.

Source: Eigen et al. 2014 and the reference code of Metric3D, ZoeDepth, Marigold and Depth Anything V2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from zsbench.config.options import Positive, Share
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric

Pixels = Sequence[Any]
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


def _above_zero(p: DoubleArray) -> DoubleArray:
    return np.where(p > 0, p, LEAST_DEPTH)


def _log_error(p: DoubleArray, g: DoubleArray) -> DoubleArray:
    return np.asarray(np.log(_above_zero(p)) - np.log(g))


def _statistics(
    pred: Pixels, gold: Pixels, terms: Callable[[DoubleArray, DoubleArray], list[Any]], finish: Finish, average: str
) -> DoubleArray:
    """Return each image's value, or with `average=pixel` the sums of its terms and its number of pixels."""
    if len(pred) != len(gold):
        raise ValueError(f"{len(pred)} predictions for {len(gold)} images")
    return np.asarray([_row(p, g, terms, finish, average) for p, g in zip(pred, gold, strict=True)], dtype=np.float64)


def _row(
    p: Any, g: Any, terms: Callable[[DoubleArray, DoubleArray], list[Any]], finish: Finish, average: str
) -> list[float]:
    p, g = np.asarray(p, dtype=np.float64), np.asarray(g, dtype=np.float64)
    if p.shape != g.shape:
        raise ValueError(f"{p.size} predicted pixels for {g.size} valid ones")
    if not np.isfinite(p).all():
        raise ValueError("a prediction holds NaN or infinite depth")
    if not g.size:
        # As wide as any other row, because a chunk may hold no other.
        return [np.nan] * (1 if average == "image" else len(terms(p, g)) + 1)
    means = np.array([np.mean(term) for term in terms(p, g)])
    return [float(finish(means))] if average == "image" else [*(means * g.size), float(g.size)]


def _reducer(finish: Finish) -> Callable[..., DoubleArray]:
    def reduce(sums: DoubleArray, n: DoubleArray, average: str = "image") -> DoubleArray:
        return np.asarray(sums[..., 0] / n if average == "image" else finish(sums[..., :-1] / sums[..., -1:]))

    return reduce


@metric("AbsRel", better="lower", of_sums=_reducer(_first))
def abs_rel(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Mean of |p - g| / g."""
    return _statistics(pred, gold, lambda p, g: [np.abs(p - g) / g], _first, average)


@metric("SqRel", unit="m", better="lower", of_sums=_reducer(_first))
def sq_rel(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Mean of (p - g)^2 / g."""
    return _statistics(pred, gold, lambda p, g: [(p - g) ** 2 / g], _first, average)


@metric("RMSE", unit="m", better="lower", of_sums=_reducer(_root))
def rmse(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Root of the mean squared error in metres."""
    return _statistics(pred, gold, lambda p, g: [(p - g) ** 2], _root, average)


@metric("RMSElog", unit="", better="lower", of_sums=_reducer(_root))
def rmse_log(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Root of the mean squared natural-log error."""
    return _statistics(pred, gold, lambda p, g: [_log_error(p, g) ** 2], _root, average)


@metric("log10", unit="", better="lower", of_sums=_reducer(_first))
def log10(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Mean of |log10 p - log10 g|."""
    return _statistics(pred, gold, lambda p, g: [np.abs(np.log10(_above_zero(p)) - np.log10(g))], _first, average)


@metric("iRMSE", unit="1/m", better="lower", of_sums=_reducer(_root))
def inverse_rmse(pred: Pixels, gold: Pixels, *, average: Average = "image") -> DoubleArray:
    """Root of the mean squared error of inverse depth."""
    return _statistics(pred, gold, lambda p, g: [(1 / _above_zero(p) - 1 / g) ** 2], _root, average)


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
    """

    def terms(p: DoubleArray, g: DoubleArray) -> list[DoubleArray]:
        e = _log_error(p, g)
        return [e, e**2]

    return _statistics(pred, gold, terms, lambda means: _spread(means, focus, scale), average)


@metric("delta", of_sums=_reducer(_first))
def delta(pred: Pixels, gold: Pixels, *, k: Power = 1, average: Average = "image") -> DoubleArray:
    """Share of pixels with max(p/g, g/p) strictly below 1.25^k."""

    def terms(p: DoubleArray, g: DoubleArray) -> list[Any]:
        p = _above_zero(p)
        return [np.maximum(p / g, g / p) < 1.25**k]

    return _statistics(pred, gold, terms, _first, average)
