"""BM25 over a collection.

    score(q, d) = sum over query tokens t (repeats count) of
                  ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + k1 (1 - b + b |d| / avg|d|))

What a word adds to a document's score is computed once, in single precision, and kept in the cache by the content of
the documents, so that the next command that searches them finds it there.

Source: Robertson & Zaragoza 2009; the variant Lucene uses (Kamphuis et al. 2020), with the numbers of bm25s. With
`analyzer: anserini` |d| is the length that Lucene stores, and scores are those of the public runs.

Over several fields the score is the weighted sum of that of each: see `postings.py`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from zsbench.core import cache, ties
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.data.collections.collection import Collection
from zsbench.search import analyzers
from zsbench.search.analyzers import Analyzer
from zsbench.search.postings import ONE_TEXT, Fields, Postings, build

# Raised when an index holds other numbers, so that no older one is ever used.
VERSION = "1"
# Documents from which on an index is kept on disk; a smaller one is built as fast as it is read.
_LARGE = 2000
# Scores whose maximum stands for all of them when the best are looked for.
_BLOCK = 64


class Bm25:
    """An index over `title + " " + text` of every document, or over each of its fields.

    Parameters
    ----------
    collection : the documents.
    k1, b : BM25's saturation and length normalisation.
    analyzer : see `Analyzer`.
    fields : see `Fields`.

    Raises
    ------
    UserError
        No document has a token, or of several queries none has any text.
    """

    def __init__(
        self,
        collection: Collection,
        *,
        k1: float = 0.9,
        b: float = 0.4,
        analyzer: Analyzer = "plain",
        fields: Fields = ONE_TEXT,
    ) -> None:
        _require_queries(collection)
        self.ids = list(collection.documents)
        self.position = {key: i for i, key in enumerate(self.ids)}
        self._words_of = analyzers.words_of(analyzer)
        postings_of = _kept if len(self.ids) >= _LARGE else build
        kept = postings_of(collection, k1, b, analyzer, fields)
        self._ends, self._rows, self._values = kept.ends, kept.rows, kept.values
        words = kept.words.tobytes().decode().split("\n")
        self._columns = {word: column for column, word in enumerate(words)}

    def tokens(self, query: str) -> list[str]:
        """Return what a query is searched by: without any token, it finds nothing."""
        return self._words_of(query)

    def scores(self, query: str) -> FloatArray:
        """Return the score of every document, in the order of the collection."""
        scores = np.zeros(len(self.ids), dtype=np.float32)
        for rows, values in self._postings_of(query):
            np.add.at(scores, rows, values)
        return scores

    def scores_of(self, query: str, documents: Sequence[str]) -> FloatArray:
        """Return the scores of some documents (n,), in their order."""
        wanted = np.asarray([self.position[document] for document in documents], dtype=np.int64)
        scores = np.zeros(len(wanted), dtype=np.float32)
        for rows, values in self._postings_of(query):
            places = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
            scores += np.where(rows[places] == wanted, values[places], np.float32(0))
        return scores

    def _postings_of(self, query: str) -> Iterator[tuple[IntArray, FloatArray]]:
        """Yield the documents that hold a word, and what it adds to their scores, for each word of the query."""
        for word in self.tokens(query):
            column = self._columns.get(word)
            if column is not None:
                postings = slice(self._ends[column - 1] if column else 0, self._ends[column])
                yield self._rows[postings], self._values[postings]

    def top(self, query: str, depth: int) -> dict[str, float]:
        """Return the best documents with a positive score, best first, equal ones in the order of their hashes."""
        scores = self.scores(query)
        rows = np.flatnonzero((scores > 0) & (scores >= at_least(scores, depth)))
        best = {self.ids[row]: float(scores[row]) for row in rows}
        return {key: best[key] for key in ties.best_first(best, query)[:depth]}


def at_least(scores: FloatArray, depth: int) -> float:
    """Return a bound that the best `depth` of the scores (n,) reach, and few others do.

    It is the `depth`-th best of the maxima of blocks: each of so many blocks holds a score that reaches it.
    """
    blocks = len(scores) // _BLOCK
    if blocks <= depth:
        return -math.inf
    maxima = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
    return float(np.partition(maxima, blocks - depth)[blocks - depth])


_latest: tuple[Any, Bm25] | None = None


def indexed(collection: Collection, *, k1: float, b: float, analyzer: Analyzer, fields: Fields = ONE_TEXT) -> Bm25:
    """Return the index of a collection; the latest one stays in memory for whoever asks next."""
    global _latest
    key = (collection.content(), k1, b, analyzer, dict(fields))
    if _latest is None or _latest[0] != key:
        _latest = None  # two large ones at a time may be too many
        _latest = key, Bm25(collection, k1=k1, b=b, analyzer=analyzer, fields=fields)
    return _latest[1]


def _kept(collection: Collection, k1: float, b: float, analyzer: Analyzer, weights: Fields) -> Postings:
    """Return the postings of a collection from the cache, or build and store them."""
    built = functools.cache(lambda: build(collection, k1, b, analyzer, weights))
    key = ["bm25", VERSION, collection.content(), repr(k1), repr(b), analyzer, *analyzers.versions(analyzer)]
    key += [f"{field} {weight!r}" for field, weight in weights.items()]
    store = cache.current()
    return Postings(
        *(
            store.array([*key, part.name], lambda part=part: getattr(built(), part.name))  # type: ignore[misc]
            for part in dataclasses.fields(Postings)
        )
    )


def _require_queries(collection: Collection) -> None:
    texts = collection.queries.values()
    if len(texts) > 1 and not any(text.strip() for text in texts):
        raise UserError("", "no query has any text", "texts of queries (`topics:` beside TREC judgements)")
