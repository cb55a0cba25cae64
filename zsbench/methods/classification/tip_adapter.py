"""Tip-Adapter: zero-shot scores plus the labels of similar support images, without training.

    A      = features . keys^T                                          (n_images, n_support) cosines
    scores = zero-shot + alpha * exp( -beta (1 - A) ) . L               L one-hot (n_support, n_classes)

`alpha` weighs the support images, `beta` is the sharpness (some releases of the code swap the two names). Left out,
they are chosen on validation images: beta outside, alpha inside, the first best wins.

Source: Zhang et al. 2022, arXiv:2207.09519, section 3.
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Gt

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Few, NonNegative
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Known, Problem, Rule
from zsbench.methods.classification._search import axis, blocks, choose, correct_along, steps
from zsbench.methods.classification._support import Values, keys, logits_of, support_of
from zsbench.models.capabilities import ImageTextEncoder

# Numbers of a kernel in memory at a time.
_CELLS = 2**18


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    uses=("support set", "validation set"),
    after="prompt-ensemble",
)
@companions(*((f"{name}_{end}", name, None) for name in ("alpha", "beta") for end in ("max", "steps")))
def tip_adapter(
    *,
    alpha: NonNegative | None = None,
    beta: NonNegative | None = None,
    alpha_max: Annotated[float, Gt(0.1)] = 3.0,
    alpha_steps: Few = 20,
    beta_max: Annotated[float, Gt(0.1)] = 7.0,
    beta_steps: Few = 200,
    augment: Few = 1,
) -> Rule:
    """Add the support images to the scores of the method before.

    Parameters
    ----------
    alpha, beta : fixed values; None chooses on the validation images.
    alpha_max, alpha_steps, beta_max, beta_steps : values tried, from 0.1 up to (not reaching) the maximum. The
        defaults are the paper's for ImageNet.
    augment : a key is the mean over this many random views of its image; 1 is the image itself, the paper takes 10.
    """
    axes = {
        "beta": axis(beta, steps(0.1, beta_max, beta_steps)),
        "alpha": axis(alpha, steps(0.1, alpha_max, alpha_steps)),
    }

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        support = support_of(encoder, problem, method="tip-adapter")
        values, zero_shot = Values(support.labels, len(problem.class_names)), logits_of(before, method="tip-adapter")
        support_features = keys(encoder, support, augment=augment)

        def count(images: Known, labels: IntArray) -> IntArray:
            return table(zero_shot(images), images.features @ support_features.T, values, labels, **axes)

        chosen = choose(encoder, problem, axes, count, method="tip-adapter")

        def score(batch: Batch) -> FloatArray:
            cache = from_support(batch.features @ support_features.T, values, beta=chosen["beta"])
            return np.asarray(zero_shot(batch) + chosen["alpha"] * cache)

        return Classifier(score, ScoreKind("logits"))

    return build


def from_support(affinity: Any, values: Values, *, beta: float) -> Any:
    """Return what the support images say of each class (n, n_classes), from cosines (n, n_support)."""
    return values.apply(sharpened(affinity, beta))


def sharpened(affinity: Any, beta: float) -> Any:
    """Return exp( -beta (1 - A) )."""
    kernel = beta * affinity
    kernel -= beta
    return np.exp(kernel, out=kernel)


def table(zero_shot: Any, affinity: Any, values: Values, labels: IntArray, *, beta: Any, alpha: Any) -> IntArray:
    """Return how many images are right for every (beta, alpha).

    Parameters
    ----------
    zero_shot : (n, n_classes) scores without the support images.
    affinity : (n, n_support) cosines.
    labels : (n,).
    beta, alpha : values to try.
    """
    correct = np.zeros((len(beta), len(alpha)), dtype=np.int64)
    for rows in blocks(len(labels), rows_at_once(affinity.shape[1])):
        ordered = affinity[rows][:, values.order]
        for i, sharpness in enumerate(beta):
            cache = values.sums(sharpened(ordered, sharpness))
            correct[i] += correct_along(zero_shot[rows], cache, labels[rows], alpha)
    return correct


def rows_at_once(n_support: int) -> int:
    """Return how many images are searched at a time, few enough for a processor's own memory."""
    return max(1, _CELLS // n_support)
