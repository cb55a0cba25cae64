"""Token classifiers through transformers, trained for fixed labels: one tag a word, that of its first sub-token.

The tag of a word is the likeliest, and tags are read as conlleval reads them. The score of a span is the mean (or the
lowest) of the probabilities of its words' tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Revision, Text
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.core.records import canonical_json
from zsbench.core.words import listed
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.data.sentences.tags import bio_spans, is_tag
from zsbench.models import checkpoints, decoding, huggingface, passages, runtime, size
from zsbench.models.capabilities import SpanExtractor

Score = Literal["mean", "min"]


@declare(offers=(SpanExtractor,), files=runtime.folder_files)
def hf_token_classification(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    trust_remote_code: bool = False,
    label_map: dict[Text, Text] = {},  # noqa: B006 - never changed
    unknown_labels: Literal["error", "ignore"] = "error",
    score: Score = "mean",
    max_words: Count | None = None,
) -> HfTokenClassification:
    """Load a token classifier.

    Parameters
    ----------
    model : hub id or folder with config.json (whose `id2label` names O and tags such as B-PER), weights and tokenizer
        files.
    revision : commit or tag on the hub.
    trust_remote_code : run the modelling code that comes with the weights.
    label_map : the checkpoint's label, without B- and I-, -> the label that the task asks; others keep their names, and
        spans of labels that the task does not ask are left out.
    unknown_labels : what becomes of labels that the task asks and the checkpoint does not have: `ignore` answers
        without them.
    score : a span's score from the probabilities of its words' tags, `mean` or `min`.
    max_words : words of a sentence that are read at once; None is all, of which what the network has no room for is
        left untagged, and counted.

    Raises
    ------
    UserError
        The checkpoint cannot be loaded, its labels are no tags, or `label_map` names one that it does not have.
    """
    options = (canonical_json([label_map, unknown_labels, score, max_words]),)
    trusted: dict[str, Any] = {"revision": revision, "trust_remote_code": trust_remote_code}
    checkpoint = huggingface.load("AutoModelForTokenClassification", model, options=options, tokenizer=False, **trusted)
    # Byte-level vocabularies tell the first word of a text from others, which words by themselves all would be.
    tokenizer = checkpoints.reader("AutoTokenizer", runtime.source(model), how={"add_prefix_space": True}, **trusted)
    labels = _Labels(model, checkpoint.model.config.id2label, label_map, unknown_labels == "ignore")
    return HfTokenClassification(replace(checkpoint, tokenizer=tokenizer), labels, score, max_words)


class _Labels:
    """The tags of a checkpoint, with its labels as the task asks them."""

    def __init__(self, reference: str, id2label: dict[int, str], label_map: dict[str, str], lenient: bool) -> None:
        self._reference, self._lenient = reference, lenient
        tags = [id2label[number] for number in sorted(id2label)]
        if "O" not in tags or not all(is_tag(tag) and (tag == "O" or len(tag) > 2) for tag in tags):
            found = f"its labels are {', '.join(tags[:4])}, ..."
            raise UserError(reference, found, "O and tags such as B-PER and I-PER in config.json's id2label")
        known = sorted({tag[2:] for tag in tags} - {""})
        for label in label_map:
            if label not in known:
                hint = did_you_mean(label, known)
                raise UserError("label_map", f"{reference} has no label '{label}'", listed(known), hint)
        self.tags = [tag if tag == "O" else tag[:2] + label_map.get(tag[2:], tag[2:]) for tag in tags]
        self.known = sorted({label_map.get(label, label) for label in known})

    def require(self, asked: Sequence[str]) -> None:
        """Refuse labels that the checkpoint does not have."""
        missing = [label for label in asked if label not in self.known]
        if missing and not self._lenient:
            found = f"{self._reference} has no label {listed([repr(label) for label in missing])}"
            near = did_you_mean(missing[0], self.known)
            expected = f"{listed(self.known)}; `label_map` in the model's YAML renames them"
            raise UserError("label_map", found, expected, near or "`unknown_labels: ignore` answers without them")


class HfTokenClassification(huggingface.Adapter):
    """A `SpanExtractor` over `AutoModelForTokenClassification`."""

    answers = "one tag a word"
    max_width = None

    def __init__(
        self, checkpoint: huggingface.Checkpoint, labels: _Labels, score: Score, max_words: int | None
    ) -> None:
        super().__init__(checkpoint)
        self._labels, self._mean, self.max_words = labels, score == "mean", max_words
        self._limit = passages.limit(
            self._tokenizer, self._model, self._model.config.get_text_config(), None, option="max_length"
        )
        self._tokenizer.padding_side = "right"
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token or self._tokenizer.unk_token
        self.facts = {
            "words": "tag of the first sub-token",
            "score": f"{score} over words",
            "labels": labels.known,
            "parameters": size.parameters(self._model),
        }

    def span_candidates(
        self, sentences: Sequence[Sentence], labels: Sequence[str], *, threshold: float
    ) -> list[list[Mention]]:
        """Return the spans of tags with scores above the threshold; no two share a word."""
        self._labels.require(labels)
        full = [number for number, sentence in enumerate(sentences) if sentence.words]
        rows: list[list[Mention]] = [[] for _ in sentences]
        if not full:
            return rows
        tagged = self._tagged([list(sentences[number].words) for number in full])
        for number, (tags, probabilities) in zip(full, tagged, strict=True):
            for start, end, label in bio_spans(tags):
                certain = probabilities[start : end + 1]
                score = float(certain.mean() if self._mean else certain.min())
                if label in labels and score > threshold:
                    rows[number].append(Mention(start, end, label, score))
        return rows

    def _tagged(self, words: list[list[str]]) -> list[tuple[list[str], FloatArray]]:
        """Return for each sentence a tag a word and its probability (n_words,); words without a sub-token are O."""
        how: dict[str, Any] = {"truncation": True, "max_length": self._limit, "padding": True, "return_tensors": "pt"}
        encoded = self._tokenizer(words, is_split_into_words=True, **how)
        self.cost.forward_passes += 1
        self.cost.tokens += int(encoded["attention_mask"].sum())
        with torch.inference_mode():
            logits = self._model(**encoded.to(self.device)).logits.float()
        probabilities = decoding.finite(logits.softmax(dim=-1))
        tagged = []
        for row, sentence in enumerate(words):
            places = encoded.word_ids(row)
            first = {word: place for place, word in reversed(list(enumerate(places))) if word is not None}
            self.cost.truncated_items += bool(
                int(encoded["attention_mask"][row].sum()) >= self._limit and max(first) + 1 < len(sentence)
            )
            certain, tags = np.ones(len(sentence), np.float32), ["O"] * len(sentence)
            for word, place in first.items():
                best = int(probabilities[row, place].argmax())
                tags[word], certain[word] = self._labels.tags[best], probabilities[row, place, best]
            tagged.append((tags, certain))
        return tagged
