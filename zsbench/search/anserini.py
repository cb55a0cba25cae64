"""English texts as Anserini indexes them, so that BM25 finds what the public BM25 runs found.

Lucene's filters in Anserini's order: words of Unicode's text segmentation (single letters and digits, too), a final 's
cut off, lower case, Lucene's 33 stop words left out, Porter's stemmer. Two things are otherwise: words of over 255
characters stay whole, and the digits of keycap emoji are digits.

Source: `DefaultEnglishAnalyzer.java` of https://github.com/castorini/anserini; `StandardTokenizerImpl.jflex`,
`EnglishPossessiveFilter.java`, `PorterStemmer.java` and `SmallFloat.java` of https://github.com/apache/lucene; Unicode
Standard Annex 29.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from zsbench.core.lazy import IntArray, np

# In ASCII, a colon, point or apostrophe joins two letters; a comma, semicolon, point or apostrophe joins two digits.
_ASCII_WORD = r"_*[A-Za-z0-9](?:[A-Za-z0-9_]|(?<=[A-Za-z])[:.'](?=[A-Za-z])|(?<=[0-9])[,;.'](?=[0-9]))*"
_MARKS = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*"
_LETTER = rf"[\p{{WB=ALetter}}\p{{WB=Hebrew_Letter}}]{_MARKS}"
_DIGIT = rf"[\p{{WB=Numeric}}\uff10-\uff19]{_MARKS}"
_LETTERS = rf"{_LETTER}(?:(?:[\p{{WB=MidLetter}}\p{{WB=MidNumLet}}']{_MARKS})?{_LETTER})*+"
_DIGITS = rf"{_DIGIT}(?:(?:[\p{{WB=MidNum}}\p{{WB=MidNumLet}}']{_MARKS})?{_DIGIT})*+"
_LOW_LINE = rf"(?:\p{{WB=ExtendNumLet}}{_MARKS})"
_RUN = rf"(?:(?:{_LETTERS}|{_DIGITS})++|(?:\p{{WB=Katakana}}{_MARKS})++)"
_UNICODE_WORD = (
    rf"{_LOW_LINE}*+{_RUN}(?:{_LOW_LINE}++{_RUN})*+{_LOW_LINE}*+"
    rf"|(?:\p{{LB=Complex_Context}}{_MARKS})++"
    rf"|[\p{{Han}}\p{{Hiragana}}]{_MARKS}"
    r"|(?:\p{WB=Regional_Indicator}{2}|(?=\p{Extended_Pictographic})\X)"
)
_POSSESSIVES = ("'s", "\u2019s", "\uff07s")
# Lucene's stemmer goes beyond Porter's paper, as Porter's own program does: behind a vowel and a consonant, the ending
# -bli becomes -ble and -logi becomes -log. Both endings come about when -y, -s, -ed and -ing are dealt with.
_BEYOND_THE_PAPER = re.compile(r"(.*(?:[aeiou]|[^aeiou]y)[^aeiou].*)(?:(bl)|log)(?:[iy](?:s|ed|ing)?|ies)", re.DOTALL)


class _Terms(dict[str, str]):
    """What becomes of each word that a text may hold; "" for a stop word. Filled as words come up."""

    def __init__(self, stop: frozenset[str], stem: Callable[[str], str]) -> None:
        super().__init__()
        self._stop, self._stem = stop, stem

    def __missing__(self, word: str) -> str:
        lowered = word.lower()
        if lowered.endswith(_POSSESSIVES):
            lowered = lowered[:-2]
        self[word] = term = "" if lowered in self._stop else self._stemmed(lowered)
        return term

    def _stemmed(self, word: str) -> str:
        if len(word) < 3:
            return word
        beyond = _BEYOND_THE_PAPER.fullmatch(word)
        return self._stem(word if beyond is None else beyond[1] + ("ble" if beyond[2] else "log"))


def words_of(stop: frozenset[str], stem: Callable[[str], str]) -> Callable[[str], list[str]]:
    """Return what gives the words of a text, in its order.

    Parameters
    ----------
    stop : words that are left out, in lower case.
    stem : Porter's algorithm as in his paper.
    """
    terms = _Terms(stop, stem)
    find = re.compile(_ASCII_WORD).findall
    find_any: Any = None

    def words(text: str) -> list[str]:
        nonlocal find_any
        if text.isascii():
            return [term for word in find(text) if (term := terms[word])]
        if find_any is None:
            import regex

            find_any = regex.compile(_UNICODE_WORD).findall
        # No word reaches over a blank, and most parts of a text are ASCII, which is read faster.
        parts = text.split(" ")
        found = (word for part in parts for word in (find(part) if part.isascii() else find_any(part)))
        return [term for word in found if (term := terms[word])]

    return words


def stored_lengths(lengths: IntArray) -> IntArray:
    """Return lengths of documents (n,) in words as Lucene keeps them, in a byte: what exceeds 24 has four bits."""
    excess: IntArray = np.maximum(lengths - 24, 0)
    cut: IntArray = np.maximum(np.frexp(excess)[1] - 4, 0)
    stored: IntArray = np.minimum(lengths, 24) + (excess >> cut << cut)
    return stored
