"""Zero-shot named entities: labelled spans of words; every label of the set is asked of every sentence.

Predictions: JSONL, one sentence a line, {"id": ..., "spans": [[start, end_inclusive, label], ...]}.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from zsbench import files, jsonfiles
from zsbench.config import Block, TaskConfig
from zsbench.data._sentences import Sentence, SentenceSet, Span
from zsbench.data.jsonl_sentences import read_span
from zsbench.errors import UserError
from zsbench.methods.ner import Tagger
from zsbench.records import RunContext, TaskData, canonical_json, digest
from zsbench.tasks._base import read_names, require_unique, sample
from zsbench.yamlio import shown

DEFAULT_BATCH = 32


class Config(TaskConfig):
    """Keys of a `type: ner` task.

    `labels`: names asked, a list or a file; default all that occur in the gold. `label_map`: gold label -> name asked.
    `excluded_labels`: gold labels dropped before anything else (`misc` in some papers).
    """

    method: Any = "span-threshold"
    metrics: list[str] = ["F1", "precision", "recall", "F1(average=macro)"]
    labels: list[str] | str | None = None
    label_map: dict[str, str] = {}
    excluded_labels: list[str] = []


class Task:
    """Sentences; gold is a list of spans."""

    family: ClassVar[str] = "ner"
    gives: ClassVar[str] = "sentences"
    metric_kinds: ClassVar[tuple[str, ...]] = ("spans",)
    suffix: ClassVar[str] = ".jsonl"
    shard_size: ClassVar[int] = 256
    absent: ClassVar[Any] = None

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source

    def files(self) -> list[str]:
        """Return the data's files."""
        return self.source.files()

    def protocol(self, *, given: bool = False) -> str:  # noqa: ARG002 - all of it is the judging
        """Return what was excluded: rows with and without `misc` do not compare."""
        left_out = self.config.excluded_labels
        return f"exact spans, without {', '.join(left_out)}" if left_out else "exact spans"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:  # noqa: ARG002
        """Read sentences and gold spans; gold labels are mapped and checked against the labels asked."""
        found: SentenceSet = self.source.build()
        require_unique(found.items, self.source.where)
        gold = [self._mapped(spans) for spans in found.spans]
        labels = (
            read_names(self.config.labels, self.config.folder("labels"), self.source.where)
            or SentenceSet(found.items, gold).labels()
        )
        unasked = {label for spans in gold for _, _, label in spans} - set(labels)
        if unasked:
            raise UserError(self.source.where, f"gold label '{min(unasked)}' is not among `labels`", ", ".join(labels))
        if not labels:
            raise UserError(self.source.where, "no labels", "`labels:` or gold spans")
        keep = sample(len(found.items), limit, seed)
        items, spans = [found.items[i] for i in keep], [gold[i] for i in keep]
        rows = (canonical_json([i.id, i.words, s]) for i, s in zip(items, spans, strict=True))
        return TaskData(items, spans, labels, digest([*labels, *rows]))

    def _mapped(self, spans: list[Span]) -> list[Span]:
        left = [span for span in spans if span[2] not in self.config.excluded_labels]
        return [(start, end, self.config.label_map.get(label, label)) for start, end, label in left]

    def predict(self, rule: Tagger, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[list[Span]]:
        """Yield the spans of each sentence."""
        size = DEFAULT_BATCH if run.batch_size == "auto" else int(run.batch_size)
        for start in range(todo.start, todo.stop, size):
            batch = data.items[start : min(start + size, todo.stop)]
            if model is not None:
                run.cost.truncated_items += sum(len(s.words) > model.max_words for s in batch)
            yield from rule(model, batch, data.context)
            run.progress(start + len(batch))

    def check(self, item: Sentence, prediction: list[Span]) -> str:
        """Say whether a span leaves its sentence."""
        bad = [s for s in prediction if not 0 <= s[0] <= s[1] < len(item.words)]
        return f"sentence {item.id}: span {bad[0]} leaves its {len(item.words)} words" if bad else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield predicted and gold spans of all sentences."""
        yield list(predictions), data.gold

    def write(self, path: Path, items: Sequence[Sentence], predictions: Sequence[list[Span]]) -> None:
        """Write JSONL."""
        rows = zip(items, predictions, strict=True)
        lines = [json.dumps({"id": item.id, "spans": spans}, ensure_ascii=False) + "\n" for item, spans in rows]
        files.write_bytes(path, "".join(lines).encode())

    def read(self, path: Path, items: Sequence[Sentence]) -> dict[str, list[Span]]:
        """Read JSONL with `id` and `spans`."""
        lengths = {item.id: len(item.words) for item in items}
        found: dict[str, list[Span]] = {}
        for number, row in jsonfiles.lines(path, {"id": str, "spans": list}):
            where = f"{shown(path)}:{number}"
            if row["id"] in found:
                raise UserError(where, f"sentence id '{row['id']}' stands twice", "unique ids")
            n_words = lengths.get(row["id"], 1 << 30)
            found[row["id"]] = [read_span(span, n_words, where) for span in row["spans"]]
        return found

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read JSONL, or CoNLL columns when the file has another suffix."""
        return {"source": "jsonl-sentences" if ".jsonl" in path else "conll", "path": path}

    def preview(self, prediction: list[Span]) -> str:
        """Return the spans as JSON."""
        return json.dumps(prediction, ensure_ascii=False)
