"""CLIP's zero-shot classifier: the mean of a class's normalised prompt embeddings, normalised again.

    w_c    = normalise( mean_j normalise( text(template_j(c)) ) )        (n_classes, width)
    scores = logit_scale * normalise( image ) . w_c                      (n_images, n_classes)

Source: Radford et al. 2021, arXiv:2103.00020, sections 3.1.2 and 3.1.4.
"""

from __future__ import annotations

from typing import Any

from zsbench.config.components import method
from zsbench.core.lazy import FloatArray, np
from zsbench.core.templates import fill_class
from zsbench.methods.classification import Classifier, Encoder, Problem, Rule, linear, normalise
from zsbench.methods.classification._prompt_examples import first_class, templates_of
from zsbench.models.capabilities import ImageTextEncoder


@method(family="classification", needs=(ImageTextEncoder,))
def prompt_ensemble() -> Rule:
    """Average the prompts of each class; the task's YAML holds class names and templates."""

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        return linear(prompt_weights(encoder, problem), problem.logit_scale, problem.class_names)

    return build


def prompt_weights(encoder: Encoder, problem: Problem) -> FloatArray:
    """Return class weights (n_classes, width); a class of several names has the prompts of all of them."""
    prompts = [problem.prompts(name) for name in problem.class_names]
    texts = encoder.texts([text for row in prompts for text in row])
    ends = np.cumsum([len(row) for row in prompts])
    return np.concatenate([ensemble(of_class[None]) for of_class in np.split(texts, ends[:-1])])


def ensemble(texts: Any) -> FloatArray:
    """Return class weights (n_classes, width) from prompt embeddings (n_classes, n_prompts, width)."""
    return normalise(normalise(texts, what="prompts").mean(axis=1), what="class weights")


def describe_prompt(options: dict[str, Any], task: dict[str, Any]) -> str:  # noqa: ARG001 - one signature for all
    """Return every prompt of the first class, for `zsbench show`."""
    return "\n".join(fill_class(template, first_class(task, {})) for template in templates_of(task))
