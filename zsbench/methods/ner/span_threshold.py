"""Spans whose score exceeds a threshold, decoded greedily by score; the protocol of GLiNER-like taggers.

Models that settle overlaps themselves are taken at their word, unless `decoding` says otherwise.

Source: Zaratiana et al. 2023, arXiv:2311.08526, section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from zsbench.config.components import method
from zsbench.config.options import Share, Text
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Problem, Rule, Tagger, _thresholds
from zsbench.methods.ner._thresholds import Threshold
from zsbench.methods.ner._windows import Overflow, candidates
from zsbench.methods.ner.decoding import decode
from zsbench.models.capabilities import SpanExtractor


@method(
    family="ner",
    needs=(SpanExtractor,),
    uses_with={"threshold": "validation set"},
    shown=("threshold", "thresholds", "decoding", "multi_label", "overflow"),
)
def span_threshold(
    *,
    threshold: Threshold = 0.5,
    thresholds: dict[Text, Share] = {},  # noqa: B006 - never changed
    decoding: Literal["flat", "nested", "model"] | None = None,
    multi_label: bool = False,
    overflow: Overflow = "chunk",
) -> Rule:
    """Decode candidate spans.

    Parameters
    ----------
    threshold : score a span must exceed; `validation` takes the best of 0.05, 0.1, ..., 0.95 on the task's validation
        data, the lowest of equal ones.
    thresholds : thresholds of single labels, `{person: 0.7}`.
    decoding : `flat` or `nested` spans, or what the `model` itself answers; None is `model` where a model settles
        overlaps itself, else `flat`.
    multi_label : allow several labels on the same words.
    overflow : what becomes of a sentence longer than the model reads: it is read in parts that overlap (`chunk`), or
        only its beginning is read (`cut`), as published evaluations of GLiNER do.
    """

    def rule(model: SpanExtractor, problem: Problem, run: RunContext) -> Tagger:
        settling = decoding or ("model" if model.answers else "flat")
        if settling == "model" and not model.answers:
            found = "decoding: model, of a model whose spans are candidates that overlap"
            raise UserError("span-threshold", found, "flat or nested")
        if decoding is None:
            run.notes["settled"] = {"decoding": f"model ({model.answers})" if settling == "model" else settling}
        run.prompts |= dict.fromkeys(problem.labels)

        def read(sentences: Sequence[Sentence], least: float) -> list[list[Mention]]:
            return candidates(model, sentences, problem.labels, least, overflow)

        def answer(row: Sequence[Mention]) -> list[Mention]:
            return list(row) if settling == "model" else decode(row, decoding=settling, multi_label=multi_label)

        return _thresholds.tagger(read, answer, problem, run, threshold=threshold, thresholds=thresholds)

    return rule
