"""CuPL: class weights from sentences written for each class, alone or together with the templates.

    w_c    = normalise( mean_j normalise( text_cj ) )        texts_c: the sentences of class c, as they stand;
                                                              with `templates: true` the filled templates before them
    scores = logit_scale * normalise( image ) . w_c          (n_images, n_classes)

Every text counts once in the plain mean, so 80 templates and 50 sentences weigh 80 : 50; classes may have
different numbers of sentences.
Source: Pratt et al. 2023, arXiv:2209.03320, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import LocalPath, Text
from zsbench.core.lazy import FloatArray
from zsbench.core.templates import fill_class
from zsbench.methods.classification import (
    Classifier,
    Encoder,
    Problem,
    Rule,
    _class_means,
    _prompt_examples,
    _texts,
    linear,
    normalise,
)
from zsbench.models.capabilities import ImageTextEncoder


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    uses=("sentences of a language model",),
    shown=("prompt_set",),
)
def cupl(*, prompts: LocalPath, templates: bool = False, prompt_set: Text | None = None) -> Rule:
    """Average the sentences that a language model wrote about each class.

    Parameters
    ----------
    prompts : JSON {class name: [sentences]}, keys spelled as the task spells its classes; classes of one name
        share their sentences. A class without a key is an error, never the bare template.
    templates : add the task's templates, filled with the class name (the paper's CuPL + templates).
    prompt_set : which set of sentences this is (`base`, `full`, ...), shown with the row.
    """

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        sentences = _texts.sentences_of(prompts, problem.class_names)
        _texts.require_texts(sentences, problem.class_names, prompts, "sentence")
        texts = class_texts(problem.class_names, problem.templates if templates else [], sentences)
        counts = [len(row) for row in sentences]
        encoder.note("cupl", {"prompt set": prompt_set or Path(prompts).name, "sentences a class": span(counts)})
        rows = encoder.texts([text for row in texts for text in row])
        return linear(class_weights(rows, _class_means.owners(texts)), problem.logit_scale)

    return build


def class_texts(
    class_names: Sequence[str], templates: Sequence[str], sentences: Sequence[Sequence[str]]
) -> list[list[str]]:
    """Return the texts of each class: the templates filled with its name, then its sentences."""
    return [
        [*(fill_class(template, name) for template in templates), *of_class]
        for name, of_class in zip(class_names, sentences, strict=True)
    ]


def class_weights(texts: Any, owner: Any) -> FloatArray:
    """Return class weights (n_classes, width) from text embeddings (n_texts, width) and their classes (n_texts,)."""
    return normalise(_class_means.mean_per_class(normalise(texts, what="texts"), owner), what="class weights")


def span(counts: Sequence[int]) -> str:
    """Return `20`, or `18 to 20` where classes differ."""
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def describe_prompt(options: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return every text of the first class, for `zsbench show`."""
    entries = _prompt_examples.known(options, "prompts", _texts.read_sentences)
    name = _prompt_examples.first_class(task, entries)
    templates = _prompt_examples.templates_of(task) if options.get("templates") else []
    of_class = entries.get(name, [f"<each sentence of '{name}' in {options.get('prompts', 'the file of `prompts:`')}>"])
    return "\n".join(class_texts([name], templates, [of_class])[0])
