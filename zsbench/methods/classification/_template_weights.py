"""The formulas of template weighting: bias, score, choice and weight of each template."""

from __future__ import annotations

from typing import Any, Literal

from zsbench.core.lazy import BoolArray, FloatArray, np
from zsbench.methods.classification import softmax

Normalise = Literal["both", "test", "pretrain", "pretrain-star", "none"]
Weights = Literal["softmax", "scores", "equal"]


def centre(mode: Normalise, test: Any, pretrain: Any) -> Any:
    """Return the image (width,) whose logits are the bias of each template and class; 0 where there is no such bias.

    Parameters
    ----------
    mode : `both` is the middle of the two means, `test` and `pretrain` one of them; the other modes take nothing off.
    test, pretrain : mean unit vectors (width,) of test and pretraining images; None where the mode needs none.
    """
    if mode == "both":
        return (test + pretrain) / 2
    return {"test": test, "pretrain": pretrain}.get(mode, 0.0)


def max_logits(images: Any, texts: Any, *, logit_scale: float, bias: Any = 0.0) -> FloatArray:
    """Return (n_images, n_templates): the largest logit of each template after its bias is taken off.

    Parameters
    ----------
    images : (n_images, width) unit vectors.
    texts : (n_templates, n_classes, width) unit vectors; one template's logits are in memory at a time.
    bias : (width,), see `centre`.
    """
    centred = np.asarray(images - bias, dtype=np.float32)
    return np.stack([logit_scale * (centred @ template.T).max(axis=1) for template in texts], axis=1)


def above_median(scores: Any, tau: float) -> BoolArray:
    """Return which templates (n_templates,) lie more than `tau` median absolute deviations above the median."""
    above = scores - np.median(scores)
    return np.asarray(above > tau * np.median(np.abs(above)))


def template_weights(scores: Any, how: Weights, kept: Any) -> FloatArray:
    """Return the factor (..., n_templates) of each template's logits in the final ones.

    Parameters
    ----------
    scores : (..., n_templates).
    how : `softmax` of the scores, `equal`, or the raw `scores`, both divided by the number of templates kept.
    kept : (n_templates,) False where a template is left out.
    """
    if how == "softmax":
        return softmax(np.where(kept, scores, -np.inf))
    factors = np.where(kept, scores if how == "scores" else np.ones_like(scores), 0.0)
    return np.asarray(factors / np.sum(kept))
