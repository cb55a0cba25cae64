"""Sentences of words with labelled spans, read from any format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Span = tuple[int, int, str]
"""First word, last word (inclusive) and label: what is compared. Longer rows, such as `Mention`, begin with these."""


class Mention(NamedTuple):
    """A labelled span that may say more than where it stands.

    Attributes
    ----------
    start, end : first and last word, inclusive; both None where the mention's borders fall on no words of the sentence,
        so that it can equal no other span.
    label : its label.
    score : how sure the model is, from 0 to 1; None where nobody said it.
    text : how the mention is written; None where the sentence's words say it.
    """

    start: int | None
    end: int | None
    label: str
    score: float | None = None
    text: str | None = None

    def row(self) -> list[Any]:
        """Return what stands in JSON: the fields without those at the end that are None."""
        n = 5 if self.text is not None else 4 if self.score is not None else 3
        return list(self[:n])


@dataclass(frozen=True)
class Sentence:
    """One sentence: its words and, where the source has it, the text that they were taken from."""

    id: str
    words: tuple[str, ...]
    text: str | None = None

    def written(self) -> str:
        """Return the text as it was written, or the words joined by blanks."""
        return " ".join(self.words) if self.text is None else self.text

    def places(self) -> list[tuple[int, int]]:
        """Return where each word begins and ends (exclusive) in `written()`, in characters."""
        text, end = self.written(), 0
        places: list[tuple[int, int]] = []
        for word in self.words:
            start = text.index(word, end)
            end = start + len(word)
            places.append((start, end))
        return places

    def spelled(self, start: int, end: int) -> str:
        """Return the words from `start` to `end`, inclusive, joined by blanks."""
        return " ".join(self.words[start : end + 1])


@dataclass
class SentenceSet:
    """Sentences with gold spans (start, end inclusive, label), aligned; labels in a fixed order.

    A gold mention that no words of the sentence stand for is a `Mention` without borders.
    `clusters` names the document of each sentence, where several are of one; `counts` says what was snapped or could
    not be placed, by name; `places` says where each sentence stands, for messages; `declared` are labels that the data
    name, whether or not they occur.
    """

    items: Sequence[Sentence]
    spans: Sequence[list[Any]]
    clusters: Sequence[str] | None = None
    counts: dict[str, int] | None = None
    places: Sequence[str] = ()
    declared: Sequence[str] = ()

    def place(self, number: int) -> str:
        """Return where a sentence stands, as far as the source says it."""
        return self.places[number] if self.places else f"sentence {self.items[number].id}"

    def known(self) -> list[str]:
        """Return the labels that occur in the gold or are declared by the data, sorted."""
        return sorted({*self.labels(), *self.declared})

    def labels(self) -> list[str]:
        """Return the labels that occur in the gold, sorted."""
        return sorted({span[2] for spans in self.spans for span in spans})
