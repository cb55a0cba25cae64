"""Spans whose score exceeds a threshold, decoded greedily by score; the protocol of GLiNER-like taggers.

Models that settle overlaps themselves (`decoding: model`) are taken at their word.

Source: Zaratiana et al. 2023, arXiv:2311.08526, section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from zsbench.config.components import method
from zsbench.config.options import Share
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Tagger
from zsbench.methods.ner._windows import Overflow, candidates
from zsbench.methods.ner.decoding import decode
from zsbench.models.capabilities import SpanExtractor


@method(family="ner", needs=(SpanExtractor,), shown=("threshold", "decoding", "multi_label", "overflow"))
def span_threshold(
    *,
    threshold: Share = 0.5,
    decoding: Literal["flat", "nested", "model"] = "flat",
    multi_label: bool = False,
    overflow: Overflow = "chunk",
) -> Tagger:
    """Decode candidate spans.

    Parameters
    ----------
    threshold : score a span must exceed.
    decoding : `flat` or `nested` spans, or what the `model` itself answers.
    multi_label : allow several labels on the same words.
    overflow : what becomes of a sentence longer than the model reads: it is read in parts that overlap (`chunk`), or
        only its beginning is read (`cut`), as published evaluations of GLiNER do.
    """

    def tag(model: SpanExtractor, sentences: Sequence[Sentence], labels: Sequence[str]) -> list[list[Mention]]:
        rows = candidates(model, sentences, labels, threshold, overflow)
        if decoding == "model":
            return rows
        return [decode(row, decoding=decoding, multi_label=multi_label) for row in rows]

    return tag
