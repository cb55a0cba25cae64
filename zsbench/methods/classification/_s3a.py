"""The pure steps of S3A's cluster-vote-prompt-realign: number of clusters, votes, assignment, reassignment.

    A[k, v] = share of cluster k's images whose best name is v             (n_clusters, n_names)
    assign  : every cluster gets a name of its own, sum of A largest       (Hungarian algorithm)
    reassign: every image takes the best of the assigned names             (n_images,)

Source: Zhang et al. 2024, arXiv:2308.12960, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zsbench.core.lazy import DoubleArray, IntArray, lazy, np
from zsbench.methods.classification._s3a_phrases import Phrases, phrase_scores

if TYPE_CHECKING:
    import scipy.optimize as optimize
    import sklearn.cluster as cluster
    import sklearn.metrics as measures
else:
    optimize = lazy("scipy.optimize")
    cluster, measures = lazy("sklearn.cluster"), lazy("sklearn.metrics")

_ROWS = 4096


@dataclass(frozen=True)
class Partition:
    """Images in clusters, each cluster with a name of its own.

    Attributes
    ----------
    names : (n_images,) name of each image, a class number.
    clusters : (n_images,) numbered 0, 1, ... in the order of the names that occur.
    voted_on : (n_images,) the partition before, which the last votes were counted in.
    agreement : (n_clusters, n_names) those votes, a row for each cluster of `voted_on` in ascending order.
    assigned : (n_clusters,) the name each of these clusters got.
    """

    names: IntArray
    clusters: IntArray
    voted_on: IntArray
    agreement: DoubleArray
    assigned: IntArray


def best_names(features: Any, weights: Any, allowed: IntArray | None = None) -> IntArray:
    """Return the name with the highest cosine for each image (n_images,), among `allowed` names (ascending) or all.

    Features are (n_images, width), weights (n_names, width), both of length 1.
    """
    among = weights if allowed is None else weights[allowed]
    parts = [(features[i : i + _ROWS] @ among.T).argmax(axis=1) for i in range(0, len(features), _ROWS)]
    best = np.concatenate(parts)
    return best if allowed is None else allowed[best]


def vote(clusters: Any, names: Any, n_names: int) -> DoubleArray:
    """Return A (n_clusters, n_names), rows in ascending order of the cluster numbers that occur."""
    present, rows = np.unique(clusters, return_inverse=True)
    counts = np.bincount(rows * n_names + names, minlength=len(present) * n_names).reshape(len(present), n_names)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def assign(agreement: Any) -> IntArray:
    """Return a different name for each cluster (n_clusters,) so that the agreement summed over clusters is largest.

    Raises
    ------
    ValueError
        More clusters than names.
    """
    if agreement.shape[0] > agreement.shape[1]:
        raise ValueError(f"{agreement.shape[0]} clusters for {agreement.shape[1]} names")
    return np.asarray(optimize.linear_sum_assignment(agreement.max() - agreement)[1])


def name_clusters(features: Any, weights: Any, clusters: Any, *, n_iter: int = 3) -> Partition:
    """Return the partition after `n_iter` rounds of vote, assignment and reassignment.

    The votes are the images' best names among all, in every round.

    Parameters
    ----------
    features : (n_images, width), rows of length 1.
    weights : (n_names, width), rows of length 1.
    clusters : (n_images,) where to start from.
    """
    votes = best_names(features, weights)
    partition = reassigned(features, weights, clusters, vote(clusters, votes, len(weights)))
    for _ in range(n_iter - 1):
        agreement = vote(partition.clusters, votes, len(weights))
        partition = reassigned(features, weights, partition.clusters, agreement)
    return partition


def reassigned(features: Any, weights: Any, clusters: Any, agreement: DoubleArray) -> Partition:
    """Return the partition in which every image has the best of the names assigned to `clusters`."""
    assigned = assign(agreement)
    names = best_names(features, weights, np.unique(assigned))
    return Partition(names, np.unique(names, return_inverse=True)[1], np.asarray(clusters), agreement, assigned)


def candidates(agreement: Any, *, k1: int = 3) -> IntArray:
    """Return the `k1` names with most votes in each cluster (n_clusters, k1), the lower name first among equals."""
    return np.argsort(-np.asarray(agreement), axis=1, kind="stable")[:, :k1]


def realigned(
    features: Any, weights: Any, clusters: Any, phrases: Sequence[Phrases], *, k2: int = 3, weighted: bool = True
) -> Partition:
    """Return the partition after one assignment by phrase scores; `phrases` is for clusters in ascending order."""
    scores = np.zeros((len(phrases), len(weights)))
    for row, (cluster, of_cluster) in enumerate(zip(np.unique(clusters), phrases, strict=True)):
        if len(of_cluster.counts):
            scores[row, of_cluster.names] = phrase_scores(
                features[clusters == cluster], of_cluster, k2=k2, weighted=weighted
            )
    return reassigned(features, weights, clusters, scores)


def estimate_clusters(features: Any, *, low: int = 10, high: int = 1000, seed: int = 0, sample: int = 5000) -> int:
    """Return the number of clusters with the best silhouette met in a binary search between `low` and `high`.

    Each step halves the range towards the better end. Sampled images are clustered once (k-means, one start).
    """
    rng = np.random.default_rng(seed)
    if len(features) > sample:
        features = features[np.sort(rng.choice(len(features), sample, replace=False))]
    high = min(high, len(features) - 1)
    if high < 2:
        return max(1, high)
    low = min(max(low, 2), high)
    distances = measures.pairwise_distances(features)
    scores = {k: _silhouette(features, distances, k, seed) for k in dict.fromkeys((low, high))}
    while high - low > 1:
        middle = (low + high) // 2
        scores[middle] = _silhouette(features, distances, middle, seed)
        low, high = (low, middle) if scores[low] > scores[high] else (middle, high)
    return max(sorted(scores), key=scores.__getitem__)


def _silhouette(features: Any, distances: Any, k: int, seed: int) -> float:
    labels = cluster.KMeans(k, random_state=seed, n_init=1).fit_predict(features)
    if len(np.unique(labels)) < 2:
        return -1.0
    return float(measures.silhouette_score(distances, labels, metric="precomputed"))
