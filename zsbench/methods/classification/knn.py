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
from zsbench.methods.classification._support import support_of
from zsbench.models.capabilities import ImageTextEncoder

# Cosines held at once.
_CELLS = 10_000_000
# Columns whose largest value stands for them.
_GROUP = 16


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
            parts = (batch.features[part] @ rows.T for part in blocks(len(batch.features), at_once))
            return np.concatenate(
                [votes(cosines, support.labels, n_classes, k=k, temperature=temperature) for cosines in parts]
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
    columns, near = nearest(cosines, min(k, len(labels)))
    shares = softmax(near / temperature)
    cells = labels[columns] + n_classes * np.arange(len(cosines))[:, None]
    sums = np.bincount(cells.ravel(), shares.ravel(), minlength=len(cosines) * n_classes)
    return sums.reshape(len(cosines), n_classes).astype(np.float32)


def nearest(cosines: Any, k: int) -> tuple[IntArray, Any]:
    """Return the columns (n_images, k) of each row's `k` largest values, the largest first, and these values.

    Of equal values the first count. The k-th largest of the maxima of groups of columns is a bound that at least k
    values reach, and few others; only these are sorted.
    """
    n_rows, n_columns = cosines.shape
    size = min(_GROUP, n_columns // k)
    groups = n_columns // size
    maxima = cosines[:, : size * groups].reshape(n_rows, size, groups).max(axis=1)
    bound = np.partition(maxima, -k, axis=1)[:, -k, None]
    rows, columns = np.divmod(np.flatnonzero(cosines >= bound), n_columns)
    counts = np.bincount(rows, minlength=n_rows)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    values = np.full((n_rows, counts.max()), -np.inf, dtype=cosines.dtype)
    values[rows, place] = cosines[rows, columns]
    column_of = np.zeros(values.shape, dtype=np.int64)
    column_of[rows, place] = columns
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(column_of, order, axis=1), np.take_along_axis(values, order, axis=1)
