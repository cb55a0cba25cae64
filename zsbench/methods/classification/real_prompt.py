"""REAL-Prompt: the prompt ensemble with each class called by its most frequent synonym.

The weights are those of `prompt-ensemble` over the other names; the classes keep their labels.
Source: Parashar et al. 2024, arXiv:2401.12425, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import LocalPath
from zsbench.core.templates import fill_class
from zsbench.methods.classification import Classifier, Encoder, Problem, Rule
from zsbench.methods.classification._prompt_examples import first_class, known, templates_of
from zsbench.methods.classification._texts import of_classes, read_names
from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
from zsbench.models.capabilities import ImageTextEncoder


@method(family="classification", needs=(ImageTextEncoder,), uses=("synonyms of the class names",))
def real_prompt(*, synonyms: LocalPath) -> Rule:
    """Fill the task's templates with other names; `synonyms` is JSON {class name: best name}, one key a class."""

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        names = of_classes(read_names(synonyms), problem.class_names, synonyms)
        renamed = sum(a != b for a, b in zip(names, problem.class_names, strict=True))
        encoder.note("real-prompt", {"renamed classes": renamed})
        return prompt_ensemble()(encoder, replace(problem, class_names=names), before)

    return build


def describe_prompt(options: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return every prompt of the first class, for `zsbench show`."""
    entries = known(options, "synonyms", read_names)
    name = first_class(task, entries)
    best = entries.get(name, f"<other name of '{name}' in {options.get('synonyms', 'the file of `synonyms:`')}>")
    return "\n".join(fill_class(template, best) for template in templates_of(task))
