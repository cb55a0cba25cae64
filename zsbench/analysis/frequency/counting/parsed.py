"""Captions as lemmas with their parts of speech, the paper's own search; parsed by spaCy, or before.

A caption is known by the lemmas of its nouns and proper nouns, without all that is no letter from A to Z and no blank;
letter case stays, so that `paris` does not find `Paris`. What remains of `2` is the empty word, a word like others.
Source: Udandarao et al. 2024, arXiv:2404.04125, section 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from zsbench.analysis.frequency.counting import lemmas
from zsbench.analysis.frequency.counting.tallies import Term
from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray, np

CAPTION_MODEL, QUERY_MODEL = "en_core_web_lg", "en_core_web_sm"
"""The models of spaCy that the paper parses captions and concepts with."""
NOUNS = frozenset({"NOUN", "PROPN"})
_NO_LETTER = re.compile("[^A-Za-z ]")
_BORDER = re.compile(r"[_\s]+")


def nouns(document: Iterable[Sequence[str]]) -> set[str]:
    """Return the words that a caption is known by, from [lemma, part of speech] of each of its words.

    Examples
    --------
    >>> sorted(nouns([["o'clock", "NOUN"], ["12th", "NOUN"], ["run", "VERB"], ["Paris", "PROPN"]]))
    ['Paris', 'oclock', 'th']
    """
    return {_NO_LETTER.sub("", lemma) for lemma, part in document if part in NOUNS}


def words_of(concept: str, lemma: Callable[[str], str]) -> list[str]:
    """Return the words that a concept is looked up by: in small letters, parted at `_` and blanks, lemmatised."""
    return [lemma(word) for word in _BORDER.split(concept.lower().strip()) if word]


class Nouns:
    """Finds terms of one word each among the nouns of captions."""

    def __init__(self, terms: Sequence[Term], model: str) -> None:
        self.model = model
        self._numbers = {term[0]: number for number, term in enumerate(terms)}

    def documents(self, captions: Sequence[Any]) -> list[set[str]]:
        """Return the nouns of captions; texts are parsed by spaCy."""
        texts = [number for number, caption in enumerate(captions) if isinstance(caption, str)]
        found = [set() if isinstance(caption, str) else nouns(caption) for caption in captions]
        if texts:
            parsed = load(self.model).pipe([captions[number] for number in texts], batch_size=256)
            for number, document in zip(texts, parsed, strict=True):
                found[number] = nouns((token.lemma_, token.pos_) for token in document)
        return found

    def find(self, documents: Sequence[Any]) -> tuple[IntArray, IntArray]:
        """Return (n_found,) numbers of captions, given by their nouns, and of the terms in them."""
        pairs = [
            (row, self._numbers[word]) for row, words in enumerate(documents) for word in words if word in self._numbers
        ]
        rows, terms = np.array(pairs, np.int64).reshape(-1, 2).T
        return rows, terms


@cache
def load(model: str) -> Any:
    """Return a pipeline of spaCy without what gives neither lemma nor part of speech.

    Raises
    ------
    UserError
        spaCy or the model is not installed.
    """
    try:
        import spacy
    except ImportError:
        hint = "or give captions parsed as [[lemma, part of speech], ...], or --search lemma"
        raise UserError("--search nouns", "spaCy is not installed", "pip install 'zsbench[frequency]'", hint) from None
    try:
        return spacy.load(model, exclude=["parser", "ner"])
    except OSError:
        raise UserError("--spacy", f"no model '{model}'", f"python -m spacy download {model}") from None


def query_lemma() -> tuple[Callable[[str], str], str]:
    """Return what gives the lemma of a word of a concept, and who: the paper's model of spaCy, or the built-in table.

    A word that spaCy cuts is that of its last piece.
    """
    try:
        pipeline = load(QUERY_MODEL)
    except UserError:
        return lemmas.lemma, "built-in table"
    return (lambda word: str(pipeline(word)[-1].lemma_)), f"spaCy {QUERY_MODEL}"
