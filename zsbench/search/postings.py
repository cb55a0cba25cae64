"""What BM25 is made of: what each word adds to each document's score, over one text a document or over fields.

The formula stands in `bm25.py`. With fields, each has its own statistics, over the documents in which it has a word,
and a document without a text is left out, as by Anserini's multi-field indexes of BEIR.

Source: Robertson & Zaragoza 2009; Lin et al., Anserini, `BeirMultifieldCollection`.
"""

from __future__ import annotations

import array
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.data.collections.collection import Collection
from zsbench.search import analyzers
from zsbench.search.analyzers import Analyzer

Field = Literal["title", "text"]
Fields = Mapping[Field, float]
"""What the score of each field counts."""
ONE_TEXT: Fields = {}
"""No fields: title and text are one text."""


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


def build(collection: Collection, k1: float, b: float, analyzer: Analyzer, weights: Fields) -> Postings:
    """Return the postings of a collection, of one text a document or, with `weights`, of its fields.

    Raises
    ------
    UserError
        No document has a token.
    """
    words_of = analyzers.words_of(analyzer)
    columns: defaultdict[str, int] = defaultdict()
    columns.default_factory = columns.__len__
    total: Any = None
    for weight, texts in _texts(collection, weights):
        counts = _counted(texts, words_of, columns)
        if not counts.nnz:
            continue
        scores = _scored(counts, k1, b, analyzer, every=not weights)
        scores = scores if weight == 1 else scores * np.float32(weight)
        if total is not None:
            total.resize(scores.shape)
        total = scores if total is None else total + scores
    if total is None:
        any_text = any(document.passage for document in collection.documents.values())
        raise _without_tokens(analyzer, any_text=any_text)
    total.sort_indices()
    words = np.frombuffer("\n".join(columns).encode(), dtype=np.uint8)
    return Postings(words, total.indptr[1:].astype(np.int64), total.indices, total.data)


def _texts(collection: Collection, weights: Fields) -> Iterator[tuple[float, Iterable[str]]]:
    """Yield what is searched of every document, one weight after another."""
    documents = collection.documents.values()
    if not weights:
        yield 1.0, (document.passage for document in documents)
    for field, weight in weights.items():
        yield weight, (getattr(document, field) if document.text.strip() else "" for document in documents)


def _counted(texts: Iterable[str], words_of: Callable[[str], list[str]], columns: defaultdict[str, int]) -> Any:
    """Return how often each word stands in each text, a sparse matrix (n_texts, n_words); new words get new columns."""
    from scipy import sparse

    tokens, ends = array.array("i"), [0]
    for text in texts:
        tokens.extend(map(columns.__getitem__, words_of(text)))
        ends.append(len(tokens))
    ones = np.ones(len(tokens), dtype=np.float32)
    by_text = sparse.csr_matrix((ones, np.frombuffer(tokens, dtype=np.intc), ends), shape=(len(ends) - 1, len(columns)))
    by_text.sum_duplicates()
    return by_text.tocsc()


def _scored(counts: Any, k1: float, b: float, analyzer: Analyzer, *, every: bool) -> Any:
    """Return what each word adds to each text's score, in the shape of its counts.

    N and the mean length are those of every text, or of the texts that have a word.
    """
    # Word by word: the frequency of the word in the text, and in how many texts it stands.
    tf, df = counts.data, np.diff(counts.indptr)
    lengths: IntArray = np.bincount(counts.indices, weights=tf, minlength=counts.shape[0]).astype(np.int64)
    among = lengths if every else lengths[lengths > 0]
    norms = k1 * ((1 - b) + b * analyzers.lengths_of(analyzer, lengths) / among.mean())
    idf = {count: math.log(1 + (len(among) - count + 0.5) / (count + 0.5)) for count in np.unique(df).tolist()}
    weights = np.repeat(np.asarray([idf[count] for count in df.tolist()], dtype=np.float32), df)
    scores = counts.copy()
    scores.data = (weights * (tf / (norms[counts.indices] + tf))).astype(np.float32)
    return scores


def _without_tokens(analyzer: Analyzer, *, any_text: bool) -> UserError:
    if not any_text:
        return UserError("", "no document has any text", "a collection with texts for BM25")
    hint = "`analyzer: words` reads every script, `bigrams` also those that part no words"
    found = f"no document has a token for `analyzer: {analyzer}`"
    return UserError("", found, analyzers.READS[analyzer], hint if analyzer in ("plain", "english") else "")
