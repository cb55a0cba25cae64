"""Which words of a sentence may be an entity, by rules that know nothing of meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

_WORDS = """
a about after all also an and any are as at be because been before both but by can could did do does for from
had has have he her his how i if in into is it its may more most no not of on one or other our out over she
should so some such than that the their them then there these they this those to under up was we were what
when where which while who will with would you your
"""
JOINING = frozenset(("of", "the", "for"))
"""Words within a run of capitalised ones: `Bank of England`."""
FUNCTION_WORDS = frozenset(_WORDS.split())
"""English words that an entity neither begins nor ends with, as this rule has it."""


def spans(words: Sequence[str], kind: Literal["all", "capitalised"], max_width: int) -> list[tuple[int, int]]:
    """Return (first, last) words of the candidates, at most `max_width` words wide, by start and width.

    The first and the last word of each have a letter or a digit and are no function words, in whatever case. `all` are
    all of those; `capitalised` are the longest runs of words that begin with a capital, with joining words inside.

    Examples
    --------
    >>> spans(["The", "King", "of", "Spain", "."], "all", 3)
    [(1, 1), (1, 3), (3, 3)]
    >>> spans(["The", "King", "of", "Spain", "met", "John", "."], "capitalised", 3)
    [(1, 3), (5, 5)]
    """
    edges = [number for number, word in enumerate(words) if _may_be_an_edge(word)]
    if kind == "capitalised":
        return [(start, end) for start, end in _capitalised(words, edges) if end - start < max_width]
    return [(start, end) for start in edges for end in edges if start <= end < start + max_width]


def _may_be_an_edge(word: str) -> bool:
    return word.lower() not in FUNCTION_WORDS and any(character.isalnum() for character in word)


def _capitalised(words: Sequence[str], edges: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in edges:
        if not words[number][0].isupper():
            continue
        if runs and all(word in JOINING for word in words[runs[-1][1] + 1 : number]):
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
