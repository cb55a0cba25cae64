"""The cache model that TIP-X and CapS share; TIP-X is the one without captions.

A      = (1 - delta) features . images^T + delta features . captions^T          (n_images, n_support)
phi    = -rescale( K -> range of A ),  K[i, m] = KL( p_i || q_m )
scores = zero-shot + alpha * exp( -beta (1 - A) ) . L + gamma * phi . L         L one-hot (n_support, n_classes)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Known, Problem
from zsbench.methods.classification._divergence import Span, divergence, log_distributions, rescale
from zsbench.methods.classification._search import Axes, blocks, choose, correct_along, validation_images
from zsbench.methods.classification._support import Values, logits_of
from zsbench.methods.classification.tip_adapter import from_support, rows_at_once, sharpened


@dataclass(frozen=True)
class CacheModel:
    """Support images, their captions and classes.

    Attributes
    ----------
    images : (n_support, width) unit features.
    captions : (n_support, width) unit features; None leaves them out.
    values : classes of the support images.
    weights : (n_classes, width) that span the distributions; None takes the features' own coordinates.
    temperature : of the distributions.
    """

    images: FloatArray
    captions: FloatArray | None
    values: Values
    weights: FloatArray | None
    temperature: float = 0.5

    @cached_property
    def _log_q(self) -> Any:
        return log_distributions(self.images, self.weights, temperature=self.temperature)

    def affinity(self, features: Any, delta: float) -> Any:
        """Return A (n, n_support)."""
        cosines = features @ self.images.T
        return cosines if self.captions is None else (1 - delta) * cosines + delta * (features @ self.captions.T)

    def divergence(self, features: Any) -> Any:
        """Return K (n, n_support)."""
        return divergence(log_distributions(features, self.weights, temperature=self.temperature), self._log_q)

    def spans(self, chunks: Iterable[Any], deltas: Sequence[float]) -> tuple[Span, list[Span]]:
        """Return the range of K, and of A for each delta, over images whose features come in chunks."""
        parts = [(Span.of(self.divergence(f)), [Span.of(self.affinity(f, delta)) for delta in deltas]) for f in chunks]
        of_k, of_a = zip(*parts, strict=True)
        return reduce(or_, of_k), [reduce(or_, spans) for spans in zip(*of_a, strict=True)]


def cache_model(
    encoder: Encoder,
    problem: Problem,
    before: Classifier | None,
    model: CacheModel,
    axes: Axes,
    *,
    method: str,
    target: str = "test",
) -> Classifier:
    """Return the classifier of a cache model, its hyper-parameters chosen on the validation images.

    Parameters
    ----------
    axes : values to try of `alpha`, `beta`, `delta` and `gamma`, in that order.
    target : whose range of A the test images' K are mapped to: the `test` images' own, or the `validation` images'.
    """

    zero_shot = logits_of(before, method=method)

    def count(images: Known, labels: IntArray) -> IntArray:
        return table(zero_shot(images), images.features, model, labels, axes)

    chosen = choose(encoder, problem, axes, count, method=method)
    delta = chosen["delta"]
    of_k, [of_a] = model.spans(encoder.chunks(), [delta])
    if target == "validation":
        images, _ = validation_images(encoder, problem, method=method, what="the range of affinities")
        _, [of_a] = model.spans([images.features], [delta])

    def score(batch: Batch) -> Any:
        phi = -rescale(model.divergence(batch.features), of_k, of_a)
        affinity = model.affinity(batch.features, delta)
        cache = from_support(affinity, model.values, beta=chosen["beta"])
        return zero_shot(batch) + chosen["alpha"] * cache + chosen["gamma"] * model.values.apply(phi)

    return Classifier(score, ScoreKind("logits"))


def table(zero_shot: Any, features: Any, model: CacheModel, labels: IntArray, axes: Axes) -> IntArray:
    """Return how many images are right for every (alpha, beta, delta, gamma).

    Parameters
    ----------
    zero_shot : (n, n_classes) scores without the support images.
    features : (n, width) unit rows; the ranges of K and A are theirs.
    labels : (n,).
    axes : values to try by name, in that order.
    """
    correct = np.zeros([len(values) for values in axes.values()], dtype=np.int64)
    of_k, of_a = model.spans((features[rows] for rows in blocks(len(labels))), axes["delta"])
    values = model.values
    for rows in blocks(len(labels), rows_at_once(len(model.images))):
        divergences = model.divergence(features[rows])[:, values.order]
        for k, delta in enumerate(axes["delta"]):
            affinity = model.affinity(features[rows], delta)[:, values.order]
            phi = values.sums(-rescale(divergences, of_k, of_a[k]))
            for j, beta in enumerate(axes["beta"]):
                cache = values.sums(sharpened(affinity, beta))
                for i, alpha in enumerate(axes["alpha"]):
                    base = zero_shot[rows] + alpha * cache
                    correct[i, j, k] += correct_along(base, phi, labels[rows], axes["gamma"])
    return correct
