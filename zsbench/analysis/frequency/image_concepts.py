"""The concepts of a retrieval's images, from their captions: the nouns of the paper, or those of a list.

The paper's are the lemmas of nouns, in small letters, in the first five captions of an image; a retrieval is then
judged on those in at least ten images. Of a list, an image has what one of these captions holds, looked up by lemma.

Source: Udandarao et al. 2024, arXiv:2404.04125, section 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from zsbench.analysis.frequency.counting import parsed, searches
from zsbench.analysis.frequency.counting.concepts import read_concepts
from zsbench.config import catalog
from zsbench.core.errors import UserError, unknown_name
from zsbench.core.yamlio import Document
from zsbench.plan import references
from zsbench.plan.task_configs import read_task

RETRIEVAL = "image-text-retrieval"
FIRST = 5
"""Captions of an image that the paper reads."""


def captions_of(reference: str) -> dict[str, list[str]]:
    """Return the captions of each image of a retrieval task, by name or YAML.

    Raises
    ------
    UserError
        There is no such task, or it is none of retrieval.
    """
    known = catalog.configs("tasks")
    if reference not in known and not reference.endswith((".yaml", ".yml")):
        names = [name for name, entry in known.items() if entry.family == "image-text"]
        raise unknown_name(
            "frequency concepts", "retrieval task", reference, names, listed_by="zsbench show image-text"
        )
    _, document = references.task_document(reference, Document(Path.cwd() / "frequency concepts", {}), ())
    config, source = read_task(document)
    if config.type != RETRIEVAL:
        raise UserError(reference, f"a task of type {config.type}", f"one of type {RETRIEVAL}")
    task = catalog.load_module("tasks", RETRIEVAL).Task(config, source)
    pairs = task.load(limit=None, seed=0, score_only=True).context
    captions: dict[str, list[str]] = {image: [] for image in pairs.ids["image"]}
    for image, text in zip(pairs.owner.tolist(), pairs.captions, strict=True):
        captions[pairs.ids["image"][image]].append(text)
    return captions


def nouns(captions: Mapping[str, Sequence[str]], model: str = parsed.CAPTION_MODEL) -> dict[str, list[str]]:
    """Return the lemmas of the nouns in the first captions of each image, sorted; spaCy's `model` parses them.

    Raises
    ------
    UserError
        spaCy or the model is not installed.
    """
    owners, texts = _first(captions)
    try:
        documents = parsed.Nouns((), model).documents(texts)
    except UserError as error:
        raise UserError(
            "nouns of captions", error.found, "it, or --concepts LIST, which is looked up by lemma"
        ) from None
    found: dict[str, set[str]] = {image: set() for image in captions}
    for image, words in zip(owners, documents, strict=True):
        found[image] |= {word.lower() for word in words if word}
    return {image: sorted(words) for image, words in found.items()}


def of_list(captions: Mapping[str, Sequence[str]], concepts: Path) -> dict[str, list[str]]:
    """Return the concepts of a list (`frequency count --concepts`) in the first captions of each image, in its order.

    Raises
    ------
    UserError
        The list holds none, or a name without a letter.
    """
    owners, texts = _first(captions)
    slots, finder = searches.make(searches.Search("lemma"), read_concepts(concepts).names, str(concepts))
    rows, found = slots.of_terms(*finder.find(texts))
    numbers: dict[str, set[int]] = {image: set() for image in captions}
    for row, number in zip(rows.tolist(), slots.concepts[found].tolist(), strict=True):
        numbers[owners[row]].add(number)
    return {image: [slots.wanted[number].concept for number in sorted(own)] for image, own in numbers.items()}


def _first(captions: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """Return the first captions of all images, and the image of each."""
    pairs = [(image, text) for image, texts in captions.items() for text in texts[:FIRST]]
    return [image for image, _ in pairs], [text for _, text in pairs]
