"""Sentences longer than a model reads: parted into windows whose spans are put back in place, or cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.models.capabilities import SpanExtractor

Overflow = Literal["chunk", "cut"]


@dataclass(frozen=True)
class Window:
    """Some words of a sentence: the sentence's number in its batch, the first word's number, and the words."""

    number: int
    offset: int
    sentence: Sentence


def windows(sentences: Sequence[Sentence], size: int | None, width: int | None, overflow: Overflow) -> list[Window]:
    """Return what a model reads of every sentence: all of it where `size` words suffice.

    Windows share as many words as a span may have (`width`), at most half of `size`, so that a span on the border of
    one is whole in the next.
    """
    parts: list[Window] = []
    for number, sentence in enumerate(sentences):
        n = len(sentence.words)
        if size is None or n <= size:
            parts.append(Window(number, 0, sentence))
            continue
        shared = min(size // 4 if width is None else width, size // 2)
        starts = [0] if overflow == "cut" else range(0, max(n - shared, 1), size - shared)
        parts += [Window(number, at, Sentence(sentence.id, sentence.words[at : at + size])) for at in starts]
    return parts


def candidates(
    model: SpanExtractor, sentences: Sequence[Sentence], labels: Sequence[str], threshold: float, overflow: Overflow
) -> list[list[Mention]]:
    """Return the candidates of every sentence, whatever its length; sentences that are cut are counted.

    A span that two windows hold has the higher of its scores.
    """
    parts = windows(sentences, model.max_words, model.max_width, overflow)
    if overflow == "cut" and model.max_words is not None:
        model.cost.truncated_items += sum(len(sentence.words) > model.max_words for sentence in sentences)
    spans: list[dict[tuple[int, int, str], Mention]] = [{} for _ in sentences]
    answers = model.span_candidates([part.sentence for part in parts], labels, threshold=threshold)
    for part, answered in zip(parts, answers, strict=True):
        for span in answered:
            assert span.start is not None
            assert span.end is not None
            moved = span._replace(start=span.start + part.offset, end=span.end + part.offset)
            key = (span.start + part.offset, span.end + part.offset, span.label)
            before = spans[part.number].get(key)
            if before is None or (before.score or 0.0) < (moved.score or 0.0):
                spans[part.number][key] = moved
    return [list(row.values()) for row in spans]
