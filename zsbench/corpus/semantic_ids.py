"""Semantic ids: each item is named by the codes of a balanced residual k-means over its embedding.

    r_1 = embedding,   r_(l+1) = r_l - centroid(code_l)        level l clusters the residuals r_l, (n_items, width)

Balanced k-means: clusters are visited in order, each takes the floor(n / K) nearest of the items that are still free,
the last one all that is left; its centroid becomes their mean. Repeated until the codes stay as they are. Distances
are Euclidean, ties go to the lower item.

Source: Deng et al. 2025 (OneRec), arXiv:2502.18965, section 3.
"""

from __future__ import annotations

from collections.abc import Callable

from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, IntArray, np

Start = Callable[[int, DoubleArray], DoubleArray]
# Clusters whose distances to all items are held at once.
BLOCK = 64


def residual_codes(
    vectors: DoubleArray, levels: int, start: Start, *, iterations: int = 100
) -> tuple[IntArray, DoubleArray]:
    """Return codes (n_items, levels) and centroids (levels, n_codes, width).

    Parameters
    ----------
    vectors : (n_items, width).
    levels : codes an item.
    start : from a level's number, from 0, and its residuals to its first centroids (n_codes, width).
    iterations : most rounds of k-means a level.
    """
    residuals = np.asarray(vectors, dtype=np.float64)
    codes, centroids = [], []
    for level in range(levels):
        level_codes, centres = balanced_kmeans(residuals, start(level, residuals), iterations=iterations)
        codes.append(level_codes)
        centroids.append(centres)
        residuals = residuals - centres[level_codes]
    return np.stack(codes, axis=1), np.stack(centroids)


def random_start(n_codes: int, *, seed: int = 0) -> Start:
    """Return a start at different items of each level, drawn by seed and level."""

    def start(level: int, residuals: DoubleArray) -> DoubleArray:
        rng = np.random.default_rng([seed, level])
        return np.asarray(residuals[rng.choice(len(residuals), n_codes, replace=False)])

    return start


def balanced_kmeans(
    vectors: DoubleArray, centroids: DoubleArray, *, iterations: int = 100
) -> tuple[IntArray, DoubleArray]:
    """Return the cluster of each vector (n_items,) and the centroids (n_codes, width), from given ones.

    Raises
    ------
    UserError
        There are fewer vectors than clusters, so that a cluster could take none.
    """
    n, k = len(vectors), len(centroids)
    if not 0 < k <= n:
        raise UserError("", f"{k} codes for {n} items", "at least one code, and no more than items")
    centres, codes = np.array(centroids, dtype=np.float64), np.full(n, -1)
    for _ in range(iterations):
        before, codes = codes, _filled(vectors, centres)
        members = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[members], np.arange(k))
        centres = np.add.reduceat(vectors[members], starts) / np.diff([*starts, n])[:, None]
        if np.array_equal(codes, before):
            break
    return codes, centres


def _filled(vectors: DoubleArray, centres: DoubleArray) -> IntArray:
    """Return the clusters (n_items,) after one visit of each."""
    n, k = len(vectors), len(centres)
    codes, free = np.full(n, k - 1), np.ones(n, dtype=bool)
    lengths = np.einsum("nd,nd->n", vectors, vectors)
    for start in range(0, k - 1, BLOCK):
        # All distances at once up to rounding; those that may count are computed again, exactly.
        block = centres[start : min(start + BLOCK, k - 1)]
        rough = lengths - 2 * (block @ vectors.T)
        slack = 1e-9 * (lengths.max() + np.einsum("kd,kd->k", block, block))
        for row, centre in enumerate(block):
            near = np.where(free, rough[row], np.inf)
            candidates = np.flatnonzero(near <= np.partition(near, n // k - 1)[n // k - 1] + slack[row])
            taken = candidates[nearest(vectors[candidates], centre, n // k)]
            codes[taken], free[taken] = start + row, False
    return codes


def nearest(vectors: DoubleArray, point: DoubleArray, count: int) -> IntArray:
    """Return the positions of the `count` vectors (n, width) nearest to a point (width,); ties by the lower one."""
    distances = np.square(vectors - point).sum(axis=1)
    return np.argsort(distances, kind="stable")[:count]


def shared(codes: IntArray) -> int:
    """Return how many items (of codes (n_items, levels)) have all their codes in common with another item."""
    _, counts = np.unique(codes, axis=0, return_counts=True)
    return int(counts[counts > 1].sum())
