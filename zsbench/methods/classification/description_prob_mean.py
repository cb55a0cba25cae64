"""AdaptCLIPZS's rule: the mean probability of a class's descriptions, in one softmax over those of all classes.

    p[n,t]      = softmax_t( s * x_n . text_t )        over the texts of all classes together; s = exp(logit_scale)
    score[n,c]  = mean of p[n,t] over the texts t of class c                        (n_images, n_classes)

A text is `<template(class)> <line without its first two words>`. A class gains nothing from having more texts, but
every score depends on the texts of all classes. A text that stands twice has one probability wherever it stands.
Source: Saha et al. 2024, arXiv:2401.02460, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import ClassTemplate, LocalPath, Natural
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import fill_class, require_class
from zsbench.methods.classification import (
    Batch,
    Classifier,
    Encoder,
    Problem,
    Rule,
    _class_means,
    _prompt_examples,
    _texts,
    softmax,
)
from zsbench.models.capabilities import ImageTextEncoder

CELLS = 2**22  # images x texts in one block of probabilities: 32 MB in float64


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    uses=("descriptions of the classes",),
    uses_with={"locations": "places where the classes are found"},
)
def description_prob_mean(
    *,
    descriptions: LocalPath,
    locations: LocalPath | None = None,
    template: ClassTemplate | None = None,
    drop_words: Natural = 2,
) -> Rule:
    """Score classes by the probabilities of their descriptions, with the model's own logit scale.

    Parameters
    ----------
    descriptions : JSON {class name: [lines]}, or a folder with one `<class>.txt` a class (`SLASH` stands for `/`).
    locations : further lines of the same layout (where a species lives); double quotes are removed from them.
    template : what stands before each line; by default the task's, if it has one only. `_` in names becomes a blank.
    drop_words : so many words at the start of each line are left out (`The bird has ...`); lines with no more words
        than that are skipped and counted.
    """

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        lines = _texts.sentences_of(descriptions, problem.class_names)
        if locations is not None:
            further = _texts.sentences_of(locations, problem.class_names)
            lines = [[*of_class, *unquoted(more)] for of_class, more in zip(lines, further, strict=True)]
        start, names = _opening(template, problem.templates), problem.class_names
        texts = [class_texts(start, name, of_class, drop_words) for name, of_class in zip(names, lines, strict=True)]
        _texts.require_texts(texts, names, descriptions, f"line of more than {drop_words} words")
        scale, owner = encoder.model.logit_scale, _class_means.owners(texts)
        skipped = sum(map(len, lines)) - len(owner)
        encoder.note("description-prob-mean", {"logit scale": scale, "texts": len(owner), "lines skipped": skipped})
        rows = encoder.texts([text for of_class in texts for text in of_class])

        def score(batch: Batch) -> Any:
            return class_scores(batch.features, rows, owner, logit_scale=scale)

        return Classifier(score, ScoreKind("probabilities"))

    return build


def class_texts(template: str, class_name: str, lines: Sequence[str], drop_words: int) -> list[str]:
    """Return the texts of one class: the filled template before each line without its first words."""
    opening = fill_class(template, class_name.replace("_", " "))
    rests = [" ".join(line.split()[drop_words:]) for line in lines]
    return [f"{opening} {rest}" for rest in rests if rest]


def unquoted(lines: Sequence[str]) -> list[str]:
    """Return the lines without double quotes."""
    return [line.replace('"', "") for line in lines]


def class_scores(images: Any, texts: Any, owner: Any, *, logit_scale: float) -> FloatArray:
    """Return scores (n_images, n_classes): mean probability of a class's texts.

    Parameters
    ----------
    images, texts : unit vectors (n_images, width) and (n_texts, width).
    owner : (n_texts,) class of each text; every class has at least one.
    logit_scale : factor on cosines.
    """
    step = max(1, CELLS // len(texts))
    blocks = (softmax(logit_scale * images[i : i + step] @ np.transpose(texts)) for i in range(0, len(images), step))
    means = [_class_means.mean_per_class(probabilities, owner, axis=1) for probabilities in blocks]
    return np.concatenate(means).astype(np.float32)


def _opening(template: str | None, templates: Sequence[str]) -> str:
    if template is None and len(templates) > 1:
        raise UserError("", f"the task has {len(templates)} templates, the rule takes one", "the method's `template:`")
    require_class(template or templates[0], "")
    return template or templates[0]


def describe_prompt(options: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return every text of the first class, for `zsbench show`."""
    entries = _prompt_examples.known(options, "descriptions", _texts.read_sentences)
    name = _prompt_examples.first_class(task, entries)
    template = options.get("template") or _prompt_examples.templates_of(task)[0]
    lines = [
        *entries.get(name, []),
        *unquoted(_prompt_examples.known(options, "locations", _texts.read_sentences).get(name, [])),
    ]
    placeholder = f"{fill_class(template, name)} <each line of '{name}' in {options.get('descriptions', 'a file')}>"
    return "\n".join(class_texts(template, name, lines, options.get("drop_words", 2))) or placeholder
