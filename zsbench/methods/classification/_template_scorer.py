"""Scores every template on images it has not seen labels of, biases of templates and classes taken off first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.methods.classification import Encoder, Problem
from zsbench.methods.classification._template_pool import TemplatePool
from zsbench.methods.classification._template_weights import Normalise, centre, max_logits
from zsbench.methods.classification._texts import read_lines

ROWS = 1024
"""Images whose features are asked for at a time."""


@dataclass(frozen=True)
class Scorer:
    """Scores of every template: the largest logit of an image once the biases are taken off.

    Attributes
    ----------
    texts : the filled templates.
    logit_scale : factor on cosines.
    bias : (width,) the image whose logits are taken off, or 0.
    offsets : (n_templates,) taken off as well.
    """

    texts: TemplatePool
    logit_scale: float
    bias: Any
    offsets: Any

    def of(self, images: FloatArray) -> Any:
        """Return the scores (n_images, n_templates) of unit vectors (n_images, width)."""
        return np.concatenate([self._block(images, texts) for _, texts in self.texts.blocks()], axis=1) - self.offsets

    def mean(self, encoder: Encoder) -> Any:
        """Return the scores (n_templates,), the mean over all test images."""
        totals = np.zeros(len(self.texts))
        for part, texts in self.texts.blocks():
            for images in encoder.chunks():
                totals[part] += self._block(images, texts).sum(axis=0, dtype=np.float64)
        return totals / len(encoder.items) - self.offsets

    def _block(self, images: FloatArray, texts: FloatArray) -> FloatArray:
        return max_logits(images, texts, logit_scale=self.logit_scale, bias=self.bias)


def make_scorer(
    encoder: Encoder,
    problem: Problem,
    texts: TemplatePool,
    mode: Normalise,
    *,
    frac_test: float,
    further_classes: list[str] | str | None,
) -> Scorer:
    """Return the scorer with the biases that the mode asks for.

    Raises
    ------
    UserError
        The mode needs unlabeled images or further classes and has none, or `frac_test` leaves no image.
    """
    test = pretrain = None
    if mode in ("both", "pretrain", "pretrain-star"):
        if not problem.unlabeled:
            raise UserError("", f"zpe: `normalise: {mode}` and no unlabeled images", "`unlabeled:` in the task's YAML")
        pretrain = mean_image(encoder, problem.unlabeled)
    if mode in ("both", "test"):
        test = mean_test_image(encoder, frac_test)
    scale, offsets = encoder.model.logit_scale, np.zeros(len(texts))
    if mode == "pretrain-star":
        if further_classes is None:
            raise UserError("", "zpe: `normalise: pretrain-star` without other classes", "`further_classes:`, maybe []")
        names = dict.fromkeys([*problem.class_names, *read_lines(further_classes)])
        for part, block in TemplatePool(encoder, texts.templates, list(names)).blocks():
            offsets[part] = scale * block.mean(axis=1) @ pretrain
    return Scorer(texts, scale, centre(mode, test, pretrain), offsets)


def mean_test_image(encoder: Encoder, share: float) -> Any:
    """Return the mean feature (width,) of the first share of the test images, rounded half to even."""
    n = left = round(len(encoder.items) * share)
    if not n:
        raise UserError("", f"zpe: frac_test {share} of {len(encoder.items)} images is none", "a larger share")
    total = 0
    for features in encoder.chunks():
        total = total + features[:left].sum(axis=0, dtype=np.float64)
        left -= min(left, len(features))
        if not left:
            break
    return total / n


def mean_image(encoder: Encoder, items: Sequence[Any]) -> Any:
    """Return the mean feature (width,) of any images."""
    parts = (encoder.images(items[start : start + ROWS]) for start in range(0, len(items), ROWS))
    return sum(part.sum(axis=0, dtype=np.float64) for part in parts) / len(items)
