"""Which words of a sentence may be an entity, by rules that know nothing of meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from zsbench.methods.ner.capitalised_runs import capitalised

Spans = Literal["all", "capitalised"]

_WORDS = """
a about after all also an and any are as at be because been before both but by can could did do does for from
had has have he her his how i if in into is it its may more most no not of on one or other our out over she
should so some such than that the their them then there these they this those to under up was we were what
when where which while who will with would you your
"""
FUNCTION_WORDS = frozenset(_WORDS.split())
"""English words that an entity neither begins nor ends with, as this rule has it."""


def spans(words: Sequence[str], kind: Spans, max_width: int) -> list[tuple[int, int]]:
    """Return (first, last) words of the candidates, at most `max_width` words wide, by start and width.

    `all` are those whose first and last word have a letter or a digit and are no function words, in whatever case;
    `capitalised` are the runs of words that begin with a capital, as long as there are.

    Examples
    --------
    >>> spans(["The", "King", "of", "Spain", "."], "all", 3)
    [(1, 1), (1, 3), (3, 3)]
    >>> spans(["The", "King", "of", "Spain", "."], "capitalised", 3)
    [(0, 1), (3, 3)]
    """
    if kind == "capitalised":
        return [span for span in capitalised(words) if span[1] - span[0] < max_width]
    edges = [_may_be_an_edge(word) for word in words]
    starts = [number for number, edge in enumerate(edges) if edge]
    return [(start, end) for start in starts for end in starts if start <= end < start + max_width]


def _may_be_an_edge(word: str) -> bool:
    return word.lower() not in FUNCTION_WORDS and any(character.isalnum() for character in word)
