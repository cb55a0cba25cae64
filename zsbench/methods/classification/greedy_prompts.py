"""Greedy prompt search: a prompt a class, grown token by token to the lowest error on the training images.

    prompt_c = ""                                                          for every class c
    `length` times, class by class:   append to prompt_c the token that lowers the training error most
    scores   = logit_scale * normalise( image ) . normalise( text(prompt_c) )        (n_images, n_classes)

The class name stands in no prompt unless its words are tokens. A token that lowers nothing is not appended, and the
first of equally good ones wins. What this costs in generalisation is what `zsbench bound` says.

Source: Akinwande et al. 2023, arXiv:2310.03957.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le

from zsbench.config.components import method
from zsbench.config.options import LocalPath, Names
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, FloatArray, IntArray, np
from zsbench.methods.classification import Classifier, Encoder, Problem, Rule, linear
from zsbench.methods.classification._support import support_of
from zsbench.models.capabilities import ImageTextEncoder

_COLUMNS = 512


@method(family="classification", needs=(ImageTextEncoder,), uses=("support set",))
def greedy_prompts(*, tokens: Names | LocalPath | None = None, length: Annotated[int, Ge(1), Le(100)] = 3) -> Rule:
    """Search prompts on the support images (all of them: leave `shots` out).

    Parameters
    ----------
    tokens : what may be appended: words, or a file (one a line, or a JSON list); by default CLIP's whole words.
    length : most tokens a prompt.
    """

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        support = support_of(encoder, problem, method="greedy-prompts")
        features = encoder.images(support.items)
        prompts, error = search(encoder, features, support.labels, words(tokens), len(problem.class_names), length)
        encoder.note("chosen prompts", dict(zip(problem.class_names, prompts, strict=True)))
        encoder.note("error of the choice", {"split": support.split, "images": len(features), "error": error})
        return linear(encoder.texts(prompts), problem.logit_scale)

    return build


def words(tokens: list[str] | str | None) -> list[str]:
    """Return the tokens to choose from, each once."""
    if tokens is None:
        from open_clip.tokenizer import SimpleTokenizer

        known = SimpleTokenizer().encoder
        tokens = [token.removesuffix("</w>") for token in known if token.endswith("</w>")]
    elif isinstance(tokens, str):
        tokens = jsonfiles.texts(Path(tokens))
    distinct = [token for token in dict.fromkeys(tokens) if token]
    if not distinct:
        raise UserError("", "greedy-prompts: no tokens", "at least one word to append")
    return distinct


def search(
    encoder: Any, features: FloatArray, labels: IntArray, tokens: Sequence[str], n_classes: int, length: int
) -> tuple[list[str], float]:
    """Return a prompt for each class and the training error they reach.

    Parameters
    ----------
    encoder : `texts(list) -> (n_texts, width)`, rows of length 1.
    features : (n_images, width), rows of length 1.
    labels : (n_images,).
    """
    prompts = [""] * n_classes
    scores, error = np.array(features @ encoder.texts(prompts).T), 1.0
    for _ in range(length):
        for c in range(n_classes):
            grown = [f"{prompts[c]} {token}".strip() for token in tokens]
            texts = encoder.texts(grown)
            parts = [texts[i : i + _COLUMNS] for i in range(0, len(texts), _COLUMNS)]
            errors = np.concatenate([errors_with(scores, features @ part.T, labels, c) for part in parts])
            best = int(errors.argmin())
            if errors[best] < error:
                error, prompts[c] = float(errors[best]), grown[best]
                scores[:, c] = features @ texts[best]
    return prompts, error


def errors_with(scores: Any, columns: Any, labels: Any, c: int) -> DoubleArray:
    """Return the error (n_candidates,) with each candidate column in place of class `c`'s scores; ties are wrong.

    Scores are (n_images, n_classes), columns (n_images, n_candidates), labels (n_images,).
    """
    of_class = labels == c
    others = np.delete(scores, c, axis=1)
    right = (columns[of_class] > others[of_class].max(axis=1, initial=-np.inf)[:, None]).sum(axis=0)
    rest = scores[np.arange(len(labels)), labels][~of_class]
    # Another class's image stays right if its score beats both the other classes and the new column.
    beaten = (others[~of_class] >= rest[:, None]).sum(axis=1) > 1
    right = right + ((columns[~of_class] < rest[:, None]) & ~beaten[:, None]).sum(axis=0)
    return np.asarray(1 - right / len(labels))
