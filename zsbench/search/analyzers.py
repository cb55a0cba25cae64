"""How BM25 cuts a text into words."""

from __future__ import annotations

import importlib.metadata
import itertools
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Literal

from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray
from zsbench.search import anserini

Analyzer = Literal["plain", "english", "anserini", "words", "bigrams"]
"""`plain`: runs of a-z and 0-9. `english`: words of two letters or more, stemmed, without stop words. `anserini`: the
same by the rules of the public BM25 runs. `words`: words of every script. `bigrams`: as `words`, and pairs of
neighbouring characters where a script parts no words (Chinese, Japanese, Thai).
"""

READS: dict[Analyzer, str] = {
    "plain": "letters a to z or digits",
    "english": "words of two letters",
    "anserini": "letters or digits",
    "words": "letters or digits",
    "bigrams": "letters or digits",
}
_PACKAGES: dict[Analyzer, list[str]] = {
    "plain": [],
    "english": ["bm25s", "PyStemmer"],
    "anserini": ["bm25s", "PyStemmer", "regex"],
    "words": ["regex"],
    "bigrams": ["regex"],
}
_WORD_CHARACTER = r"[\p{L}\p{N}\p{M}\u200c\u200d]"  # with the joiners of Persian and of Indian scripts
_WORD = rf"[\p{{L}}\p{{N}}]{_WORD_CHARACTER}*"
_UNPARTED = r"[\p{Han}\p{Hiragana}\p{Katakana}\u30fc\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD_OR_RUN = rf"((?:{_UNPARTED}\p{{M}}*)+)|(?!{_UNPARTED})[\p{{L}}\p{{N}}](?:(?!{_UNPARTED}){_WORD_CHARACTER})*"


def words_of(analyzer: Analyzer) -> Callable[[str], list[str]]:
    """Return what gives the words of a text, in its order.

    Raises
    ------
    UserError
        The analyzer needs a package that is not installed.
    """
    if analyzer in ("words", "bigrams"):
        return lambda text: unicode_tokens(text, bigrams=analyzer == "bigrams")
    if analyzer == "plain":
        find = re.compile(r"[a-z0-9]+").findall
        return lambda text: find(text.lower())
    from bm25s.stopwords import STOPWORDS_EN

    stop = frozenset(STOPWORDS_EN)
    if analyzer == "anserini":
        return anserini.words_of(stop, _stemmer("porter", analyzer).stemWord)
    words, stems = re.compile(r"\b\w\w+\b").findall, _stemmer("english", analyzer).stemWords
    return lambda text: stems([word for word in words(text.lower()) if word not in stop])


def lengths_of(analyzer: Analyzer, lengths: IntArray) -> IntArray:
    """Return the lengths (n,) by which BM25 weighs documents of so many words."""
    return anserini.stored_lengths(lengths) if analyzer == "anserini" else lengths


def versions(analyzer: Analyzer) -> list[str]:
    """Return the versions of everything that says what the words of a text are."""
    return [unicodedata.unidata_version, *map(importlib.metadata.version, _PACKAGES[analyzer])]


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


def _stemmer(algorithm: str, analyzer: Analyzer) -> Any:
    try:
        import Stemmer
    except ImportError:
        raise UserError("", f"analyzer '{analyzer}' needs PyStemmer", "", "pip install 'zsbench[rerank]'") from None
    return Stemmer.Stemmer(algorithm)
