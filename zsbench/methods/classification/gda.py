"""Gaussian discriminant analysis of the support images added to zero-shot scores, without training.

    mu_c   = mean of the rows of class c;  S = X^T X / (n - 1),  X = rows minus their class mean,  n = all rows
    S^-1   = D pinv( (n - 1) S + trace(S) I )                                       D = width
    W, b   = mu_c S^-1,  log(1 / C) - mu_c S^-1 mu_c / 2                            (n_classes, width), (n_classes,)
    scores = zero-shot + alpha (features . W^T + b)

New classes without images (base-to-new): the k base rows nearest to the class's text stand in for its images,

    mu_j   = mean( those k rows and `text_repeat` copies of the text w_j )
    S^-1   = mean_j D pinv( (k - 1) S_j + trace(S_j) I ),  S_j = covariance of the k rows about w_j

while the base classes average the covariances of their classes, unshrunk. `alpha` is the first best on the validation
images, those of the base classes for both.

Source: Wang et al. 2024, arXiv:2402.04087, section 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from zsbench.config.components import method
from zsbench.config.options import Count, Few, NonNegative
from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Known, Problem, Rule
from zsbench.methods.classification._gaussians import Gaussians, new_classes, per_class, pooled
from zsbench.methods.classification._search import axis, blocks, choose, correct_along
from zsbench.methods.classification._support import logits_of, support_of, text_weights, view_features
from zsbench.models.capabilities import ImageTextEncoder

ALPHAS = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
USES = ("support set", "validation set")


@method(family="classification", needs=(ImageTextEncoder,), uses=USES, after="prompt-ensemble")
def gda(
    *,
    alpha: NonNegative | None = None,
    covariance: Literal["pooled", "per-class"] = "pooled",
    k: Count = 64,
    text_repeat: Annotated[int, Ge(0), Le(10_000)] = 16,
    augment: Few = 1,
) -> Rule:
    """Add a Gaussian classifier of the support images to the scores of the method before.

    On a task about new classes (`half: new`) alpha is chosen on the base classes, whose zero-shot scores are those of
    the same methods before, so that both halves of a data set have one alpha. (A method before that is transductive
    sees the test images of its own half.)

    Parameters
    ----------
    alpha : weight of the Gaussian classifier; None chooses from 1e-4, 1e-3, ..., 100 on the validation images.
    covariance : of the support images' classes: `pooled` and shrunk (few shots), or the `per-class` ones' mean,
        unshrunk, as the paper has it for base-to-new.
    k, text_repeat : support rows that stand in for a new class, and the weight of its text among them.
    augment : every support image counts as this many random views; 1 is the image itself, the paper takes 10.
    """
    axes = {"alpha": axis(alpha, ALPHAS)}

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        support = support_of(encoder, problem, method="gda", other_classes=True)
        learned, first = _of_support(encoder, problem, before)
        zero_shot, first_logits = (logits_of(step, method="gda") for step in (before, first))
        rows = view_features(encoder, support, augment=augment)
        rows, labels = rows.reshape(-1, rows.shape[-1]), np.repeat(support.labels, augment)
        gaussians = fit(rows, labels, learned.class_names, covariance=covariance)
        if not gaussians.precision.any():
            encoder.note("covariance", "0: one row a class; the scores are the zero-shot ones (set `augment`)")
        weights, biases = gaussians.discriminant()

        def count(images: Known, labels: IntArray) -> IntArray:
            return table(first_logits(images), images.features @ weights.T + biases, labels, axes["alpha"])

        chosen = choose(encoder, learned, axes, count, method="gda")
        if learned is not problem:
            encoder.note("k", min(k, len(rows)))
            texts = text_weights(before, method="gda")
            weights, biases = new_classes(rows, texts, k=k, text_repeat=text_repeat).discriminant()

        def score(batch: Batch) -> Any:
            return zero_shot(batch) + chosen["alpha"] * (batch.features @ weights.T + biases)

        return Classifier(score, ScoreKind("logits"))

    return build


def _of_support(encoder: Encoder, problem: Problem, before: Classifier | None) -> tuple[Problem, Classifier | None]:
    """Return the problem of the classes that have support images, and its zero-shot classifier."""
    if problem.support_names is None:
        return problem, before
    # What is known of the new classes is nothing about the base ones.
    learned = replace(
        problem, class_names=problem.support_names, support_names=None, unseen=None, distances=None, counts=None
    )
    assert before is not None
    assert before.chain is not None
    return learned, before.chain(_Aside(encoder), learned, None)


class _Aside:
    """The encoder for a classifier that is only chosen by: what it would note is not of the result's own."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def note(self, key: str, value: Any) -> None:
        """Note nothing."""


def fit(rows: Any, labels: IntArray, class_names: list[str], *, covariance: str) -> Gaussians:
    """Return the Gaussians of the support images' classes.

    Raises
    ------
    UserError
        A class has too few rows.
    """
    counts, least = np.bincount(labels, minlength=len(class_names)), 2 if covariance == "per-class" else 1
    if counts.min() < least:
        found = f"gda: class '{class_names[int(counts.argmin())]}' has {counts.min()} support rows"
        raise UserError("", found, f"{least} for {covariance} covariance", "more `shots:`, or `augment:` above 1")
    return (pooled if covariance == "pooled" else per_class)(rows, labels, len(class_names))


def table(zero_shot: Any, gaussian: Any, labels: IntArray, alpha: Any) -> IntArray:
    """Return how many images (n_images, n_classes) are right for every alpha."""
    parts = [correct_along(zero_shot[rows], gaussian[rows], labels[rows], alpha) for rows in blocks(len(labels))]
    return np.asarray(np.sum(parts, axis=0))
