r"""From places in a text, in characters, to words, and what a span is whose borders are no words' borders.

Characters count from 0 and ends are exclusive, words count from 0 and ends are inclusive, everywhere. A text is split
at blanks, as GLiNER's benchmark splits it, or into `\w+(?:[-_]\w+)*|\S`, as GLiNER's models do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from zsbench.core.errors import UserError
from zsbench.core.textfiles import short
from zsbench.data.sentences.sentence import Sentence

Splitter = Literal["blanks", "gliner"]
Borders = Literal["error", "snap", "unmatchable"]
Place = tuple[int, int]

_PATTERNS: dict[Splitter, re.Pattern[str]] = {
    "blanks": re.compile(r"\S+"),
    "gliner": re.compile(r"\w+(?:[-_]\w+)*|\S"),
}


def split(text: str, splitter: Splitter = "blanks") -> tuple[str, ...]:
    """Return the words of a text.

    Examples
    --------
    >>> split("e-mail Bob, now", "gliner")
    ('e-mail', 'Bob', ',', 'now')
    """
    return tuple(_PATTERNS[splitter].findall(text))


@dataclass
class Placer:
    """Gives the words of spans of characters, one after another.

    Attributes
    ----------
    borders : what a span is that begins or ends elsewhere than a word does: an `error`; `snap`ped to the words that it
        touches; or `unmatchable`, gold that no prediction can equal. The last follows GLiNER's benchmark, which counts
        one blank between two words, so that a span behind a wider gap is unmatchable, too.
    side : whose spans they are.
    advice : what to do about borders that are an error.
    counts : how many were snapped and how many are unmatchable, by what they are.
    """

    borders: Borders = "error"
    side: Literal["gold", "predicted"] = "gold"
    counts: dict[str, int] = field(default_factory=dict)
    advice: str = "`borders: snap` takes the words it touches, `borders: unmatchable` keeps gold that nothing equals"

    def place(self, sentence: Sentence, start: int, end: int, where: str) -> Place | None:
        """Return the first and last word (inclusive) of a span, or None where it is unmatchable.

        Parameters
        ----------
        sentence : its words, and the text that the characters are of.
        start, end : first character, and the one behind the last.
        where : the place in the file, for messages.

        Raises
        ------
        UserError
            The span leaves the text or is empty, touches no word, or has borders that are an error.
        """
        text, places = sentence.written(), sentence.places()
        if not 0 <= start < end <= len(text):
            expected = f"0 <= start < end <= {len(text)} (characters, end exclusive)"
            raise UserError(where, f"sentence {sentence.id}: span [{start}, {end}]", expected)
        first = next((n for n, place in enumerate(places) if place[1] > start), len(places))
        last = next((n for n in reversed(range(len(places))) if places[n][0] < end), -1)
        exact = first <= last and (places[first][0], places[last][1]) == (start, end)
        if self.borders == "unmatchable":
            if exact and not (sentence.words == tuple(text.split()) and _is_shifted(sentence, places, last)):
                return first, last
            self.counted("whose borders are no words'")
            return None
        if exact:
            return first, last
        if first > last or self.borders == "error":
            raise _off_words(sentence, start, end, where, self.advice if first <= last else "")
        self.counted("snapped to the words they touch")
        return first, last

    def counted(self, what: str) -> None:
        """Count one span that is read in spite of what is odd about it."""
        what = f"{self.side} spans {what}"
        self.counts[what] = self.counts.get(what, 0) + 1


def _is_shifted(sentence: Sentence, places: list[Place], word: int) -> bool:
    """Return whether a word would stand elsewhere if one blank parted every two words before it."""
    return places[word][0] != sum(len(before) + 1 for before in sentence.words[:word])


def _off_words(sentence: Sentence, start: int, end: int, where: str, advice: str) -> UserError:
    """Return the error of a span with other borders than words have; without advice it touches no word."""
    written = short(sentence.written()[start:end])
    found = f"sentence {sentence.id}: span [{start}, {end}] is {written}, " + (
        "which begins or ends within or beside a word" if advice else "which touches no word"
    )
    return UserError(where, found, "the borders of words", advice)
