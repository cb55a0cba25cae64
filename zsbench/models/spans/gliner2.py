"""Checkpoints of the package gliner2, which settles overlaps itself: within each label, not between labels.

The package reads words in lower case, ends a text that has no full stop with one, and takes a score that equals the
threshold. Here a full stop that was added is in no span, and a score must exceed the threshold.

Source: Zaratiana et al. 2025, arXiv:2507.18546; gliner2 2.1.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Revision
from zsbench.core.errors import RunError
from zsbench.core.lazy import torch
from zsbench.core.records import Cost
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.models import decoding, gliner_checkpoints, runtime, size
from zsbench.models.capabilities import SpanExtractor

Overlaps = Literal["flat", "nested", "longest", "allow"]
ANSWERS = {
    None: "within a label: best score first",
    "flat": "within a label: highest total score",
    "nested": "within a label: no crossing, best score first",
    "longest": "within a label: none inside a longer one",
    "allow": "",
}
_BETWEEN = "\n"


@declare(offers=(SpanExtractor,), files=runtime.folder_files)
def gliner2(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    overlaps: Overlaps | None = None,
    max_words: Count | None = None,
) -> Gliner2:
    """Load a GLiNER2 model.

    Parameters
    ----------
    model : hub id or folder with config.json, encoder_config/config.json and weights.
    revision : commit or tag on the hub.
    overlaps : how the package settles spans of one label that overlap; None is the checkpoint's default, `allow` keeps
        them all, as candidates for the method's own decoding.
    max_words : words of a sentence that are read at once; None is what the checkpoint says, often no limit.
    """
    device, dtype = runtime.runtime_device(), runtime.runtime_dtype()
    folder = gliner_checkpoints.folder(model, revision=revision)
    loaded = gliner_checkpoints.gliner2(folder, where=model, device=device, dtype=dtype)
    options = ["gliner2", dtype, revision or "", str(overlaps), str(max_words)]
    return Gliner2(loaded, overlaps, max_words, runtime.fingerprint_model(options, model, loaded))


class Gliner2(runtime.Network):
    """A `SpanExtractor` over a model of the package."""

    def __init__(self, loaded: Any, overlaps: Overlaps | None, max_words: int | None, fingerprint: str) -> None:
        self._model, self._overlaps, self.fingerprint = loaded, overlaps, fingerprint
        self.device, self.dtype = str(loaded.device), runtime.runtime_dtype()
        self.cost = Cost()
        self.max_words: int | None = max_words or loaded.config.max_len
        self.max_width: int | None = getattr(loaded.config, "max_width", None)
        settled = overlaps or (loaded.boundary_settings.overlap_policy if loaded.architecture == "boundary" else None)
        self.answers = ANSWERS[settled]
        self.facts = {
            "architecture": loaded.architecture,
            "words": "in lower case",
            "parameters": size.parameters(loaded),
        }
        loaded.set_word_splitter(_words)
        self._room = gliner_checkpoints.room(loaded.encoder)
        loaded.encoder.register_forward_pre_hook(self._count, with_kwargs=True)
        loaded.encoder.register_forward_hook(_check)

    def span_candidates(
        self, sentences: Sequence[Sentence], labels: Sequence[str], *, threshold: float
    ) -> list[list[Mention]]:
        """Return the package's answers with scores above the threshold, by start, width and label."""
        full = [number for number, sentence in enumerate(sentences) if sentence.words]
        rows: list[list[Mention]] = [[] for _ in sentences]
        if not full:
            return rows
        texts = [_BETWEEN.join(_ended(sentences[number].words)) for number in full]
        with torch.inference_mode():
            answers = self._model.batch_extract_entities(
                texts,
                list(labels),
                batch_size=len(texts),
                threshold=threshold,
                include_confidence=True,
                include_spans=True,
                overlap_policy=self._overlaps,
            )
        for number, text, answer in zip(full, texts, answers, strict=True):
            rows[number] = _placed(answer["entities"], text, len(sentences[number].words), labels, threshold)
        return rows

    def _count(self, _module: Any, _args: Any, inputs: dict[str, Any]) -> None:
        """Count what the encoder reads, before it does."""
        mask = inputs["attention_mask"]
        if self._room is not None and mask.shape[1] > self._room:
            found = f"a sentence and its labels take {mask.shape[1]} sub-tokens, the encoder reads {self._room}"
            raise RunError("gliner2", found, "fewer labels, or a lower `max_words`")
        self.cost.forward_passes += 1
        self.cost.tokens += int(mask.sum())


def _check(_module: Any, _args: Any, output: Any) -> None:
    """Refuse states that are not finite, which the package would read as no entities."""
    decoding.finite(output.last_hidden_state.float())


def _ended(words: Sequence[str]) -> list[str]:
    """Return the words as a sentence that ends: the package would put a missing full stop onto the last word."""
    return [*words] if words[-1].endswith((".", "!", "?")) else [*words, "."]


def _words(text: str, lower: bool = True) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a text that `span_candidates` made, with their places, as the package asks for them."""
    start = 0
    for word in text.split(_BETWEEN):
        yield (word.lower() if lower else word), start, start + len(word)
        start += len(word) + len(_BETWEEN)


def _placed(
    entities: dict[str, list[dict[str, Any]]], text: str, n_words: int, labels: Sequence[str], threshold: float
) -> list[Mention]:
    """Return the package's entities of a text, whose places are characters, as mentions of its first `n_words`."""
    places = [(start, end) for _, start, end in _words(text)]
    starts, ends = ({place[side]: number for number, place in enumerate(places)} for side in (0, 1))
    mentions = [
        Mention(starts[entity["start"]], ends[entity["end"]], label, float(entity["confidence"]))
        for label in labels
        for entity in entities.get(label, [])
        if entity["confidence"] > threshold
    ]
    inside = [mention for mention in mentions if (mention.end or 0) < n_words]
    return sorted(inside, key=lambda m: (m.start, m.end, labels.index(m.label)))
