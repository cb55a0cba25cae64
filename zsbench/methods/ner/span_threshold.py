"""Spans whose probability exceeds a threshold, taken greedily, best first, without conflicts (GLiNER's rule).

Candidates are (start, width, label) with probability > threshold, sorted by probability (stable: ties keep the
order start, width, label). A span is taken when it conflicts with none taken before: `flat` forbids any shared
word; `nested` allows one span inside the other.

Source: Zaratiana et al. 2023, arXiv:2311.08526, section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from zsbench.config.components import method
from zsbench.config.options import Share
from zsbench.core.lazy import np
from zsbench.data.sentences.sentence import Sentence, Span
from zsbench.methods.ner import Tagger
from zsbench.models.capabilities import SpanExtractor

Decoding = Literal["flat", "nested"]
ScoredSpan = tuple[int, int, str, float]


@method(family="ner", needs=(SpanExtractor,), shown=("threshold", "decoding", "multi_label"))
def span_threshold(*, threshold: Share = 0.5, decoding: Decoding = "flat", multi_label: bool = False) -> Tagger:
    """Decode span probabilities.

    Parameters
    ----------
    threshold : probability a span must exceed.
    decoding : `flat` or `nested` spans.
    multi_label : allow several labels on the same words.
    """

    def tag(model: SpanExtractor, sentences: Sequence[Sentence], labels: Sequence[str]) -> list[list[Span]]:
        tables = model.span_probabilities([s.words for s in sentences], labels)
        scored = [decode(t, labels, threshold=threshold, decoding=decoding, multi_label=multi_label) for t in tables]
        return [[(start, end, label) for start, end, label, _ in spans] for spans in scored]

    return tag


def decode(
    probabilities: Any,
    labels: Sequence[str],
    *,
    threshold: float = 0.5,
    decoding: Decoding = "flat",
    multi_label: bool = False,
) -> list[ScoredSpan]:
    """Return (start, end inclusive, label, probability), sorted by start.

    Parameters
    ----------
    probabilities : (n_words, max_width, n_labels).
    labels : their names, in the order of the last axis.

    Raises
    ------
    ValueError
        A probability inside the sentence is NaN.
    """
    table = np.asarray(probabilities, dtype=np.float64)
    n_words, max_width, _ = table.shape
    starts, widths = np.indices((n_words, max_width))
    inside = starts + widths < n_words
    if np.isnan(table[inside]).any():
        raise ValueError("a span probability is NaN")
    where = np.argwhere((table > threshold) & inside[..., None])
    candidates = [(int(s), int(s + w), labels[c], float(table[s, w, c])) for s, w, c in where]
    taken: list[ScoredSpan] = []
    for span in sorted(candidates, key=lambda candidate: -candidate[3]):
        if not any(_conflict(span, other, decoding, multi_label) for other in taken):
            taken.append(span)
    return sorted(taken, key=lambda span: span[0])


def _conflict(a: ScoredSpan, b: ScoredSpan, decoding: Decoding, multi_label: bool) -> bool:
    if a[:2] == b[:2]:
        return not multi_label
    if a[1] < b[0] or b[1] < a[0]:
        return False
    contained = (a[0] <= b[0] and b[1] <= a[1]) or (b[0] <= a[0] and a[1] <= b[1])
    return decoding == "flat" or not contained
