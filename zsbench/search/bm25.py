"""BM25 over a collection.

    score(q, d) = sum over query tokens t (repeats count) of
                  ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + k1 (1 - b + b |d| / avg|d|))

What a word adds to a document's score is computed once, in single precision, and kept in the cache by the content of
the documents, so that the next command that searches them finds it there.

Source: Robertson & Zaragoza 2009; the variant Lucene uses (Kamphuis et al. 2020), with the numbers of bm25s. With
`analyzer: anserini` |d| is the length that Lucene stores, and scores are those of the public runs.
"""

from __future__ import annotations

import array
import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from zsbench.core import cache, ties
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.data.collections.collection import Collection
from zsbench.search import analyzers
from zsbench.search.analyzers import Analyzer

# Raised when an index holds other numbers, so that no older one is ever used.
VERSION = "1"
# Documents from which on an index is kept on disk; a smaller one is built as fast as it is read.
_LARGE = 2000
# Scores whose maximum stands for all of them when the best are looked for.
_BLOCK = 64


@dataclass(frozen=True)
class Postings:
    """What each word adds to each document's score: the columns of a sparse matrix, word by word.

    Attributes
    ----------
    words : the vocabulary as UTF-8, parted by line feeds.
    ends : (n_words,), where the postings of a word end; they begin at the end of those before.
    rows : (n_postings,), documents that hold the word, in ascending order.
    values : (n_postings,), what the word adds to their scores.
    """

    words: Any
    ends: Any
    rows: Any
    values: FloatArray


class Bm25:
    """An index over `title + " " + text` of every document.

    Parameters
    ----------
    collection : the documents.
    k1, b : BM25's saturation and length normalisation.
    analyzer : see `Analyzer`.

    Raises
    ------
    UserError
        No document has a token, or of several queries none has any text.
    """

    def __init__(
        self, collection: Collection, *, k1: float = 0.9, b: float = 0.4, analyzer: Analyzer = "plain"
    ) -> None:
        _require_queries(collection)
        self.ids = list(collection.documents)
        self.position = {key: i for i, key in enumerate(self.ids)}
        self._words_of = analyzers.words_of(analyzer)
        postings_of = _kept if len(self.ids) >= _LARGE else _built
        kept = postings_of(collection, k1, b, analyzer)
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


def indexed(collection: Collection, *, k1: float, b: float, analyzer: Analyzer) -> Bm25:
    """Return the index of a collection; the latest one stays in memory for whoever asks next."""
    global _latest
    key = (collection.content(), k1, b, analyzer)
    if _latest is None or _latest[0] != key:
        _latest = None  # two large ones at a time may be too many
        _latest = key, Bm25(collection, k1=k1, b=b, analyzer=analyzer)
    return _latest[1]


def build(texts: Iterable[str], *, k1: float, b: float, analyzer: Analyzer) -> Postings:
    """Return the postings of texts.

    Raises
    ------
    UserError
        No text has a token.
    """
    from scipy import sparse

    words_of = analyzers.words_of(analyzer)
    columns: defaultdict[str, int] = defaultdict()
    columns.default_factory = columns.__len__
    tokens, ends, any_text = array.array("i"), [0], False
    for text in texts:
        tokens.extend(map(columns.__getitem__, words_of(text)))
        ends.append(len(tokens))
        any_text = any_text or bool(text)
    if not columns:
        raise _without_tokens(analyzer, any_text=any_text)
    n, ones = len(ends) - 1, np.ones(len(tokens), dtype=np.float32)
    by_text = sparse.csr_matrix((ones, np.frombuffer(tokens, dtype=np.intc), ends), shape=(n, len(columns)))
    by_text.sum_duplicates()
    counts = by_text.tocsc()
    # Word by word: the frequency of the word in the document, and in how many documents it stands.
    tf, df = counts.data, np.diff(counts.indptr)
    bounds: IntArray = np.asarray(ends, dtype=np.int64)
    lengths = bounds[1:] - bounds[:-1]
    norms = k1 * ((1 - b) + b * analyzers.lengths_of(analyzer, lengths) / lengths.mean())
    idf = {count: math.log(1 + (n - count + 0.5) / (count + 0.5)) for count in np.unique(df).tolist()}
    weights = np.repeat(np.asarray([idf[count] for count in df.tolist()], dtype=np.float32), df)
    values = (weights * (tf / (norms[counts.indices] + tf))).astype(np.float32)
    words = np.frombuffer("\n".join(columns).encode(), dtype=np.uint8)
    return Postings(words, counts.indptr[1:].astype(np.int64), counts.indices, values)


def _built(collection: Collection, k1: float, b: float, analyzer: Analyzer) -> Postings:
    texts = (document.passage for document in collection.documents.values())
    return build(texts, k1=k1, b=b, analyzer=analyzer)


def _kept(collection: Collection, k1: float, b: float, analyzer: Analyzer) -> Postings:
    """Return the postings of a collection from the cache, or build and store them."""
    built = functools.cache(lambda: _built(collection, k1, b, analyzer))
    key = ["bm25", VERSION, collection.content(), repr(k1), repr(b), analyzer, *analyzers.versions(analyzer)]
    store = cache.current()
    return Postings(
        *(
            store.array([*key, part.name], lambda part=part: getattr(built(), part.name))  # type: ignore[misc]
            for part in fields(Postings)
        )
    )


def _require_queries(collection: Collection) -> None:
    texts = collection.queries.values()
    if len(texts) > 1 and not any(text.strip() for text in texts):
        raise UserError("", "no query has any text", "texts of queries (`topics:` beside TREC judgements)")


def _without_tokens(analyzer: Analyzer, *, any_text: bool) -> UserError:
    if not any_text:
        return UserError("", "no document has any text", "a collection with texts for BM25")
    hint = "`analyzer: words` reads every script, `bigrams` also those that part no words"
    found = f"no document has a token for `analyzer: {analyzer}`"
    return UserError("", found, analyzers.READS[analyzer], hint if analyzer in ("plain", "english") else "")
