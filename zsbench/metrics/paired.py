"""Does one run beat another on the same items? Paired tests, and corrections for asking more than once.

McNemar, for answers that are right or wrong: of the items that exactly one run answers right, n01 and n10, the smaller
number is binomial(n01 + n10, 1/2) where both runs are equally good.

Sign flips, for means over items: T = |mean d| of the differences d, against T under every way to exchange the two runs'
values item by item; all 2^n ways where n <= 20 items differ, else R random ones and p = (count + 1) / (R + 1).

Bootstrap, for everything else: p = min(1, 2 min((#(d <= 0) + 1) / (B + 1), (#(d >= 0) + 1) / (B + 1))) of the B
resampled differences d. Where n items were drawn, p is at least 2^(1 - n), the least that their exact sign flips can
reach: n differences of one sign never resample to the other side, however few they are.

Source: McNemar 1947; Fisher 1935 (permutations); Davison & Hinkley 1997, section 4.2; Holm 1979; Benjamini & Hochberg
1995.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zsbench.core.lazy import DoubleArray, IntArray, lazy, np

stats = lazy("scipy.stats")

EXACT_UP_TO = 20
"""Differences whose sign flips are all tried: about a million ways."""
_AT_ONCE = 4_000_000
_ROUNDING = 1e-12


def discordant(a: DoubleArray, b: DoubleArray) -> tuple[int, int]:
    """Return how many items only the second run answers right, and how many only the first, of 0/1 values (n,).

    Examples
    --------
    >>> discordant([1, 1, 0, 0], [1, 0, 1, 1])
    (2, 1)
    """
    right_a, right_b = np.asarray(a) > 0.5, np.asarray(b) > 0.5
    return int((~right_a & right_b).sum()), int((right_a & ~right_b).sum())


def mcnemar(a: DoubleArray, b: DoubleArray) -> float:
    """Return the exact two-sided p of equal accuracies of 0/1 values (n,); 1 where no item tells the runs apart.

    Examples
    --------
    >>> mcnemar([0, 0, 0, 0, 0, 0, 1], [1, 1, 1, 1, 1, 1, 1])
    0.03125
    """
    gained, lost = discordant(a, b)
    if gained + lost == 0:
        return 1.0
    return float(stats.binomtest(min(gained, lost), gained + lost).pvalue)


def sign_flips(differences: DoubleArray, *, draws: int = 9_999, seed: int = 0, signs: IntArray | None = None) -> float:
    """Return the two-sided p of a mean of zero.

    Parameters
    ----------
    differences : (n,), second run minus first, item by item.
    draws, seed : random sign vectors where there are too many to try all.
    signs : (R, n) of -1 and 1, instead of drawing any.

    Examples
    --------
    >>> sign_flips([0.1, 0.2, 0.1, 0.3, 0.2])
    0.0625
    """
    values = np.asarray(differences, dtype=np.float64)
    if not values.any():
        return 1.0
    observed, n = abs(values.mean()) - _ROUNDING, len(values)
    if signs is not None:
        sums = signs @ values
    else:
        # A difference of zero is zero under either sign.
        values = values[values != 0]
        if len(values) <= EXACT_UP_TO:
            return _exact_p(values, observed * n)
        sums = _random_sums(values, draws, seed)
    return int((np.abs(sums) / n >= observed).sum() + 1) / (len(sums) + 1)


def _exact_p(values: DoubleArray, observed: float) -> float:
    """Return the share of all ways to sign values (n,) whose absolute sum reaches `observed`."""
    reached = sum(int((np.abs(block @ values) >= observed).sum()) for block in _every_sign(len(values)))
    return float(reached / 2 ** len(values))


def _every_sign(n: int) -> Iterator[IntArray]:
    """Yield all sign vectors of length n in blocks of (b, n)."""
    for start in range(0, 2**n, _AT_ONCE // 64):
        numbers = np.arange(start, min(start + _AT_ONCE // 64, 2**n))
        yield 1 - 2 * ((numbers[:, None] >> np.arange(n)) & 1)


def _random_sums(values: DoubleArray, draws: int, seed: int) -> DoubleArray:
    """Return sums of values (n,) under random signs, (draws,).

    A random byte holds the signs of eight values; their sum under each of its 256 states is looked up.
    """
    n_bytes = -(-len(values) // 8)
    eights = np.zeros((n_bytes, 8))
    eights.flat[: len(values)] = values
    states = 1 - 2 * ((np.arange(256)[:, None] >> np.arange(8)) & 1)
    sums_of_byte = eights @ states.T
    rng, sums = np.random.default_rng(seed), np.zeros(draws)
    block = max(1, _AT_ONCE // draws)
    for start in range(0, n_bytes, block):
        signs = rng.integers(0, 256, (min(block, n_bytes - start), draws), dtype=np.uint8)
        for number, row in enumerate(signs, start):
            sums += sums_of_byte[number].take(row)
    return sums


def bootstrap_p(differences: DoubleArray, *, units: int | None = None) -> float:
    """Return the two-sided p of no difference from resampled differences (B,); 1 where all of them are zero.

    Parameters
    ----------
    units : how many items or clusters were drawn; p is at least the least p of as many sign flips, 2^(1 - units).

    Examples
    --------
    >>> round(bootstrap_p([0.1] * 99), 2), bootstrap_p([0.1] * 99, units=1), bootstrap_p([0.1] * 99, units=3)
    (0.02, 1.0, 0.25)
    """
    values = np.asarray(differences)
    below, above = int((values <= _ROUNDING).sum()), int((values >= -_ROUNDING).sum())
    p = min(1.0, 2 * min(below + 1, above + 1) / (len(values) + 1))
    return p if units is None else max(p, 0.5 ** max(units - 1, 0))


def student_t(a: DoubleArray, b: DoubleArray) -> tuple[float, float]:
    """Return Student's paired t (positive where the second run is larger) and its two-sided p of values (n,)."""
    test = stats.ttest_rel(b, a)
    return float(test.statistic), float(test.pvalue)


def wilcoxon(a: DoubleArray, b: DoubleArray) -> float:
    """Return the two-sided p of Wilcoxon's signed ranks of values (n,)."""
    return float(stats.wilcoxon(a, b).pvalue)


def holm(p: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values, in the given order: the chance of any false find in the family is kept.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, largest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = largest
    return adjusted


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Return the adjusted p-values that keep the share of false finds among all finds.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    [0.03, 0.04, 0.04]
    """
    return [float(value) for value in stats.false_discovery_control(p)] if len(p) else []
