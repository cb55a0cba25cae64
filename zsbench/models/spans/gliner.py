"""Checkpoints of the package gliner: an encoder reads a sentence with the label names, or each apart (bi-encoder).

Span models score every span of up to `max_width` words; token models score each word as the start, the inside and the
end of a mention, whose score is the lowest of these. All of them are read as the package reads them, up to the choice
among spans that overlap.

Source: Zaratiana et al. 2023, arXiv:2311.08526; gliner 0.2.29.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Revision
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import torch
from zsbench.core.records import Cost, canonical_json, digest
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.models import decoding, gliner_checkpoints, runtime, size
from zsbench.models.capabilities import SpanExtractor

UNLIMITED = int(1e30)


@declare(offers=(SpanExtractor,), files=runtime.folder_files)
def gliner(
    *, model: ModelRef, revision: Revision | None = None, lower_labels: bool = False, max_words: Count | None = None
) -> Gliner:
    """Load a GLiNER model.

    Parameters
    ----------
    model : hub id or folder with gliner_config.json and weights.
    revision : commit or tag on the hub.
    lower_labels : show the model label names in lower case, as GLiNER's benchmark does and NuNER Zero asks for.
    max_words : words of a sentence that are read at once; None is what the checkpoint was trained with.
    """
    device, dtype = runtime.runtime_device(), runtime.runtime_dtype()
    folder = gliner_checkpoints.folder(model, revision=revision)
    loaded = gliner_checkpoints.gliner(folder, where=model, device=device, dtype=dtype, max_words=max_words)
    options = ["gliner", dtype, revision or "", str(lower_labels), _parts(loaded)]
    return Gliner(loaded, model, lower_labels, runtime.fingerprint_model(options, model, loaded.model))


class Gliner(runtime.Network):
    """A `SpanExtractor` over a model of the package."""

    answers = ""

    def __init__(self, loaded: Any, reference: str, lower_labels: bool, fingerprint: str) -> None:
        _require_known(loaded, reference)
        self._gliner, self._model, self._lower = loaded, loaded.model, lower_labels
        self.device, self.dtype, self.fingerprint = str(loaded.device), runtime.runtime_dtype(), fingerprint
        self.cost = Cost()
        self.max_words: int | None = loaded.config.max_len
        self.max_width: int | None = None if loaded.config.span_mode == "token_level" else loaded.config.max_width
        self._tokenizer = loaded.data_processor.transformer_tokenizer
        positions = gliner_checkpoints.room(loaded.model.token_rep_layer.bert_layer.model)
        self._tokenizer.model_max_length = min(self._tokenizer.model_max_length, positions or UNLIMITED)
        # The package chooses among spans that overlap in this method, which its decoders call last.
        loaded.decoder.greedy_search = lambda spans, *_, **__: spans
        self.facts = {
            "architecture": type(loaded).__name__,
            "labels": "lower-cased" if lower_labels else "as asked",
            "parameters": size.parameters(loaded.model),
        }

    def span_candidates(
        self, sentences: Sequence[Sentence], labels: Sequence[str], *, threshold: float
    ) -> list[list[Mention]]:
        """Return all spans above the threshold, in the order in which the package takes equal scores.

        Words past the last sub-token that the encoder reads are in no span; their sentences are counted as cut.
        """
        full = [number for number, sentence in enumerate(sentences) if sentence.words]
        rows: list[list[Mention]] = [[] for _ in sentences]
        if not full:
            return rows
        batch = self.batch([sentences[number].words for number in full], labels)
        read = self._words_read(batch, labels)
        with torch.inference_mode():
            output = self._gliner.run_batch(batch, threshold=threshold)
        decoding.finite(output.logits.float())
        self.cost.forward_passes += 1
        self.cost.tokens += int(batch["attention_mask"].sum())
        decoded = self._gliner.decode_batch(output, batch, threshold=threshold, flat_ner=False, multi_label=True)
        shown = dict(zip(self._shown(labels), labels, strict=True))
        for number, spans, n_read in zip(full, decoded, read, strict=True):
            # The package may answer with a span of padding, and with one several times: once for each label that
            # proposed it. An inside of exactly the threshold is enough for it.
            once: dict[tuple[int, int, str], Mention] = {}
            for span in spans:
                if span.end < n_read and span.score > threshold:
                    mention = Mention(span.start, span.end, shown[span.entity_type], float(span.score))
                    once.setdefault((span.start, span.end, span.entity_type), mention)
            rows[number] = list(once.values())
        return rows

    def batch(self, words: Sequence[Sequence[str]], labels: Sequence[str]) -> dict[str, Any]:
        """Return what the network reads of sentences, each with at least one word, as the package collates it."""
        inputs = self._gliner.prepare_base_input([list(row) for row in words])
        batch: dict[str, Any] = self._gliner.collate_batch(inputs, self._shown(labels))
        return batch

    def _shown(self, labels: Sequence[str]) -> list[str]:
        """Return label names as the model is shown them."""
        shown = [label.lower() for label in labels] if self._lower else list(labels)
        if twice := [label for label in shown if shown.count(label) > 1]:
            raise UserError("lower_labels", f"two labels are '{twice[0]}' in lower case", "labels that stay apart")
        return shown

    def _words_read(self, batch: dict[str, Any], labels: Sequence[str]) -> list[int]:
        """Return the number of words of each sentence that the encoder reads, counting sentences that it cuts."""
        limit = self._tokenizer.model_max_length
        read = []
        for words, numbers, mask in zip(batch["tokens"], batch["words_mask"], batch["attention_mask"], strict=True):
            n_read = int(numbers.max()) if int(mask.sum()) >= limit else len(words)
            if n_read == 0:
                found = f"{len(labels)} labels fill all of the {limit} sub-tokens that the model reads"
                raise RunError("gliner", found, "fewer or shorter labels")
            self.cost.truncated_items += n_read < len(words)
            read.append(n_read)
        return read


def _require_known(loaded: Any, reference: str) -> None:
    """Refuse models that do more than to score spans for given labels."""
    import gliner.model as library

    known = ("UniEncoderSpan", "UniEncoderToken", "BiEncoderSpan", "BiEncoderToken")
    if type(loaded) not in [getattr(library, f"{name}GLiNER") for name in known]:
        raise UserError(reference, f"a {type(loaded).__name__}", f"one of {', '.join(known)}")


def _parts(loaded: Any) -> str:
    """Return a digest of what a checkpoint may take from elsewhere: vocabularies and the shape of its backbone."""
    processor, config = loaded.data_processor, loaded.config.to_dict()
    tokenizers = [processor.transformer_tokenizer, getattr(processor, "labels_tokenizer", None)]
    vocabularies = [canonical_json(tokenizer.get_vocab()) for tokenizer in tokenizers if tokenizer is not None]
    shapes = [config.get(key) for key in ("max_len", "encoder_config", "labels_encoder_config")]
    return digest([*vocabularies, *(str(shape) for shape in shapes)])
