"""CapS-Adapter: TIP-X whose affinities mix the support images with their captions.

    A      = (1 - delta) features . images^T + delta features . captions^T          (n_images, n_support)
    phi    = -rescale( K -> range of A )                                            K as in tip-x
    scores = zero-shot + alpha * exp( -beta (1 - A) ) . L + gamma * phi . L         L one-hot (n_support, n_classes)

The least and the greatest K and A are those of all test images. Values that are left out are chosen on validation
images: alpha outside, then beta, delta, gamma; the first best wins.

Source: Wang et al. 2024, arXiv:2405.16591, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Gt

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Few, LocalPath, NonNegative, Positive, Share
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.methods.classification import Classifier, Encoder, Problem, Rule
from zsbench.methods.classification._cache_model import CacheModel, cache_model
from zsbench.methods.classification._search import axis, steps
from zsbench.methods.classification._support import Values, keys, support_of, text_weights
from zsbench.models.capabilities import ImageTextEncoder


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    kind="transductive",
    uses=("support set", "captions of the support set", "validation set"),
    after="prompt-ensemble",
)
@companions(
    *((f"{name}_{end}", name, None) for name in ("alpha", "beta", "gamma") for end in ("max", "steps")),
    ("delta_steps", "delta", None),
)
def caps(
    *,
    captions: LocalPath | None = None,
    alpha: NonNegative | None = None,
    beta: NonNegative | None = None,
    gamma: NonNegative | None = None,
    delta: Share | None = None,
    alpha_max: Annotated[float, Gt(0.1)] = 50.0,
    alpha_steps: Few = 20,
    beta_max: Annotated[float, Gt(1)] = 50.0,
    beta_steps: Few = 200,
    gamma_max: Annotated[float, Gt(0.1)] = 30.0,
    gamma_steps: Few = 50,
    delta_steps: Few = 10,
    temperature: Positive = 0.5,
    augment: Few = 1,
    kl_space: Literal["class", "feature"] = "class",
) -> Rule:
    """Add support images and captions to the scores of the method before.

    Parameters
    ----------
    captions : JSON, {id of a support image: its caption}; None takes the class weights of the method before.
    alpha, beta, gamma, delta : fixed values; None chooses on the validation images.
    alpha_max, alpha_steps, beta_max, ... : values tried, from 0.1 (beta: 1) up to, not reaching, the maximum.
    delta_steps : delta is tried at 0, 1/steps, ..., 1.
    temperature : of the distributions in K.
    augment : an image key is the mean over this many random views; 1 is the image itself, the paper takes 10.
    kl_space : distributions over the classes, or over the features' coordinates as the reference code has them.
    """
    axes = {
        "alpha": axis(alpha, steps(0.1, alpha_max, alpha_steps)),
        "beta": axis(beta, steps(1.0, beta_max, beta_steps)),
        "delta": axis(delta, [i / delta_steps for i in range(delta_steps + 1)]),
        "gamma": axis(gamma, steps(0.1, gamma_max, gamma_steps)),
    }

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        support = support_of(encoder, problem, method="caps")
        if captions is None:
            texts = text_weights(before, method="caps")[support.labels]
        else:
            texts = encoder.texts(read_captions(Path(captions), support.items))
        model = CacheModel(
            images=keys(encoder, support, augment=augment),
            captions=texts,
            values=Values(support.labels, len(problem.class_names)),
            weights=text_weights(before, method="caps") if kl_space == "class" else None,
            temperature=temperature,
        )
        return cache_model(encoder, problem, before, model, axes, method="caps")

    return build


def read_captions(path: Path, items: Sequence[Any]) -> list[str]:
    """Return the caption of every support image.

    Raises
    ------
    UserError
        No JSON object of texts, or an image without a caption.
    """
    captions = jsonfiles.read(path, "JSON {id of a support image: caption}")
    if not isinstance(captions, dict) or not all(isinstance(text, str) for text in captions.values()):
        raise UserError(shown(path), "no object of texts", "{id of a support image: caption}")
    missing = [item.id for item in items if item.id not in captions]
    if missing:
        raise UserError(shown(path), f"{len(missing)} support images have no caption (first: '{missing[0]}')")
    return [captions[item.id] for item in items]
