"""Vectors of texts and of classes, and cosines between them.

    document   d = mean over the chunks of a text of their vectors                  (n_texts, width), not normalised
    class      k = mean over the words that stand for a class of their vectors      (n_classes, width)

Source: Schopf et al. 2022, arXiv:2211.16285; chunks and means as in sebischair/Lbl2Vec, lbl2vec/utils.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.doubts import UNKNOWN
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.vectors import unit_rows
from zsbench.methods.text_classification import Classifier, DescribedBy, TextItem, TextProblem, Texts
from zsbench.methods.text_classification._sentences import Splitter, chunks, sentences

KIND = ScoreKind("cosines", probability_scale=20.0)
"""Cosines, whose confidence is softmax(20 cos), as in the reference's `_prediction_confidence`."""
_SHARE = 0.5
"""Words of a chunk for each token that the model reads."""


@dataclass(frozen=True)
class Chunking:
    """How texts are taken apart before they are encoded: options that several rules share."""

    splitter: Splitter
    max_words: int | None
    reference: bool

    def of(self, text: str, model: Any) -> list[str]:
        """Return the chunks of a text, at least one; a model that looks whole texts up gets them whole."""
        limit = self.max_words
        if limit is None:
            n_tokens = getattr(model, "max_tokens", None)
            if n_tokens is None:
                return [text]
            limit = int(_SHARE * n_tokens)
        return chunks(sentences(text, self.splitter), limit, reference=self.reference) or [text]


def document_vectors(texts: Texts, items: Sequence[TextItem], chunking: Chunking) -> DoubleArray:
    """Return the mean of the vectors of each text's chunks, (n_texts, width)."""
    parts = [chunking.of(item.text, texts.model) for item in items]
    vectors = texts.documents([chunk for of_text in parts for chunk in of_text])
    starts = np.cumsum([0, *(len(of_text) for of_text in parts[:-1])])
    sums = np.add.reduceat(vectors.astype(np.float64), starts, axis=0)
    return np.asarray(sums / np.array([len(of_text) for of_text in parts])[:, None])


def by_cosine(texts: Texts, classes: DoubleArray, chunking: Chunking) -> Classifier:
    """Return the classifier by the cosine of texts and class vectors (n_classes, width).

    Equal class vectors are a doubt; texts of which the model knows no word are counted.
    """
    if alike := _alike(classes):
        texts.warn(
            f"{alike} of {len(classes)} classes are defined by the same documents or words: their scores are equal"
        )

    def score(items: Sequence[TextItem]) -> FloatArray:
        vectors = document_vectors(texts, items, chunking)
        knows = _knowing(texts.model)
        blank = [not vector.any() or not knows(item.text) for item, vector in zip(items, vectors, strict=True)]
        if any(blank):
            texts.count(UNKNOWN, sum(blank))
        return cosines(vectors, classes)

    return Classifier(score, KIND)


def _alike(vectors: DoubleArray) -> int:
    """Return how many rows (n_rows, width) another one equals."""
    sizes = np.unique(vectors, axis=0, return_counts=True)[1]
    return int(sizes[sizes > 1].sum())


def _knowing(model: Any) -> Callable[[str], bool]:
    """Return what says whether a model knows any word of a text; one that reads subwords knows every text."""
    knows: Callable[[str], bool] = getattr(model, "knows", lambda _: True)
    return knows


def class_vectors(texts: Texts, problem: TextProblem, by: DescribedBy) -> DoubleArray:
    """Return the mean of the vectors of the words that stand for each class, (n_classes, width).

    A word that stands there twice counts twice, as in the reference.

    Raises
    ------
    UserError
        A word has no vector, one that is zero or not finite, or one that stands for unknown words; the message names
        class and word.
    """
    described = problem.described(by)
    words = list(dict.fromkeys(word for of_class in described for word in of_class))
    texts.asked(words)
    knows = _knowing(texts.model)
    if unknown := [word for word in words if not knows(word)]:
        found = f"{_named(problem, described, unknown[0])}: no word of it has a vector"
        raise UserError("", found, "a word that the model knows", f"{len(unknown)} of {len(words)} keywords have none")
    try:
        vectors = texts.words(words)
    except UserError as error:
        raise _without_vector(texts, problem, described, error) from None
    bad = np.flatnonzero(~(np.isfinite(vectors).all(axis=1) & (vectors != 0).any(axis=1)))
    if len(bad):
        found = "a vector that is zero or not finite"
        raise UserError("", f"{_named(problem, described, words[bad[0]])}: {found}", "a word that the model knows")
    of_word = dict(zip(words, vectors.astype(np.float64), strict=True))
    return np.stack([np.mean([of_word[word] for word in of_class], axis=0) for of_class in described])


def _without_vector(
    texts: Texts, problem: TextProblem, described: Sequence[Sequence[str]], error: UserError
) -> UserError:
    """Return the error with the first class and word that the model has no vector for."""
    for word in dict.fromkeys(word for of_class in described for word in of_class):
        try:
            texts.words([word])
        except UserError as own:
            found = f"{_named(problem, described, word)}: {own.found}"
            return UserError(own.where, found, own.expected, own.hint)
    return error


def _named(problem: TextProblem, described: Sequence[Sequence[str]], word: str) -> str:
    name = next(name for name, words in zip(problem.class_names, described, strict=True) if word in words)
    return f"class '{name}', keyword '{word}'"


def cosines(rows: DoubleArray, columns: DoubleArray) -> FloatArray:
    """Return the cosines (n_rows, n_columns) of vectors; a zero vector is similar to none."""
    return np.asarray(unit_rows(rows) @ unit_rows(columns).T, dtype=np.float32)
