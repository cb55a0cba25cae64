"""Splits of a training set as files: filtered sentences and their label counts, and what decided over them.

easy.jsonl, medium.jsonl, hard.jsonl    sentences with the mentions of kept types alone, {"id", "tokens", "spans"}
easy.json, medium.json, hard.json       {label: mentions} of the same, as `zsbench familiarity --train` takes it
splits.json                             rule, embedder, quantiles, and the types of each split
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.analysis.familiarity import inputs, splits
from zsbench.analysis.familiarity.splits import DIFFICULTIES, Difficulty, Filtered, Splits
from zsbench.core import files
from zsbench.core.words import number_of
from zsbench.corpus.files import write_lines
from zsbench.data.sentences.sentence import SentenceSet
from zsbench.report.grid import Cell, Column, Grid
from zsbench.report.plain import one_line

NAMES = (*(f"{difficulty}{ending}" for difficulty in DIFFICULTIES for ending in (".jsonl", ".json")), "splits.json")


@dataclass(frozen=True)
class Training:
    """A training set: mentions by label, verbatim, and its sentences, None where only counts are known."""

    name: str
    counts: dict[str, int]
    sentences: SentenceSet | None

    def types(self) -> list[str]:
        """Return the types that the labels stand for, sorted."""
        return sorted({splits.typed(label) for label in self.counts})


@dataclass(frozen=True)
class Written:
    """What was written of one split: mentions by label, and the sentences where there are any."""

    counts: dict[str, int]
    sentences: Filtered | None


def read(reference: str, where: str) -> Training:
    """Return a training set by reference, as `inputs.training_counts` takes it; errors likewise."""
    if inputs.is_counts(reference):
        return Training(*inputs.training_counts(reference, where), None)
    name, sentences = inputs.training_sentences(reference, where)
    return Training(name, inputs.mentions(sentences, reference, where), sentences)


def write(out: Path, training: Training, made: Splits, *, embedder: str) -> dict[Difficulty, Written]:
    """Write the files of every split into a folder, and return what is in them."""
    written: dict[Difficulty, Written] = {}
    for difficulty in DIFFICULTIES:
        wanted = set(made.types[difficulty])
        of_set = training.sentences
        kept = None if of_set is None else splits.filtered(of_set, wanted)
        counts = {label: n for label, n in training.counts.items() if splits.typed(label) in wanted}
        if kept is not None:
            write_lines(out / f"{difficulty}.jsonl", _lines(kept))
        files.write_json(out / f"{difficulty}.json", counts)
        written[difficulty] = Written(counts, kept)
    files.write_json(out / "splits.json", _facts(training, made, written, embedder))
    return written


def _lines(kept: Filtered) -> Iterator[dict[str, Any]]:
    for sentence, spans in kept.sentences:
        yield {"id": sentence.id, "tokens": list(sentence.words), "spans": [list(span) for span in spans]}


def _facts(training: Training, made: Splits, written: Mapping[Difficulty, Written], embedder: str) -> dict[str, Any]:
    low, middle_from, middle_to, high = made.limits
    limits = {"low": low, "middle_from": middle_from, "middle_to": middle_to, "high": high}
    sizes = {
        difficulty: {"types": len(made.types[difficulty]), "mentions": sum(of_split.counts.values())}
        | _sentences(of_split)
        for difficulty, of_split in written.items()
    }
    names = {"schema_version": 1, "training": training.name, "rule": made.rule, "embedder": embedder}
    by_benchmark = {name: dict(selected) for name, selected in made.by_benchmark.items()}
    return {**names, "quantiles": limits, "splits": sizes, "by_benchmark": by_benchmark, "types": dict(made.types)}


def _sentences(of_split: Written) -> dict[str, int]:
    kept = of_split.sentences
    return {} if kept is None else {"sentences": len(kept.sentences), "sentences_dropped": kept.dropped}


def grid(training: Training, made: Splits, written: Mapping[Difficulty, Written], *, embedder: str) -> Grid:
    """Return a row for each split: types, mentions, and sentences kept and dropped."""
    numbers = ["types", "mentions", *(["sentences", "dropped"] if training.sentences is not None else [])]
    columns = [Column("split"), *(Column(number, right=True) for number in numbers)]
    columns += [Column(one_line(f"types for {name}"), right=True) for name in made.by_benchmark]
    rows = []
    for difficulty, of_split in written.items():
        sizes = [len(made.types[difficulty]), sum(of_split.counts.values()), *_sentences(of_split).values()]
        sizes += [selected[difficulty] for selected in made.by_benchmark.values()]
        rows.append([Cell(difficulty), *(Cell(str(size), value=size) for size in sizes)])
    limits = ", ".join(f"{limit:.4g}" for limit in made.limits)
    n_types = number_of(len(training.types()), "type")
    note = f"{training.name}, {n_types}; rule {made.rule}, quantiles {limits}; embedder {embedder}"
    return Grid(columns, rows, [one_line(note)])
