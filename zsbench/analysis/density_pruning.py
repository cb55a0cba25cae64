"""How many items of each cluster to keep: more of the clusters that are wide and far from the others.

For cluster j with centroid c_j (unit length), members x and its l nearest other centroids:

    d_intra_j = mean_x (1 - cos(x, c_j))          d_inter_j = mean_l (1 - c_j . c_l)
    p         = softmax( d_intra d_inter / tau )                             (n_clusters,)
                of a cluster without members, the product is the mean of the others'
    N_j       = clip( p_j T + s, lo_j, size_j ),  s so that sum_j N_j = T    T = int(ratio n_items)
    lo_j      = min( m, size_j - 1 ),  m = int(balance T / k), or 1 without balance

N is the exact minimiser of ||N - p T||^2 under these bounds, rounded to whole items (half to even).

Source: Abbas et al. 2024 (ICLR), arXiv:2401.04578, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, IntArray, np

Order = Literal["hard", "easy", "random"]


BLOCK = 2**21
"""Numbers that are turned into float64 at once (16 MB): there is no room for a copy of web-scale embeddings."""


def blocks(embeddings: Any) -> Iterator[tuple[slice, DoubleArray]]:
    """Yield rows of an array of any type of number as float64, a block at a time, with their places."""
    step = max(1, BLOCK * len(embeddings) // max(1, embeddings.size))
    for start in range(0, len(embeddings), step):
        part = slice(start, start + step)
        yield part, np.asarray(embeddings[part], dtype=np.float64)


def mean_directions(embeddings: Any, clusters: IntArray, n_clusters: int) -> DoubleArray:
    """Return the mean (n_clusters, width) of each cluster's items (n_items, width) at unit length; none is empty."""
    sums = np.zeros((n_clusters, embeddings.shape[1]))
    for part, items in blocks(embeddings):
        np.add.at(sums, clusters[part], items / np.linalg.norm(items, axis=1, keepdims=True))
    return np.asarray(sums / np.bincount(clusters, minlength=n_clusters)[:, None])


def distances_to_centroids(embeddings: Any, clusters: IntArray, centroids: DoubleArray) -> DoubleArray:
    """Return 1 - cosine of every item (n_items, width) to its cluster's centroid, (n_items,)."""
    distances = np.empty(len(embeddings))
    for part, items in blocks(embeddings):
        centroid_of = centroids[clusters[part]]
        lengths = np.linalg.norm(items, axis=1) * np.linalg.norm(centroid_of, axis=1)
        distances[part] = 1 - np.einsum("nd,nd->n", items, centroid_of) / lengths
    return distances


def complexity(
    distances: DoubleArray, clusters: IntArray, centroids: DoubleArray, *, neighbours: int = 20
) -> tuple[DoubleArray, DoubleArray]:
    """Return d_intra and d_inter, each (n_clusters,); d_intra of a cluster without members is NaN.

    Raises
    ------
    UserError
        There are not more clusters than `neighbours`.
    """
    k = len(centroids)
    if neighbours >= k:
        raise UserError("", f"{neighbours} neighbours of {k} clusters", f"--neighbours {k - 1} or fewer")
    counts = np.bincount(clusters, minlength=k)
    with np.errstate(invalid="ignore"):
        intra = np.bincount(clusters, weights=distances, minlength=k) / counts
    units = centroids / np.linalg.norm(centroids, axis=1, keepdims=True)
    similarity = units @ units.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = -np.sort(-similarity, axis=1)[:, :neighbours]
    return intra, np.asarray(1 - nearest.mean(axis=1))


def shares(intra: DoubleArray, inter: DoubleArray, *, temperature: float = 0.1) -> DoubleArray:
    """Return p (n_clusters,), the softmax of complexity; an empty cluster counts as the mean of the others."""
    products = np.asarray(intra, dtype=np.float64) * inter
    logits = np.where(np.isnan(products), np.nanmean(products), products) / temperature
    exponentials = np.exp(logits - logits.max())
    return np.asarray(exponentials / exponentials.sum())


def bounds(sizes: IntArray, target: int, *, balance: float = 0.5) -> tuple[DoubleArray, DoubleArray]:
    """Return the least and the largest number of items of each cluster."""
    least = int(target / len(sizes) * balance) if balance > 0 else 1
    return np.minimum(least, np.maximum(sizes - 1, 0)).astype(np.float64), sizes.astype(np.float64)


def quotas(share: DoubleArray, target: int, low: DoubleArray, high: DoubleArray) -> DoubleArray:
    """Return the real-valued quotas (n_clusters,) that sum to `target`.

    Raises
    ------
    UserError
        The bounds leave no room: more items are asked for than there are, or fewer than the least.
    """
    if not low.sum() <= target <= high.sum():
        raise UserError("", f"{target} items to keep", f"between {low.sum():g} and {high.sum():g} with these clusters")
    goal = share * target
    below, above = float((low - goal).min()), float((high - goal).max())
    for _ in range(200):
        shift = (below + above) / 2
        if np.clip(goal + shift, low, high).sum() < target:
            below = shift
        else:
            above = shift
    return np.asarray(np.clip(goal + above, low, high))


def keep(
    distances: DoubleArray, clusters: IntArray, quota: IntArray, *, order: Order = "hard", seed: int = 42
) -> IntArray:
    """Return the sorted numbers of the items to keep.

    Parameters
    ----------
    distances : (n_items,) to the centroid.
    quota : (n_clusters,) whole numbers.
    order : `hard` keeps the items farthest from the centroid, `easy` the nearest, `random` draws with the seed.
    """
    generator = np.random.default_rng(seed)
    kept = []
    for cluster, n in enumerate(quota):
        members = np.flatnonzero(clusters == cluster)
        if order == "random":
            members = generator.permutation(members)
        else:
            sign = -1 if order == "hard" else 1
            members = members[np.argsort(sign * distances[members], kind="stable")]
        kept.append(members[: int(n)])
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, dtype=np.int64)
