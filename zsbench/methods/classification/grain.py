"""GRAIN: cosine with the mean of a class's described prompts, mixed with its descriptions found in image regions.

    w_c        = mean over templates and descriptions d of normalise( text( template(c) + join(d) ) )
    local[n,c] = mean over regions q of max over descriptions d of c of  q_nq . d
    score      = logit_scale * ( alpha * x_n . w_c + (1 - alpha) * local[n,c] )        (n_images, n_classes)

The mean is not normalised again: a class whose prompts disagree has a shorter weight.
Source: Halbe et al. 2024, arXiv:2412.04429, section 3; descriptions as of Menon & Vondrick 2023, arXiv:2210.07183.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import LocalPath, Share
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import fill_class
from zsbench.methods.classification import (
    Batch,
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
from zsbench.methods.classification._regions import encode_regions, require_regions
from zsbench.models.capabilities import ImageTextEncoder

CELLS = 2**24  # regions x descriptions in one block of cosines: 64 MB in float32


def _check(options: dict[str, Any]) -> None:
    if options["alpha"] != 1 and options["descriptions"] is None:
        raise UserError("alpha", "below 1 without descriptions of regions", "`descriptions:` beside it")


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    uses_with={"descriptions": "descriptions of the classes"},
)
@companions(check=_check)
def grain(
    *,
    descriptions: LocalPath | None = None,
    alpha: Share = 1.0,
    renormalise: bool = False,
) -> Rule:
    """Mix global similarity with that of described regions.

    Parameters
    ----------
    descriptions : JSON {class name: [descriptions]} in any order, or a folder of `<class>.txt`; a class with an
        empty list has its filled templates only, and so have all classes without a file.
    alpha : weight of the global part; below 1 the model must give region vectors (`encode_regions`).
    renormalise : give every class weight length 1.
    """

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        names = problem.class_names
        of_class = [[] for _ in names] if descriptions is None else _texts.sentences_of(descriptions, names)
        prompts = [class_texts(problem.templates, name, texts) for name, texts in zip(names, of_class, strict=True)]
        rows = encoder.texts([text for texts in prompts for text in texts])
        weights = class_weights(rows, _class_means.owners(prompts), renormalise=renormalise)
        if alpha == 1:
            return linear(weights, problem.logit_scale)
        require_regions(encoder.model, "grain with alpha < 1")
        _texts.require_texts(of_class, names, descriptions or "", "description")
        described, owner = encoder.texts([text for texts in of_class for text in texts]), _class_means.owners(of_class)

        def score(batch: Batch) -> FloatArray:
            local = local_scores(encode_regions(encoder.model, batch.items), described, owner)
            return problem.logit_scale * mix(batch.features @ weights.T, local, alpha)

        return Classifier(score, ScoreKind("logits", problem.logit_scale))

    return build


def join(description: str) -> str:
    """Return a description as the end of a prompt; first letters decide, so `a` also catches `antennae`."""
    if description.startswith(("a", "used")):
        return f" which is {description}"
    if description.startswith(("has", "often", "typically", "may", "can")):
        return f" which {description}"
    return f" which has {description}"


def class_texts(templates: Sequence[str], class_name: str, descriptions: Sequence[str]) -> list[str]:
    """Return every template with every description, or the templates alone where there is none."""
    filled = [fill_class(template, class_name) for template in templates]
    return [text + end for text in filled for end in (map(join, descriptions) if descriptions else [""])]


def class_weights(texts: Any, owner: Any, *, renormalise: bool = False) -> FloatArray:
    """Return (n_classes, width): means of unit text vectors (n_texts, width), of length 1 only if asked for."""
    means = _class_means.mean_per_class(normalise(texts, what="prompts"), owner)
    return normalise(means, what="class weights") if renormalise else means.astype(np.float32)


def local_scores(regions: Any, descriptions: Any, owner: Any) -> FloatArray:
    """Return (n_images, n_classes): mean over regions of the best description of each class.

    Parameters
    ----------
    regions, descriptions : unit vectors (n_images, n_regions, width) and (n_descriptions, width).
    owner : (n_descriptions,) class of each; every class has at least one.
    """
    order, first = _class_means.by_class(owner)
    ordered = np.asarray(descriptions)[order]
    step = max(1, CELLS // (len(ordered) * max(1, regions.shape[1])))
    blocks = (regions[start : start + step] @ ordered.T for start in range(0, len(regions), step))
    return np.concatenate([np.maximum.reduceat(block, first, axis=2).mean(axis=1) for block in blocks])


def mix(global_scores: Any, local: Any, alpha: float) -> FloatArray:
    """Return `alpha * global + (1 - alpha) * local`, both (n_images, n_classes)."""
    return np.asarray(alpha * global_scores + (1 - alpha) * local, dtype=np.float32)


def describe_prompt(options: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return every prompt of the first class, for `zsbench show`."""
    entries = _prompt_examples.known(options, "descriptions", _texts.read_sentences)
    name, file = _prompt_examples.first_class(task, entries), options.get("descriptions")
    of_class = entries.get(name, [f"<each description in {file}>"] if file else [])
    return "\n".join(class_texts(_prompt_examples.templates_of(task), name, of_class))
