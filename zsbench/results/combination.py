"""Means of means: the value of a row over several tasks as a function of the tasks' own values, and its interval.

A mean with weights w of shares that have Wilson intervals: Wilson of the mean, with the items its variance stands for,

    V = sum_ij w_i w_j r_ij s_i s_j        s_i^2 = p_i (1 - p_i) / n_i        n = p (1 - p) / V

and everything else, with g_i the distance of part i's value to its upper (lower) end and r_ij the correlations:

    high = max f(v + e)        low = min f(v - e)        over all e = G R^(1/2) u, |u| = 1

which is MOVER with correlations where f is linear, and holds where a harmonic mean has a part at 0.

Source: Zou & Donner 2008; Zou 2007 (correlated parts); Korn & Graubard 1998 (effective number of items).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

from zsbench.core.lazy import DoubleArray, NDArray, np
from zsbench.metrics.intervals import wilson

Score = dict[str, Any]

_STEPS = 60


@dataclass(frozen=True)
class Combination:
    """A mean, or a harmonic mean, of numbered values and of other combinations of them.

    Examples
    --------
    >>> half = Combination("mean", (0, 1))
    >>> Combination("harmonic", (half, 2)).value(np.array([0.2, 0.6, 0.4]))
    0.4
    >>> Combination("mean", (half, 0)).gradient(np.array([0.2, 0.6]))  # the first value counts twice
    array([0.75, 0.25])
    """

    kind: Literal["mean", "harmonic"]
    parts: tuple[int | Combination, ...]

    @property
    def is_linear(self) -> bool:
        """Whether it is a weighted mean of the values."""
        return self.kind == "mean" and all(isinstance(part, int) or part.is_linear for part in self.parts)

    def value(self, values: DoubleArray) -> float:
        """Return the combination of values (n,); a harmonic mean with a part at 0 is 0."""
        parts = self._parts(values)
        if self.kind == "mean":
            return float(parts.mean())
        least = float(parts.min())
        return least * len(parts) / float((least / parts).sum()) if least > 0 else 0.0

    def values(self, draws: DoubleArray) -> DoubleArray:
        """Return the combination of each column of draws (n, B), (B,); NaN where a draw of a part is NaN."""
        parts = np.stack([draws[part] if isinstance(part, int) else part.values(draws) for part in self.parts])
        if self.kind == "mean":
            return np.asarray(parts.mean(axis=0))
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(len(parts) / (1 / parts).sum(axis=0))

    def gradient(self, values: DoubleArray) -> DoubleArray:
        """Return how far the combination moves with each value, (n,)."""
        parts = self._parts(values)
        outer = np.full(len(parts), 1 / len(parts))
        if self.kind == "harmonic" and (parts > 0).all():
            outer = (self.value(values) / parts) ** 2 / len(parts)
        gradient = np.zeros(len(values))
        for weight, part in zip(outer, self.parts, strict=True):
            if isinstance(part, int):
                gradient[part] += weight
            else:
                gradient += weight * part.gradient(values)
        return gradient

    def renumbered(self, numbers: Sequence[int]) -> Combination:
        """Return the same combination of values that stand at other numbers."""
        parts = (numbers[part] if isinstance(part, int) else part.renumbered(numbers) for part in self.parts)
        return Combination(self.kind, tuple(parts))

    def _parts(self, values: DoubleArray) -> DoubleArray:
        return np.array([values[part] if isinstance(part, int) else part.value(values) for part in self.parts])


def combined(
    scores: Sequence[Score],
    of: Combination | None = None,
    *,
    correlations: NDArray[Any] | None = None,
    confidence: float = 0.95,
) -> Score:
    """Return a combination of scores with its interval; undefined when a score is undefined.

    Parameters
    ----------
    scores : `value`, `low`, `high`, `unit`, `n`, `better`, `interval` of each.
    of : how they are combined, by default their mean.
    correlations : of their errors (n_scores, n_scores); None where all are independent.
    confidence : of the scores' intervals.
    """
    first = scores[0]
    known = {"unit": first["unit"], "n": sum(score["n"] for score in scores), "better": first["better"]}
    if any(score["value"] is None for score in scores):
        return {"value": None, "low": None, "high": None, **known, "interval": "undefined"}
    of = of or Combination("mean", tuple(range(len(scores))))
    values = np.array([float(score["value"]) for score in scores])
    value, r = of.value(values), np.eye(len(scores)) if correlations is None else correlations
    if any(score["low"] is None or score["high"] is None for score in scores):
        return {"value": value, "low": None, "high": None, **known, "interval": "undefined"}
    if of.is_linear and all(str(score.get("interval", "")).startswith("wilson") for score in scores):
        n = _effective_size(scores, of.gradient(values), r, confidence)
        low, high = wilson(value * n, n, confidence=confidence)
        return {"value": value, "low": low, "high": high, **known, "interval": f"wilson(effective n={n:.0f})"}
    low, high = (_reach(of, values, _gaps(scores, end), r) for end in ("low", "high"))
    how = "mover" if (r == np.eye(len(scores))).all() else "mover(paired)"
    return {"value": value, "low": min(low, value), "high": max(high, value), **known, "interval": how}


def _gaps(scores: Sequence[Score], end: str) -> DoubleArray:
    """Return the distance of each value to one of its ends, with the sign of the way there."""
    return np.array([float(score[end]) - float(score["value"]) for score in scores])


def _reach(of: Combination, values: DoubleArray, gaps: DoubleArray, r: NDArray[Any]) -> float:
    """Return the farthest value of a combination within the ellipsoid that gaps and correlations span.

    Each step goes where the gradient at the last point leads; of a linear combination the first one is there.
    """
    spread, vectors = np.linalg.eigh(r)
    axes = gaps[:, None] * (vectors * np.sqrt(np.clip(spread, 0, None)))
    farther, floor = (max, -np.inf) if gaps.sum() > 0 else (min, -np.inf if of.is_linear else 0.0)
    # From a part at 0 a harmonic mean has no gradient that says anything of the others.
    is_known = of.is_linear or bool((values > 0).all())
    gradient = of.gradient(values) if is_known else np.full(len(values), 1 / len(values))
    best = of.value(values)
    for _ in range(1 if of.is_linear else _STEPS):
        direction = gradient @ axes
        length = float(np.linalg.norm(direction))
        if length == 0:
            break
        sign = 1 if farther is max else -1
        point = np.maximum(values + axes @ (sign * direction / length), floor)
        best = farther(best, of.value(point))
        gradient = of.gradient(point)
    return best


def _effective_size(scores: Sequence[Score], weights: DoubleArray, r: NDArray[Any], confidence: float) -> float:
    """Return how many items the weighted mean of shares stands for, by the variance that it has."""
    p = np.array([float(score["value"]) for score in scores])
    n = np.array([_size(score, confidence) for score in scores])
    share = float(weights @ p)
    deviations = weights * np.sqrt(p * (1 - p) / n)
    variance = float(deviations @ r @ deviations)
    if variance > 0 and 0 < share < 1:
        return share * (1 - share) / variance
    weighted = weights / np.sqrt(n)
    return float(1 / (weighted @ np.abs(r) @ weighted))


def _size(score: Score, confidence: float) -> float:
    """Return the number of items, clusters counted as what they are worth, from a Wilson interval's farther end."""
    p, low, high = float(score["value"]), float(score["low"]), float(score["high"])
    end = low if p - low > high - p else high
    if end == p:
        return float(score["n"])
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    return z * z * end * (1 - end) / (end - p) ** 2
