"""Sentences of words with labelled spans, read from any format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int, str]


@dataclass(frozen=True)
class Sentence:
    """One sentence: its words."""

    id: str
    words: tuple[str, ...]


@dataclass
class SentenceSet:
    """Sentences with gold spans (start, end inclusive, label), aligned; labels in a fixed order.

    `clusters` names the document of each sentence, where several are of one.
    """

    items: Sequence[Sentence]
    spans: Sequence[list[Span]]
    clusters: Sequence[str] | None = None

    def labels(self) -> list[str]:
        """Return the labels that occur in the gold, sorted."""
        return sorted({label for spans in self.spans for _, _, label in spans})


def bio_spans(tags: Sequence[str]) -> list[Span]:
    """Return the spans of BIO/IOBES tags as conlleval reads them, ends inclusive.

    An I-x after O or after another type opens a new span; a bare `B` has type `_`. Source: Tjong Kim Sang & De Meulder
    2003 (conlleval), with the IOBES prefixes of seqeval.
    """
    spans: list[Span] = []
    open_type, start = "", 0
    for position, tag in enumerate([*tags, "O"]):
        prefix, kind = tag[:1], tag[1:].lstrip("-") or "_"
        continues = open_type != "" and prefix in ("I", "E") and kind == open_type
        if open_type and not continues:
            spans.append((start, position - 1, open_type))
            open_type = ""
        if not continues and prefix != "O":
            open_type, start = kind, position
        if open_type and prefix in ("S", "E"):
            spans.append((start, position, open_type))
            open_type = ""
    return spans
