"""From candidate spans that overlap to those that are answered: greedily, by falling score.

A span is taken when it conflicts with none taken before: `flat` forbids any shared word; `nested` allows one span
inside the other. Spans of equal scores keep their order. What is answered above a threshold does not depend on
candidates below it, so spans decoded at a low threshold hold the answers of every higher one.

Source: Zaratiana et al. 2023, arXiv:2311.08526, section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from zsbench.data.sentences.sentence import Mention

Decoding = Literal["flat", "nested"]


def decode(candidates: Sequence[Mention], *, decoding: Decoding = "flat", multi_label: bool = False) -> list[Mention]:
    """Return the spans that are taken, sorted by start.

    Parameters
    ----------
    candidates : placed spans with scores.
    decoding : `flat` or `nested` spans.
    multi_label : allow several labels on the same words.

    Examples
    --------
    >>> spans = [Mention(0, 1, "person", 0.9), Mention(1, 1, "song", 0.8), Mention(3, 3, "song", 0.6)]
    >>> [span.row() for span in decode(spans)]
    [[0, 1, 'person', 0.9], [3, 3, 'song', 0.6]]
    """
    taken: list[Mention] = []
    for span in sorted(candidates, key=lambda candidate: -(candidate.score or 0.0)):
        if not any(_conflict(span, other, decoding, multi_label) for other in taken):
            taken.append(span)
    return sorted(taken, key=_start)


def _start(span: Mention) -> int:
    assert span.start is not None
    return span.start


def _conflict(a: Mention, b: Mention, decoding: Decoding, multi_label: bool) -> bool:
    assert a.start is not None
    assert a.end is not None
    assert b.start is not None
    assert b.end is not None
    if (a.start, a.end) == (b.start, b.end):
        return not multi_label or a.label == b.label
    if a.end < b.start or b.end < a.start:
        return False
    contained = (a.start <= b.start and b.end <= a.end) or (b.start <= a.start and a.end <= b.end)
    return decoding == "flat" or not contained
