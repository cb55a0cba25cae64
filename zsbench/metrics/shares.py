"""Intervals of shares: Wilson's, for items, clusters, means of the shares of classes, and the least of several groups.

Wilson, with z the normal quantile of 1 - alpha/2:

    centre = (p + z^2 / 2n) / (1 + z^2 / n)
    half   = z sqrt(p (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n)

Where items come in G clusters, n is the effective number of items p (1 - p) / V, with V the variance of a share over
clusters of sizes m_g with k_g successes, and t the quantile of G - 1 degrees of freedom:

    V = G / (G - 1) sum_g (k_g - p m_g)^2 / n^2        n_eff = min(n, p (1 - p) / V) (z / t)^2

At p = 0 and p = 1, where V is 0 whatever the clusters are, n_eff is G (z / t)^2.

A mean p of the shares of C classes with k_c of n_c items has the variance of a stratified sample. A class of one item
shows no variance of its own, so each share is first drawn towards the mean as two more items would draw it:

    p_c = (k_c + 2 p) / (n_c + 2)        V = sum_c p_c (1 - p_c) / n_c / C^2        n_eff = p (1 - p) / V

At p = 0 and p = 1, n_eff is C^2 / sum_c (1 / n_c).

The least of the shares of G groups is too low on average, the more so the more alike the groups are. The intervals of
all groups at the level (1 - alpha)^(1/G) hold together with probability 1 - alpha; the least share then lies between
the least of their low ends and the least of their high ends.

Source: Wilson 1927; Korn & Graubard 1998 (shares of clusters); Sidak 1967 (levels that hold together). That two items
are right is found by simulation: `docs/intervals.md`.
"""

from __future__ import annotations

from statistics import NormalDist

from zsbench.core.lazy import DoubleArray, IntArray, lazy, np
from zsbench.metrics.bootstrap import sizes_of, sums_of

special = lazy("scipy.special")

_DRAWN_TO_THE_MEAN = 2


def wilson(successes: float, n: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of `successes` out of `n`; (0, 1) when n is 0.

    Raises
    ------
    ValueError
        `successes` is not between 0 and n.

    Examples
    --------
    >>> low, high = wilson(30, 30)
    >>> round(low, 3), high
    (0.886, 1.0)
    """
    if n == 0:
        return 0.0, 1.0
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes out of {n}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p, z2 = successes / n, z * z / n
    centre = (p + z2 / 2) / (1 + z2)
    half = z * (p * (1 - p) / n + z2 / (4 * n)) ** 0.5 / (1 + z2)
    # At p = 0 and p = 1 the bound is the share itself; rounding must not move it.
    return (0.0 if p == 0 else max(0.0, centre - half)), (1.0 if p == 1 else min(1.0, centre + half))


def shrinkage(groups: int, confidence: float) -> float:
    """Return (z / t)^2: by what the clusters' few degrees of freedom cut the effective number of items."""
    t = float(special.stdtrit(groups - 1, 0.5 + confidence / 2))
    return (NormalDist().inv_cdf(0.5 + confidence / 2) / t) ** 2


def cluster_variance(values: DoubleArray, clusters: IntArray) -> float:
    """Return the variance of the mean of values (n_items,) in clusters 0..G-1, of which there are at least two."""
    sizes = sizes_of(clusters)
    groups = len(sizes)
    deviations = sums_of(values[:, None], clusters)[:, 0] - float(np.mean(values)) * sizes
    return groups / (groups - 1) * float((deviations**2).sum()) / len(values) ** 2


def effective_size(values: DoubleArray, clusters: IntArray, *, confidence: float = 0.95) -> float:
    """Return how many independent items say as much about a share as these in clusters.

    Parameters
    ----------
    values : (n_items,) of 0 and 1.
    clusters : (n_items,), the number 0..G-1 of each item's cluster.

    Examples
    --------
    >>> values, clusters = np.array([1.0, 1.0, 0.0, 0.0] * 50), np.arange(200) // 2
    >>> round(effective_size(values, clusters))  # the items of a cluster are alike
    97
    """
    n, p, groups = len(values), float(np.mean(values)), len(sizes_of(clusters))
    if groups < 2:
        return 1.0
    variance = 0.0 if p in (0, 1) else cluster_variance(values, clusters)
    independent = float(groups) if p in (0, 1) else min(n, p * (1 - p) / variance) if variance else float(n)
    return independent * shrinkage(groups, confidence)


def of_values(values: DoubleArray, clusters: IntArray | None, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of the share of values (n_items,) of 0 and 1, which may come in clusters 0..G-1."""
    if clusters is None:
        return wilson(float(values.sum()), len(values), confidence=confidence)
    n = effective_size(values, clusters, confidence=confidence)
    return wilson(float(values.mean()) * n, n, confidence=confidence)


def mean_of_shares(values: DoubleArray, classes: IntArray, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of the mean over classes of the share of values (n_items,) of 0 and 1 in each.

    Examples
    --------
    >>> low, high = mean_of_shares(np.array([1.0, 0.0, 1.0, 1.0]), np.arange(4))  # classes of one item
    >>> round(low, 2), round(high, 2)
    (0.32, 0.95)
    """
    numbers = np.unique(classes, return_inverse=True)[1]
    sizes = sizes_of(numbers)
    right = np.asarray(np.bincount(numbers, weights=values), dtype=np.float64)
    p = float((right / sizes).mean())
    drawn = (right + _DRAWN_TO_THE_MEAN * p) / (sizes + _DRAWN_TO_THE_MEAN)
    variance = float((drawn * (1 - drawn) / sizes).sum()) / len(sizes) ** 2
    n = p * (1 - p) / variance if 0 < p < 1 else len(sizes) ** 2 / float((1 / sizes).sum())
    return wilson(min(p * n, n), n, confidence=confidence)


def least_share(
    values: DoubleArray, groups: IntArray, clusters: IntArray | None = None, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of the least of the shares of groups of values (n_items,) of 0 and 1.

    Examples
    --------
    >>> values, groups = np.array([1.0, 0.0] * 100), np.repeat([0, 1], 100)  # both groups half right
    >>> low, high = least_share(values, groups)
    >>> round(low, 2), round(high, 2)
    (0.39, 0.61)
    """
    numbers = np.unique(groups)
    level = confidence ** (1 / len(numbers))
    ends = []
    for number in numbers:
        chosen = groups == number
        of_group = None if clusters is None else np.unique(clusters[chosen], return_inverse=True)[1]
        ends.append(of_values(values[chosen], of_group, confidence=level))
    return min(low for low, _ in ends), min(high for _, high in ends)
