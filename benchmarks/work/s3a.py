"""S3A over ready features: the number of clusters searched, k-means with 17 starts, votes and reassignment."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.work import _vectors

SIZES = {"images": 10_000, "classes": 100}
GOAL = None


def prepare(folder: Path, *, images: int, classes: int) -> None:
    """Write the vectors."""
    _vectors.write(folder, images=images, classes=classes)


def ours() -> list[list[str]]:
    """Evaluate s3a."""
    return _vectors.evaluated("s3a")


def smallest(folder: Path) -> None:
    """The published steps with scikit-learn and scipy, the number of clusters from the same search."""
    from scipy.optimize import linear_sum_assignment
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    images, labels = _vectors.read(folder, "test")
    texts = _vectors.read_texts(folder, classes=labels.max() + 1)[0]
    sample = images[np.sort(np.random.default_rng(0).choice(len(images), min(5000, len(images)), replace=False))]

    def silhouette(k: int) -> float:
        return float(silhouette_score(sample, KMeans(k, random_state=0, n_init=1).fit_predict(sample)))

    low, high = 10, len(texts)
    scores = {k: silhouette(k) for k in (low, high)}
    while high - low > 1:
        middle = (low + high) // 2
        scores[middle] = silhouette(middle)
        low, high = (low, middle) if scores[low] > scores[high] else (middle, high)
    k = max(sorted(scores), key=scores.__getitem__)
    clusters = KMeans(k, random_state=0, n_init=17, max_iter=1000).fit_predict(images)
    logits = images @ texts.T
    votes = logits.argmax(axis=1)
    for _ in range(3):
        agreement = np.stack([np.bincount(votes[clusters == c], minlength=len(texts)) for c in np.unique(clusters)])
        agreement = agreement / agreement.sum(axis=1, keepdims=True)
        assigned = np.sort(linear_sum_assignment(-agreement)[1])
        names = assigned[logits[:, assigned].argmax(axis=1)]
        clusters = names
    print((names == labels).mean())
