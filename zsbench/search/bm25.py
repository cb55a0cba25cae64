"""BM25 over a collection, through bm25s.

    score(q, d) = sum over query tokens t (repeats count) of
                  ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + k1 (1 - b + b |d| / avg|d|))

Source: Robertson & Zaragoza 2009; the variant Lucene uses (Kamphuis et al. 2020).
"""

from __future__ import annotations

import itertools
import logging
import unicodedata
from typing import Any, Literal

from zsbench.core import ties
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.data.collections.collection import Collection

Analyzer = Literal["plain", "english", "words", "bigrams"]
"""`plain`: runs of a-z and 0-9. `english`: words, stemmed, without stop words. `words`: words of every script.
`bigrams`: as `words`, and pairs of neighbouring characters where a script parts no words (Chinese, Japanese, Thai).
"""

_READS: dict[Analyzer, str] = {
    "plain": "letters a to z or digits",
    "english": "words of two letters",
    "words": "letters or digits",
    "bigrams": "letters or digits",
}
_WORD_CHARACTER = r"[\p{L}\p{N}\p{M}\u200c\u200d]"  # with the joiners of Persian and of Indian scripts
_WORD = rf"[\p{{L}}\p{{N}}]{_WORD_CHARACTER}*"
_UNPARTED = r"[\p{Han}\p{Hiragana}\p{Katakana}\u30fc\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD_OR_RUN = rf"((?:{_UNPARTED}\p{{M}}*)+)|(?!{_UNPARTED})[\p{{L}}\p{{N}}](?:(?!{_UNPARTED}){_WORD_CHARACTER})*"


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
        import bm25s

        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self.ids = list(collection.documents)
        self.position = {key: i for i, key in enumerate(self.ids)}
        self._analyzer = analyzer
        self._options = _analysis(analyzer)
        _require_queries(collection)
        texts = [f"{d.title} {d.text}".strip() for d in collection.documents.values()]
        self._index = bm25s.BM25(k1=k1, b=b, method="lucene")
        tokens = bm25s.tokenize(self._prepared(texts), **self._options)
        if not tokens.vocab:
            raise _without_tokens(texts, analyzer)
        self._vocabulary = tokens.vocab
        self._index.index(tokens, show_progress=False)

    def tokens(self, query: str) -> list[str]:
        """Return what a query is searched by: without any token, it finds nothing."""
        import bm25s

        [words] = bm25s.tokenize(self._prepared([query]), return_ids=False, **self._options)
        return list(words)

    def _prepared(self, texts: list[str]) -> list[str]:
        """Return texts that the splitter of the analyzer reads."""
        if self._analyzer not in ("words", "bigrams"):
            return texts
        return [" ".join(unicode_tokens(text, bigrams=self._analyzer == "bigrams")) for text in texts]

    def scores(self, query: str) -> FloatArray:
        """Return the score of every document, in the order of the collection."""
        words = self.tokens(query)
        ids = [self._vocabulary[word] for word in words if word in self._vocabulary]
        if not ids:
            return np.zeros(len(self.ids), dtype=np.float32)
        found: FloatArray = self._index.get_scores(ids)
        return found

    def top(self, query: str, depth: int) -> dict[str, float]:
        """Return the best documents with a positive score, best first, equal ones in the order of their hashes."""
        scores = self.scores(query)
        rows = np.flatnonzero(scores > 0)
        if depth < len(rows):
            floor = np.partition(scores[rows], len(rows) - depth)[len(rows) - depth]
            rows = rows[scores[rows] >= floor]
        found = {self.ids[i]: float(scores[i]) for i in rows}
        return {key: found[key] for key in ties.best_first(found, query)[:depth]}


def unicode_tokens(text: str, *, bigrams: bool) -> list[str]:
    """Return the words of a text in any script: letters, digits and the marks on them, compatible forms made one.

    `bigrams` gives overlapping pairs of neighbouring characters (with their marks) for Chinese, Japanese, Korean, Thai,
    Lao, Khmer and Burmese, as Lucene's CJK analyzer does for the first three; a single character stays one.

    Examples
    --------
    >>> unicode_tokens("Café 東京都", bigrams=True)
    ['café', '東京', '京都']
    """
    import regex

    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if not bigrams:
        return regex.findall(_WORD, text)  # type: ignore[no-any-return]
    tokens: list[str] = []
    for match in regex.finditer(_WORD_OR_RUN, text):
        characters = regex.findall(r"\X", match.group()) if match.group(1) else [match.group()]
        pairs = [first + second for first, second in itertools.pairwise(characters)]
        tokens += pairs or characters
    return tokens


def _require_queries(collection: Collection) -> None:
    texts = collection.queries.values()
    if len(texts) > 1 and not any(text.strip() for text in texts):
        raise UserError("", "no query has any text", "texts of queries (`topics:` beside TREC judgements)")


def _without_tokens(texts: list[str], analyzer: Analyzer) -> UserError:
    if not any(texts):
        return UserError("", "no document has any text", "a collection with texts for BM25")
    hint = "`analyzer: words` reads every script, `bigrams` also those that part no words"
    found = f"no document has a token for `analyzer: {analyzer}`"
    return UserError("", found, _READS[analyzer], hint if analyzer in ("plain", "english") else "")


def _analysis(analyzer: Analyzer) -> dict[str, Any]:
    """Return how bm25s cuts a prepared text."""
    if analyzer in ("words", "bigrams"):
        return {"token_pattern": r"[^ ]+", "stopwords": None, "lower": False, "show_progress": False}
    plain = {"token_pattern": r"[a-z0-9]+", "stopwords": None, "lower": True, "show_progress": False}
    if analyzer == "plain":
        return plain
    try:
        import Stemmer
    except ImportError:
        raise UserError("", "analyzer 'english' needs PyStemmer", "", "pip install 'zsbench[rerank]'") from None
    return {"stopwords": "en", "stemmer": Stemmer.Stemmer("english"), "lower": True, "show_progress": False}
