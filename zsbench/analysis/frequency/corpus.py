"""Counts of concepts in a pretraining corpus: JSON `{concept: count}`, REAL's form, or a table of many corpora."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zsbench.config.paths import resolve_path
from zsbench.core import jsonfiles, tablefiles
from zsbench.core.errors import UserError, shown
from zsbench.core.tablefiles import Row
from zsbench.core.textfiles import short
from zsbench.core.words import listed
from zsbench.data.label_counts import EXPECTED, MOST, read_counts
from zsbench.data.synonym_counts import is_counted, read_synonym_counts

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
    notes : what was taken where a file leaves a choice.
    """

    facts: dict[str, str]
    counts: dict[str, dict[str, int]]
    place: str
    notes: tuple[str, ...] = ()

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


def read_all(references: Sequence[str], only: Mapping[str, Collection[str]] = {}) -> list[Corpus]:
    """Return the corpora of several files, as `read` does.

    Raises
    ------
    UserError
        What `read` refuses, nothing of what is wanted, or two corpora of one name, which no table could tell apart.
    """
    found: dict[tuple[tuple[str, str], ...], Corpus] = {}
    for each in (each for reference in references for each in read(reference, only)):
        other = found.setdefault(tuple(each.facts.items()), each)
        if other is not each:
            files = other.place if other.place == each.place else f"{other.place} and {each.place}"
            raise UserError("--counts", f"corpus '{each.name}' stands twice ({files})", "NAME=FILE with other names")
    if not found:
        raise UserError("--only", f"no corpus '{'|'.join(only['pretraining'])}'", f"one of {', '.join(references)}")
    return list(found.values())


def read(reference: str, only: Mapping[str, Collection[str]] = {}) -> list[Corpus]:
    """Return the corpora of a file.

    Parameters
    ----------
    reference : a file (`asset:` and `$NAME` as in YAML), or `NAME=FILE`. JSON `{concept: count}`, or REAL's form with
        the captions about a class or else those with its names, is one corpus, named NAME or by its file; a table
        (parquet, CSV, TSV, JSONL) has columns `concept` and `count`, and may have `dataset` and those of `FACTS`.
    only : the values of some of these columns that are wanted.

    Raises
    ------
    UserError
        No such file, a column is missing, a count that is no whole number, a concept that stands twice for a data
        set, a name for a table that names its corpora, or nothing of what is wanted.
    """
    name, _, file = reference.rpartition("=")
    path = resolve_path(file, Path.cwd(), where="--counts")
    if ".json" in path.suffixes:
        return _of_json(path, file, name, only)
    corpora: dict[tuple[str, ...], Corpus] = {}
    rows = tablefiles.read(path, ("concept", "count"), optional=("dataset", *FACTS))
    require_columns(path, rows[0], [key for key in only if key in ("source", "variant", "dataset")])
    if name and "pretraining" in rows[0]:
        raise UserError(f"--counts {reference}", "a table that names its corpora in `pretraining`", "FILE alone")
    stem, notes = (name, ()) if name or "pretraining" in rows[0] else _named(path, file)
    for row in rows:
        facts = {"pretraining": stem} | {key: row[key] for key in FACTS if key in row}
        held = row | facts
        if any(held[column] not in values for column, values in only.items() if column in held):
            continue
        corpus = corpora.setdefault(tuple(facts.values()), Corpus(facts, {}, shown(path), notes))
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


def require_columns(path: Path, row: Row, columns: Sequence[str]) -> None:
    """Refuse `--only` for a column that a table does not have, in which it would leave all rows.

    Raises
    ------
    UserError
        There is no such column.
    """
    for column in columns:
        if column not in row:
            known = ", ".join(row)
            raise UserError("--only", f"no column '{column}' in {shown(path)}", "", f"known columns there: {known}")


def _of_json(path: Path, file: str, name: str, only: Mapping[str, Collection[str]]) -> list[Corpus]:
    """Return the one corpus of a JSON file, none where another is wanted; notes call it `file`, as it was given."""
    for column in ("source", "variant", "dataset"):
        if column in only:
            raise UserError("--only", f"no column '{column}' in {shown(path)}", "", "JSON counts have none")
    named, notes = (name, ()) if name else _named(path, file)
    if named not in only.get("pretraining", (named,)):
        return []
    counts, more = _counts(path, file)
    return [Corpus({"pretraining": named}, {"": counts}, shown(path), (*notes, *more))]


def _counts(path: Path, file: str) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the counts of a JSON file, and what was taken of REAL's form, which has two of them for each class."""
    if not is_counted(jsonfiles.read(path, EXPECTED)):
        return read_counts(path, zeros=True), ()
    counted = list(read_synonym_counts(path).values())
    relevant = [one.relevant for one in counted]
    key = "actual_freq" if relevant[0] is None else "relevant_total"
    counts = {}
    names = Counter(one.name for one in counted)
    for one in counted:
        count = one.total if key == "actual_freq" else one.relevant
        if count is None:
            raise UserError(shown(path), f"no `{key}` of '{one.name}'", "it for every class, or for none")
        if names[one.name] == 1:
            counts[one.name] = count
    notes = [f"{file}: counts are those of `{key}`"]
    twice = [name for name, n in names.items() if n > 1]
    if twice:
        notes.append(f"{file}: {listed(twice)} named twice, and without a count")
    return counts, tuple(notes)


def _named(path: Path, file: str) -> tuple[str, tuple[str, ...]]:
    """Return what a file's corpus is called: the file without endings, or its folder where many files have the name."""
    stem = path.name.partition(".")[0]
    if stem not in ("concept_counts", "counts"):
        return stem, ()
    folder = path.absolute().parent.name
    return folder, (f"{file} is called '{folder}', as its folder; NAME=FILE names it otherwise",)
