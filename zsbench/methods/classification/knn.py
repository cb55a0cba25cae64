"""Nearest neighbours: the k labelled images most like an image vote for their classes, the more alike the more.

    s_ij    = features_i . support_j                          cosines (n_images, n_support)
    score_c = sum of softmax_j( s_ij / T ) over the k nearest j of class c            sums to 1 over classes

Source: Wu et al. 2018, arXiv:1805.01978, section 3.4; k = 20 as in Liu et al. 2024 (RemoteCLIP), arXiv:2306.11029.
"""

from __future__ import annotations

from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Count, Positive
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule, softmax
from zsbench.methods.classification._search import blocks
from zsbench.methods.classification._support import Values, support_of
from zsbench.models.capabilities import ImageTextEncoder

# Cosines held at once.
_CELLS = 10_000_000


@method(family="classification", needs=(ImageTextEncoder,), uses=("support set",))
def knn(*, k: Count = 20, temperature: Positive = 0.07) -> Rule:
    """Classify by the nearest support images; the texts of the classes play no part.

    Parameters
    ----------
    k : neighbours that vote; all support images where there are fewer.
    temperature : of the votes' softmax; a high one counts every neighbour alike.
    """

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        support = support_of(encoder, problem, method="knn")
        rows, n_classes = encoder.images(support.items), len(problem.class_names)
        if k > len(rows):
            encoder.note("k", f"{len(rows)}: there are no more support images")
        at_once = max(1, _CELLS // len(rows))

        def score(batch: Batch) -> Any:
            parts = blocks(len(batch.features), at_once)
            cosines = (batch.features[part] @ rows.T for part in parts)
            return np.concatenate(
                [votes(own, support.labels, n_classes, k=k, temperature=temperature) for own in cosines]
            )

        return Classifier(score, ScoreKind("votes"))

    return build


def votes(cosines: Any, labels: IntArray, n_classes: int, *, k: int = 20, temperature: float = 0.07) -> FloatArray:
    """Return scores (n_images, n_classes); a class without a neighbour gets 0.

    Parameters
    ----------
    cosines : (n_images, n_support).
    labels : (n_support,) classes of the support images; of equally near ones the first count.
    """
    k = min(k, len(labels))
    # Everything above the k-th cosine is near; of those equal to it the first are taken.
    edge = np.partition(cosines, -k, axis=1)[:, -k, None]
    above, level = cosines > edge, cosines == edge
    near = above | (level & (np.cumsum(level, axis=1) <= k - above.sum(axis=1, keepdims=True)))
    shares = softmax(np.where(near, cosines / temperature, -np.inf))
    return np.asarray(Values(labels, n_classes).apply(shares), dtype=np.float32)
