"""Predicted spans as files: JSONL, which `eval` writes, or the gold's sentences with other tags in CoNLL columns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, get_args

from zsbench.core import files, jsonfiles, textfiles
from zsbench.core.errors import UserError
from zsbench.core.words import number_of
from zsbench.core.yamlio import shown
from zsbench.data.item_ids import read_id
from zsbench.data.sentences.borders import Borders, Placer
from zsbench.data.sentences.conll import conll
from zsbench.data.sentences.json_spans import Offsets, SpanReader
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet
from zsbench.tasks.formats.format import Format

_BY_GOLD = "`borders: snap` of the gold's source, in `data:`, takes the words they touch, in predictions too"
_NO_BORDERS = "the gold's source has no `borders`, which would govern predictions too; jsonl-sentences has"


@dataclass(frozen=True)
class Spans(Format):
    """Labelled spans of words.

    Attributes
    ----------
    unknown : says what is wrong with a label, or returns an empty string.
    columns : options of the source `conll`, with which predictions in columns are read: those of the gold.
    borders : what a predicted span of characters is whose borders are no words', as the gold's source says it; None
        where that source has no such option.
    places : where predictions stand in the file that was read last, by id, for messages.
    counts : what was snapped or stands nowhere among the predictions that were read last.
    """

    unknown: Callable[[str], str]
    columns: Mapping[str, Any] = field(default_factory=dict)
    borders: Borders | None = "error"
    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    suffixes: ClassVar[tuple[str, ...]] = (".jsonl",)

    def write(self, path: Path, items: Sequence[Sentence], predictions: Sequence[list[Mention]]) -> None:
        """Write JSONL."""
        rows = zip(items, predictions, strict=True)
        lines = [
            json.dumps({"id": item.id, "spans": [span.row() for span in spans]}, ensure_ascii=False) + "\n"
            for item, spans in rows
        ]
        files.write_bytes(path, "".join(lines).encode())

    def read(self, path: Path, items: Sequence[Sentence]) -> dict[str, list[Mention]]:
        """Read JSONL with `id` and `spans`, or the items' sentences with their tags in CoNLL columns.

        Spans count words; those of a line with `"offsets": "characters"` count characters of the sentence's text.

        Raises
        ------
        UserError
            Not such a file, a span that leaves its sentence, an id that stands twice, other words than the gold's, or
            a label that is unknown.
        """
        is_jsonl = ".jsonl" in path.suffixes or _begins(path).startswith("{")
        placed = self._jsonl(path, items) if is_jsonl else _conll(path, items, self.columns)
        for where, spans in placed.values():
            for span in spans:
                if problem := self.unknown(span.label):
                    raise UserError(where, problem)
        self.places.clear()
        self.places.update({key: where for key, (where, _) in placed.items()})
        return {key: spans for key, (_, spans) in placed.items()}

    def check(self, item: Sentence, prediction: list[Mention]) -> str:
        """Say whether a span leaves its sentence, has a score that is NaN, or a label that is unknown."""
        n = len(item.words)
        for span in prediction:
            start, end, label, score, _ = span
            if (start is None) != (end is None) or (start is not None and not 0 <= start <= (end or 0) < n):
                return f"sentence {item.id}: span {span.row()} leaves its {n} words"
            if score is not None and math.isnan(score):
                return f"sentence {item.id}: the score of span {span.row()[:3]} is NaN"
            if problem := self.unknown(label):
                return f"sentence {item.id}: {problem}"
        return ""

    def preview(self, prediction: list[Mention]) -> str:
        """Return the spans as JSON, without scores."""
        return json.dumps([span._replace(score=None).row() for span in prediction], ensure_ascii=False)

    def _jsonl(self, path: Path, items: Sequence[Sentence]) -> dict[str, tuple[str, list[Mention]]]:
        """Return by sentence id the place in the file, for messages, and the spans."""
        known = {item.id: item for item in items}
        placed: dict[str, tuple[str, list[Mention]]] = {}
        self.counts.clear()
        advice = _BY_GOLD if self.borders else _NO_BORDERS
        placer = Placer(self.borders or "error", "predicted", self.counts, advice)
        readers = {offsets: SpanReader(offsets, placer) for offsets in get_args(Offsets)}
        for number, row in jsonfiles.lines(path, {"spans": list}, finite=True):
            where = f"{shown(path)}:{number}"
            key = read_id(row, where)
            if key in placed:
                raise UserError(where, f"sentence id '{key}' stands twice", "unique ids")
            reader = readers.get(row.get("offsets", "words"))
            if reader is None:
                raise UserError(where, f"key 'offsets' is {row['offsets']!r}", " or ".join(readers))
            # Ids that the gold does not have are refused by whoever compares them with the items'.
            spans = [reader.mention(span, known[key], where) for span in row["spans"]] if key in known else []
            placed[key] = where, spans
        return placed


def _begins(path: Path) -> str:
    return next((line for _, line in textfiles.lines(path) if line.strip()), "")


def _conll(path: Path, items: Sequence[Sentence], columns: Mapping[str, Any]) -> dict[str, tuple[str, list[Mention]]]:
    """Read the sentences of the gold in their order; equal words show that they are."""
    try:
        read: SentenceSet = conll(path=str(path), **columns)
    except UserError as error:
        expected = 'JSONL ({"id": ..., "spans": [[start, end_inclusive, label], ...]}) or CoNLL columns'
        raise UserError(error.where, error.found, expected, error.expected) from None
    if len(read.items) != len(items):
        raise UserError(shown(path), number_of(len(read.items), "sentence"), f"the gold's {len(items)}, in their order")
    for ours, gold in zip(read.items, items, strict=True):
        if ours.words != gold.words:
            words = f"'{' '.join(ours.words[:6])} ...'"
            raise UserError(shown(path), f"sentence {ours.id} reads {words}", f"'{' '.join(gold.words[:6])} ...'")
    return {
        gold.id: (f"{shown(path)}: sentence {ours.id}", [Mention(*span) for span in spans])
        for ours, gold, spans in zip(read.items, items, read.spans, strict=True)
    }
