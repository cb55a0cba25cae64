"""Support images as keys of a cache model: unit features, their classes, and sums over the images of a class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Classifier, Encoder, Labelled, Problem, normalise
from zsbench.methods.classification._augment import views


@dataclass(frozen=True)
class Values:
    """The one-hot matrix L (n_support, n_classes) of a cache model, kept as labels.

    `kernel @ L` adds up columns of one class. With the first support image of every class side by side, then the
    second of every class that has two, and so on, that is a sum of a few wide slices.
    """

    labels: IntArray
    n_classes: int

    @cached_property
    def order(self) -> IntArray:
        """Columns (n_support,) of a kernel in the order that `sums` expects."""
        by_class = np.argsort(self.labels, kind="stable")
        sizes = np.bincount(self.labels, minlength=self.n_classes)
        number = np.empty_like(by_class)
        number[by_class] = np.arange(len(by_class)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return np.lexsort((self._rank[self.labels], number))

    @cached_property
    def _rank(self) -> IntArray:
        """Place of each class (n_classes,) among all, the largest first."""
        return np.argsort(np.argsort(-np.bincount(self.labels, minlength=self.n_classes), kind="stable"))

    @cached_property
    def _slices(self) -> list[tuple[int, int]]:
        """(images a class, classes) of each stretch of `order` in which all these classes have so many images more."""
        sizes = np.bincount(self.labels, minlength=self.n_classes)
        steps = np.unique([0, *sizes])
        return [(int(b - a), int((sizes >= b).sum())) for a, b in pairwise(steps)]

    def apply(self, kernel: Any) -> Any:
        """Return `kernel @ L` (n, n_classes) of a kernel (n, n_support); a class without support images gets 0."""
        return self.sums(kernel[:, self.order])

    def sums(self, kernel: Any) -> Any:
        """Return the same of a kernel whose columns stand in `order`."""
        sums, start = np.zeros((len(kernel), self.n_classes), dtype=kernel.dtype), 0
        for shots, width in self._slices:
            stretch = kernel[:, start : start + shots * width].reshape(len(kernel), shots, width)
            sums[:, :width] += stretch.sum(axis=1)
            start += shots * width
        return sums if len(self._slices) == 1 and self._slices[0][1] == self.n_classes else sums[:, self._rank]


def support_of(encoder: Encoder, problem: Problem, *, method: str, other_classes: bool = False) -> Labelled:
    """Return the support images, with a doubt about the result if they are test images.

    Raises
    ------
    UserError
        The task has none, or they are of other classes than the task's own and the method cannot use those.
    """
    support = problem.support
    if support is None or not len(support.items):
        raise UserError("", f"{method}: no support images", "`support:` (and `shots:`) in the task's YAML")
    if problem.support_names is not None and not other_classes:
        found = f"{method}: the support images are of other classes ('{problem.support_names[0]}', ...)"
        raise UserError("", found, "support images of the task's classes", "gda goes from base classes to new ones")
    if support.meets_test:
        encoder.warn(f"{support.of_test} of {len(support.items)} support images are test images: an upper bound")
    return support


def keys(encoder: Encoder, support: Labelled, *, augment: int = 1) -> FloatArray:
    """Return unit features (n_support, width): of the images, or the mean over `augment` random views of each."""
    raw = view_features(encoder, support, augment=augment, raw=True)
    return normalise(raw.mean(axis=1), what="support features")


def view_features(encoder: Encoder, support: Labelled, *, augment: int, raw: bool = False) -> FloatArray:
    """Return features (n_support, augment, width) of random views, or of the images themselves for one."""
    items = support.items if augment == 1 else [v for item in support.items for v in views(item, augment)]
    return encoder.images(items, raw=raw).reshape(len(support.items), augment, -1)


def logits_of(before: Classifier | None, *, method: str) -> Callable[[Any], FloatArray]:
    """Return what gives the logits (n_images, n_classes) of the step before, which a support set is added to.

    Logits are taken as they are, of probabilities and votes the logarithms: what is added to those multiplies them.

    Raises
    ------
    UserError
        The step before gives labels or distances.
    """
    first = scored(before, method=method)
    if first.kind.what in ("logits", "log-probabilities"):
        return lambda batch: np.asarray(first.score(batch))
    return lambda batch: first.kind.logits(first.score(batch)).astype(np.float32)


def scored(before: Classifier | None, *, method: str) -> Classifier:
    """Return the step before, whose scores probabilities follow from.

    Raises
    ------
    UserError
        It gives labels or distances.
    """
    assert before is not None
    if not before.kind.has_probabilities:
        found = f"{method}: the method before gives {before.kind.what}, not scores"
        raise UserError("", found, "a method with scores of every class, like prompt-ensemble")
    return before


def own_scale(encoder: Encoder, problem: Problem) -> float:
    """Return the factor on cosines at which probabilities are taken: the task's `logit_scale`, else the model's."""
    kind = ScoreKind("logits", problem.logit_scale).for_model(encoder.model, problem.probability_scale)
    return problem.logit_scale if kind.probability_scale is None else kind.probability_scale


def text_weights(before: Classifier | None, *, method: str) -> FloatArray:
    """Return the class weights (n_classes, width) of the step before.

    Raises
    ------
    UserError
        Its scores are not linear in the features.
    """
    assert before is not None
    if before.weights is None:
        found = f"{method}: the method before has no class weights"
        raise UserError("", found, "one whose scores are a product with the features, like prompt-ensemble")
    return before.weights
