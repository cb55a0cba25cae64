"""Counts of concepts in a pretraining corpus, from JSON `{concept: count}` or from a table of many corpora."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from zsbench.config.paths import resolve_path
from zsbench.core import tablefiles
from zsbench.core.errors import UserError, shown
from zsbench.core.tablefiles import Row
from zsbench.core.textfiles import short
from zsbench.data.label_counts import MOST, read_counts

FACTS = ("pretraining", "source", "variant")
"""Columns that tell the corpora of a table apart, and how their counts were found."""


@dataclass(frozen=True)
class Corpus:
    """Counts of one corpus, found in one way.

    Attributes
    ----------
    facts : `pretraining`, its name, and for those of a table `source` and `variant`.
    counts : by data set, in the order of the file, and concept; under "" those of whatever data set.
    place : the file.
    """

    facts: dict[str, str]
    counts: dict[str, dict[str, int]]
    place: str

    @property
    def name(self) -> str:
        """What tells it from others, on one line."""
        return " ".join(filter(None, self.facts.values()))

    def of(self, dataset: str) -> Mapping[str, int] | None:
        """Return the counts of a data set's concepts, None where it has none."""
        return self.counts.get("", self.counts.get(dataset))

    def first(self) -> dict[str, int]:
        """Return every concept's count of the first data set that has it, data sets in the order of their names."""
        found: dict[str, int] = {}
        for dataset in sorted(self.counts):
            for concept, count in self.counts[dataset].items():
                found.setdefault(concept, count)
        return found


def read(reference: str, only: Mapping[str, Collection[str]] = {}) -> list[Corpus]:
    """Return the corpora of a file.

    Parameters
    ----------
    reference : a file (`asset:` and `$NAME` as in YAML), or `NAME=FILE`. JSON `{concept: count}` is one corpus, named
        NAME or by its file; a table (parquet, CSV, TSV, JSONL) has columns `concept` and `count`, and may have
        `dataset` and those of `FACTS`.
    only : the values of some of these columns that are wanted.

    Raises
    ------
    UserError
        No such file, a column is missing, a count that is no whole number, a concept that stands twice for a data
        set, or nothing of what is wanted.
    """
    name, _, file = reference.rpartition("=")
    path = resolve_path(file, Path.cwd(), where="--counts")
    if ".json" in path.suffixes:
        return [Corpus({"pretraining": name or _stem(path)}, {"": read_counts(path, zeros=True)}, shown(path))]
    corpora: dict[tuple[str, ...], Corpus] = {}
    for row in tablefiles.read(path, ("concept", "count"), optional=("dataset", *FACTS)):
        if any(row.get(column, "") not in values for column, values in only.items() if column in row):
            continue
        facts = {key: row[key] for key in FACTS if key in row}
        facts = {"pretraining": name or _stem(path)} | facts
        corpus = corpora.setdefault(tuple(facts.values()), Corpus(facts, {}, shown(path)))
        of_dataset = corpus.counts.setdefault(row.get("dataset", ""), {})
        if row["concept"] in of_dataset:
            dataset = f" of data set '{row['dataset']}'" if "dataset" in row else ""
            raise UserError(row.place, f"concept '{row['concept']}'{dataset} stands twice", "it once")
        of_dataset[row["concept"]] = _count(row)
    if not corpora:
        wanted = ", ".join(f"{key}={'|'.join(values)}" for key, values in only.items())
        raise UserError(shown(path), f"no row of {wanted}", "values that the table has")
    return list(corpora.values())


def _count(row: Row) -> int:
    text = row["count"]
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MOST)) or int(text) > MOST:
        raise UserError(row.place, f"count {short(text)} of '{row['concept']}'", f"a whole number from 0 to {MOST}")
    return int(text)


def _stem(path: Path) -> str:
    """Return what a file is called without endings; with its folder where many files have the name."""
    stem = path.name.partition(".")[0]
    return path.absolute().parent.name if stem in ("concept_counts", "counts") else stem
