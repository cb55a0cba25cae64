"""Where the texts that a language model wrote stand in its sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from zsbench.data.sentences.sentence import Mention, Sentence


def mentions(
    sentence: Sentence, written: Sequence[tuple[str, str]], occurrences: Literal["all", "first"]
) -> list[Mention]:
    """Return the mentions that (label, text) pairs speak of, in the order of the pairs.

    `all`: every place of a text; a text that is written again says nothing new. `first`: one mention each time that it
    is written, at its first place that is still free. What has no place is a mention without borders.
    """
    if occurrences == "all":
        distinct = list(dict.fromkeys(written))
        return [_mention(*pair, place) for pair in distinct for place in places(sentence, pair[1]) or (None,)]
    taken: Counter[tuple[str, str]] = Counter()
    found = []
    for label, text in written:
        free = places(sentence, text)[taken[label, text] :]
        found.append(_mention(label, text, free[0] if free else None))
        taken[label, text] += 1
    return found


def _mention(label: str, text: str, place: tuple[int, int] | None) -> Mention:
    return Mention(None, None, label, None, text) if place is None else Mention(*place, label, None, text)


def places(sentence: Sentence, text: str) -> list[tuple[int, int]]:
    """Return the first and the last word, inclusive, of every place where a text stands as whole words.

    Blanks are alike whatever their number. Where a text stands nowhere as it is written, its case is ignored.

    Examples
    --------
    >>> places(Sentence("s", ("Queen", "met", "queen", "Queen")), "Queen")
    [(0, 0), (3, 3)]
    >>> places(Sentence("s", ("The", "beatles", "tour")), "The Beatles"), places(Sentence("s", ("Berliner",)), "Berlin")
    ([(0, 1)], [])
    """
    words = [re.escape(word) for word in text.split()]
    if not words:
        return []
    borders = sentence.places()
    first = {start: number for number, (start, _) in enumerate(borders)}
    last = {end: number for number, (_, end) in enumerate(borders)}
    for flags in (0, re.IGNORECASE):
        spans = [match.span() for match in re.finditer(r"\s+".join(words), sentence.written(), flags)]
        found = [(first[start], last[end]) for start, end in spans if start in first and end in last]
        if found:
            return found
    return []
