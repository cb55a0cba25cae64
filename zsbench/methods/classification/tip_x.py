"""TIP-X: Tip-Adapter plus the labels of support images with a similar distribution over the classes.

    A      = features . keys^T                  (n_images, n_support) cosines
    phi    = -rescale( K -> range of A )        K[i, m] = KL( p_i || q_m ),  p, q = softmax( cosines to classes / T )
    scores = zero-shot + alpha * exp( -beta (1 - A) ) . L + gamma * phi . L         L one-hot (n_support, n_classes)

The least and the greatest K and A are those of all test images. Values that are left out are chosen on validation
images: alpha outside, then beta, then gamma; the first best wins.

Source: Udandarao et al. 2023, arXiv:2211.16198, section 3.
"""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Gt

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Few, NonNegative, Positive
from zsbench.methods.classification import Classifier, Encoder, Problem, Rule
from zsbench.methods.classification._cache_model import CacheModel, cache_model
from zsbench.methods.classification._search import axis, steps
from zsbench.methods.classification._support import Values, keys, support_of, text_weights
from zsbench.models.capabilities import ImageTextEncoder


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    kind="transductive",
    uses=("support set", "validation set"),
    after="prompt-ensemble",
)
@companions(*((f"{name}_{end}", name, None) for name in ("alpha", "beta", "gamma") for end in ("max", "steps")))
def tip_x(
    *,
    alpha: NonNegative | None = None,
    beta: NonNegative | None = None,
    gamma: NonNegative | None = None,
    alpha_max: Annotated[float, Gt(0.1)] = 50.0,
    alpha_steps: Few = 20,
    beta_max: Annotated[float, Gt(1)] = 50.0,
    beta_steps: Few = 200,
    gamma_max: Annotated[float, Gt(0.1)] = 30.0,
    gamma_steps: Few = 50,
    temperature: Positive = 0.5,
    augment: Few = 1,
    flavour: Literal["correct", "reference"] = "correct",
) -> Rule:
    """Add the support images to the scores of the method before, by cosine and by class distribution.

    Parameters
    ----------
    alpha, beta, gamma : fixed values; None chooses on the validation images.
    alpha_max, alpha_steps, beta_max, ... : values tried, from 0.1 (beta: 1) up to, not reaching, the maximum.
    temperature : of the class distributions.
    augment : a key is the mean over this many random views of its image; 1 is the image itself, the paper takes 10.
    flavour : `reference` maps the test images' K to the range of the validation images' A, as the code does.
    """
    axes = {
        "alpha": axis(alpha, steps(0.1, alpha_max, alpha_steps)),
        "beta": axis(beta, steps(1.0, beta_max, beta_steps)),
        "delta": [0.0],
        "gamma": axis(gamma, steps(0.1, gamma_max, gamma_steps)),
    }

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        support = support_of(encoder, problem, method="tip-x")
        values = Values(support.labels, len(problem.class_names))
        weights = text_weights(before, method="tip-x")
        model = CacheModel(keys(encoder, support, augment=augment), None, values, weights, temperature)
        target = "validation" if flavour == "reference" else "test"
        return cache_model(encoder, problem, before, model, axes, method="tip-x", target=target)

    return build
