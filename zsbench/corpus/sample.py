"""DUQGen's sample of a corpus: clusters share a budget, each draws near its centre and keeps what is most its own.

    n_c  = 1 + floor((N - K) |c| / M), what remains one each to the largest clusters
    p_d  = softmax over the cluster of cos(d, centroid) / T; five seeded draws of n_c, pooled
    keep = the n_c best of the pool by  w cos(d, medoid) - (1 - w) max over kept cos(d, d')      (MMR)

K clusters, M documents long enough, N wanted; the medoid is the document (of all M) nearest to the centroid.

Source: Chandradevan et al. 2024, arXiv:2404.02489, section 3.2; github.com/emory-irlab/DUQGen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from zsbench.core.lazy import AnyFloatArray, IntArray, np

SEEDS = (35, 745, 10, 6534, 2)


def long_enough(lengths: Sequence[int] | IntArray, minimum: int) -> IntArray:
    """Return the rows of documents of at least `minimum` characters."""
    return np.asarray(np.flatnonzero(np.asarray(lengths) >= minimum))


def uniformly(n_documents: int, n: int, *, seed: int = 0) -> IntArray:
    """Return `n` rows of `n_documents`, sorted, each as likely as any other."""
    return np.asarray(np.sort(np.random.default_rng(seed).choice(n_documents, n, replace=False)))


def sizes(cluster_of: IntArray, k: int) -> IntArray:
    """Return how many documents each of `k` clusters has, (k,)."""
    return np.bincount(cluster_of, minlength=k)


def clusters(vectors: AnyFloatArray, k: int, *, seed: int = 0, iterations: int = 100) -> tuple[AnyFloatArray, IntArray]:
    """Return centroids (k, width) and each row's cluster (n,) by k-means, Euclidean."""
    from sklearn.cluster import KMeans

    kmeans = KMeans(n_clusters=k, max_iter=iterations, n_init=1, random_state=seed).fit(vectors)
    return kmeans.cluster_centers_, kmeans.labels_.astype(np.int64)


def allocate(
    sizes: Sequence[int] | IntArray, n: int, *, flavour: Literal["correct", "reference"] = "correct"
) -> IntArray:
    """Return how many documents each cluster gives, (K,); no cluster gives more than it has.

    Parameters
    ----------
    sizes : documents of each cluster.
    n : documents wanted in all, at least K.
    flavour : the public code gives every cluster one more when nothing remains to hand out.

    Raises
    ------
    ValueError
        Fewer documents are wanted than there are clusters.
    """
    members = np.asarray(sizes, dtype=np.int64)
    k = len(members)
    if n < k:
        raise ValueError(f"{n} documents from {k} clusters: every cluster gives one")
    given = 1 + (n - k) * members // members.sum()
    largest = np.argsort(members, kind="stable")
    remaining = n - int(given.sum())
    if n != k and (remaining or flavour == "reference"):
        given[largest[-remaining:]] += 1
    return np.asarray(np.minimum(given, members))


def draw(cosines: AnyFloatArray, count: int, *, seeds: Sequence[int] = SEEDS, temperature: float = 1.0) -> IntArray:
    """Return the pooled rows (sorted) of one draw of `count` a seed, without replacement, by softmax of `cosines`."""
    logits = np.asarray(cosines) / temperature
    weights = np.exp(logits - logits.max())
    share = weights / weights.sum()
    drawn = [np.random.RandomState(seed).choice(len(share), count, replace=False, p=share) for seed in seeds]
    return np.unique(np.concatenate(drawn))


def mmr(vectors: AnyFloatArray, query: AnyFloatArray, count: int, *, weight: float = 1.0) -> IntArray:
    """Return the `count` rows of highest score at the time the greedy loop chose them; it visits every row.

    Parameters
    ----------
    vectors : (n, width) of length 1.
    query : (width,) of length 1.
    weight : of similarity to the query; 1 - weight is that of the nearest row already chosen.
    """
    near, crowd = vectors @ query, np.zeros(len(vectors))
    left, chosen, scores = list(range(len(vectors))), [], []
    while left:
        score = weight * near[left] - (1 - weight) * crowd[left]
        best = int(np.argmax(score))
        scores.append(float(score[best]))
        chosen.append(left.pop(best))
        likeness = vectors @ vectors[chosen[-1]]
        crowd = likeness if len(chosen) == 1 else np.maximum(crowd, likeness)
    order = np.argsort(-np.asarray(scores), kind="stable")[:count]
    return np.asarray(chosen, dtype=np.int64)[order]


def documents(
    vectors: AnyFloatArray,
    centroids: AnyFloatArray,
    cluster_of: IntArray,
    n: int,
    *,
    seeds: Sequence[int] = SEEDS,
    temperature: float = 1.0,
    weight: float = 1.0,
    flavour: Literal["correct", "reference"] = "correct",
) -> IntArray:
    """Return the sampled rows of `vectors`, sorted.

    Parameters
    ----------
    vectors : (M, width) of the documents that are long enough.
    centroids : (K, width).
    cluster_of : (M,) the cluster of each document.
    n : documents wanted.
    seeds, temperature : of the draws within a cluster.
    weight : MMR's weight of similarity; 1 looks for no diversity.
    flavour : see `allocate`.
    """
    given = allocate(sizes(cluster_of, len(centroids)), n, flavour=flavour)
    unit = _unit(vectors)
    kept = []
    for cluster, count in enumerate(given.tolist()):
        members = np.flatnonzero(cluster_of == cluster)
        if not len(members):
            continue
        pool = members[draw(unit[members] @ _unit(centroids[cluster]), count, seeds=seeds, temperature=temperature)]
        medoid = int(np.argmin(np.linalg.norm(vectors - centroids[cluster], axis=1)))
        kept.append(pool[mmr(unit[pool], unit[medoid], count, weight=weight)])
    return np.sort(np.concatenate(kept))


def _unit(vectors: AnyFloatArray) -> AnyFloatArray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths))
