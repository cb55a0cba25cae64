"""Candidate spans against descriptions of the labels, both as vectors of a text encoder that knows no entities.

    score(span, label) = cos(vector of the span's words, vector of the label's description)

Spans with a score above the threshold are decoded greedily by score. A text that stands in several places is encoded
once. Nothing but the span's own words is read: a mention means the same in every sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from zsbench.config.components import method
from zsbench.config.options import Count, LocalPath, Share, Text
from zsbench.core import jsonfiles
from zsbench.core.context import RunContext
from zsbench.core.errors import RunError, UserError, did_you_mean
from zsbench.core.lazy import DoubleArray, FloatArray, np
from zsbench.core.yamlio import shown
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Problem, Rule, Tagger, _thresholds
from zsbench.methods.ner._candidate_spans import spans
from zsbench.methods.ner._thresholds import Threshold
from zsbench.methods.ner.decoding import decode
from zsbench.models.capabilities import TextEncoder

# Raised when the encoding step changes, so that no older vector is ever mixed in.
VERSION = "1"


@method(
    family="ner",
    needs=(TextEncoder,),
    uses_with={"threshold": "validation set", "descriptions": "descriptions of the labels"},
    shown=("threshold", "thresholds", "candidates", "max_width", "decoding", "multi_label"),
)
def embedding_spans(
    *,
    threshold: Threshold = 0.3,
    thresholds: dict[Text, Share] = {},  # noqa: B006 - never changed
    candidates: Literal["all", "capitalised"] = "capitalised",
    max_width: Count = 6,
    descriptions: LocalPath | None = None,
    decoding: Literal["flat", "nested"] = "flat",
    multi_label: bool = False,
) -> Rule:
    """Compare spans with labels.

    Parameters
    ----------
    threshold : cosine a span must exceed, whose scale is the encoder's own; `validation` takes the best of 0.05, 0.1,
        ..., 0.95 on the task's validation data, the lowest of equal ones.
    thresholds : thresholds of single labels, `{person: 0.7}`.
    candidates : the longest runs of words that begin with a capital (`of`, `the` and `for` may stand within), or `all`
        spans; neither begin nor end with an English function word or with punctuation.
    max_width : words of the widest candidate.
    descriptions : JSON with a text for every label, `{label: text}`; without it the label speaks for itself.
    decoding : `flat` or `nested` spans.
    multi_label : allow several labels on the same words.
    """

    def rule(model: TextEncoder, problem: Problem, run: RunContext) -> Tagger:
        texts = list(problem.labels) if descriptions is None else _described(Path(descriptions), problem.labels)
        run.prompts |= dict.fromkeys(texts)
        labels = _unit(model.encode_queries(texts), texts)

        def read(sentences: Sequence[Sentence], least: float) -> list[list[Mention]]:
            found = [[(s, *span) for span in spans(s.words, candidates, max_width)] for s in sentences]
            written = list(dict.fromkeys(s.spelled(start, end) for row in found for s, start, end in row))
            cosines = dict(zip(written, _vectors(model, written, run) @ labels.T, strict=True)) if written else {}
            return [
                [
                    Mention(start, end, label, cosine)
                    for s, start, end in of_sentence
                    for label, cosine in zip(problem.labels, cosines[s.spelled(start, end)].tolist(), strict=True)
                    if cosine > least
                ]
                for of_sentence in found
            ]

        def answer(row: Sequence[Mention]) -> list[Mention]:
            return decode(row, decoding=decoding, multi_label=multi_label)

        return _thresholds.tagger(read, answer, problem, run, threshold=threshold, thresholds=thresholds)

    return rule


def _vectors(model: TextEncoder, texts: Sequence[str], run: RunContext) -> DoubleArray:
    """Return unit vectors (n_texts, width) of distinct texts, each computed once for all runs that share a cache."""

    def encode(places: list[int]) -> FloatArray:
        return model.encode_documents([texts[place] for place in places])

    key = ["span-vectors", VERSION, model.fingerprint, model.dtype]
    return _unit(run.cache.rows(key, texts, encode)[0], texts)


def _unit(vectors: FloatArray, texts: Sequence[str]) -> DoubleArray:
    """Return rows of length 1.

    Raises
    ------
    RunError
        A vector is NaN or zero; with its text.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    sound = np.isfinite(lengths) & (lengths > 0)
    if not sound.all():
        raise RunError("", f"the vector of '{texts[int(sound.argmin())]}' is NaN or zero", "a vector with a length")
    return np.asarray(rows / lengths[:, None])


def _described(path: Path, labels: Sequence[str]) -> list[str]:
    """Return the text of every label, in their order.

    Raises
    ------
    UserError
        Not a JSON object, a label without text, or a text of a label that is not asked.
    """
    expected = "a JSON object with a text for every label"
    texts = jsonfiles.read(path, expected)
    if not isinstance(texts, dict) or not all(isinstance(text, str) and text.strip() for text in texts.values()):
        raise UserError(shown(path), "not texts by label", expected)
    if missing := [label for label in labels if label not in texts]:
        raise UserError(shown(path), f"no text for label '{missing[0]}'", expected, did_you_mean(missing[0], texts))
    if strange := [label for label in texts if label not in labels]:
        near = did_you_mean(strange[0], labels)
        raise UserError(shown(path), f"label '{strange[0]}' is asked nowhere", ", ".join(labels), near)
    return [texts[label] for label in labels]
