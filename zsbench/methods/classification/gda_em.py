"""GDA without labels, approximately: Gaussians fitted to unlabeled images by EM, from zero-shot posteriors on.

    gamma  = softmax( zero-shot )                                                   (n, n_classes) at the start
    M-step : mu_c = sum_i gamma_ic x_i / sum_i gamma_ic;  S = sum_ic gamma_ic (x_i - mu_c)(x_i - mu_c)^T / (n - 1)
             P = pinv( S + trace(S) / (n - 1) I );  W, b as in gda from mu and P
    E-step : gamma = softmax( zero-shot + alpha (features . W^T + b) )
    scores = zero-shot + alpha (features . W^T + b)

The images are the task's `unlabeled` ones, else the test images. Approximate: the paper describes this variant in
words and its code does not hold it. Number of steps, alpha, equal priors and the scale of P are choices made here: P is
(n - 1) / D times gda's, which would fade as images grow in number, and no label is there to choose alpha by.

Source: Wang et al. 2024, arXiv:2402.04087, the unsupervised variant of section 3.
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Le

from zsbench.config.components import method
from zsbench.config.options import NonNegative
from zsbench.core.lazy import np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Known, Problem, Rule, softmax
from zsbench.methods.classification._gaussians import Gaussians, shrunk_inverse
from zsbench.methods.classification._support import logits_of
from zsbench.models.capabilities import ImageTextEncoder


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    kind="transductive",
    uses=("unlabeled or test images",),
    after="prompt-ensemble",
)
def gda_em(*, alpha: NonNegative = 1.0, iterations: Annotated[int, Ge(0), Le(10_000)] = 10) -> Rule:
    """Add Gaussians fitted to unlabeled images to the scores of the method before.

    Parameters
    ----------
    alpha : weight of the Gaussian classifier in posteriors and scores.
    iterations : pairs of M- and E-step; 0 is the method before.
    """

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        items = encoder.items if problem.unlabeled is None else problem.unlabeled
        images, zero_shot = Known(encoder.images(items), items), logits_of(before, method="gda-em")
        weights, biases = expectation_maximisation(
            images.features, zero_shot(images), alpha=alpha, iterations=iterations
        )

        def score(batch: Batch) -> Any:
            return zero_shot(batch) + alpha * (batch.features @ weights.T + biases)

        return Classifier(score, ScoreKind("logits"))

    return build


def expectation_maximisation(features: Any, zero_shot: Any, *, alpha: float, iterations: int) -> tuple[Any, Any]:
    """Return weights (n_classes, width) and biases (n_classes,) of the Gaussians after the last M-step.

    Parameters
    ----------
    features : (n, width) unit rows.
    zero_shot : (n, n_classes) scores to start from and to add to.
    """
    rows = np.asarray(features, dtype=np.float64)
    degrees, total = max(len(rows) - 1, 1), rows.T @ rows
    # A class that loses all its images keeps the mean it had; before the first step that is the mean of all.
    means = np.tile(rows.mean(axis=0), (zero_shot.shape[1], 1))
    weights, biases = np.zeros_like(means), np.zeros(len(means))
    for _ in range(iterations):
        gamma = softmax(zero_shot + alpha * (rows @ weights.T + biases))
        mass = gamma.sum(axis=0)
        held = mass > 0
        means[held] = (gamma.T @ rows)[held] / mass[held, None]
        scatter = total - (means * mass[:, None]).T @ means
        precision = shrunk_inverse(scatter / degrees, degrees) * degrees / rows.shape[1]
        weights, biases = Gaussians(means, precision).discriminant()
    return weights, biases
