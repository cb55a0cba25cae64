"""Spans whose score exceeds a threshold, decoded greedily by score; the protocol of GLiNER-like taggers.

Models that settle overlaps themselves are taken at their word, unless `decoding` says otherwise.

Source: Zaratiana et al. 2023, arXiv:2311.08526, section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from zsbench.config.components import method
from zsbench.config.options import Share
from zsbench.core.errors import UserError
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Adapted, Tagger
from zsbench.methods.ner._windows import Overflow, candidates
from zsbench.methods.ner.decoding import decode
from zsbench.models.capabilities import SpanExtractor


@method(family="ner", needs=(SpanExtractor,), shown=("threshold", "decoding", "multi_label", "overflow"))
def span_threshold(
    *,
    threshold: Share = 0.5,
    decoding: Literal["flat", "nested", "model"] | None = None,
    multi_label: bool = False,
    overflow: Overflow = "chunk",
) -> Tagger:
    """Decode candidate spans.

    Parameters
    ----------
    threshold : score a span must exceed.
    decoding : `flat` or `nested` spans, or what the `model` itself answers; None is `model` where a model settles
        overlaps itself, else `flat`.
    multi_label : allow several labels on the same words.
    overflow : what becomes of a sentence longer than the model reads: it is read in parts that overlap (`chunk`), or
        only its beginning is read (`cut`), as published evaluations of GLiNER do.
    """

    def tag(model: SpanExtractor, sentences: Sequence[Sentence], labels: Sequence[str]) -> list[list[Mention]]:
        rule = decoding or _default(model)
        if rule == "model" and not model.answers:
            found = "decoding: model, of a model whose spans are candidates that overlap"
            raise UserError("span-threshold", found, "flat or nested")
        rows = candidates(model, sentences, labels, threshold, overflow)
        return rows if rule == "model" else [decode(row, decoding=rule, multi_label=multi_label) for row in rows]

    def settled(model: SpanExtractor) -> dict[str, str]:
        rule = _default(model)
        return {"decoding": f"{rule} ({model.answers})" if rule == "model" else rule}

    return Adapted(tag, settled) if decoding is None else tag


def _default(model: SpanExtractor) -> Literal["flat", "model"]:
    """Return how overlaps are settled where nobody says it."""
    return "model" if model.answers else "flat"
