"""A text collection in memory, and what reading one from any format has to check."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zsbench.errors import UserError
from zsbench.records import digest
from zsbench.yamlio import shown


@dataclass(frozen=True)
class Document:
    """A passage: its id, its text, and its title where there is one."""

    id: str
    text: str
    title: str = ""


@dataclass
class Collection:
    """Passages, queries and judgements; `qrels[query][document]` is an integer grade."""

    documents: dict[str, Document]
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    counts: dict[str, int] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """Return the digest of every text, id and grade."""
        documents = (f"{d.id}\0{d.title}\0{d.text}" for d in self.documents.values())
        queries = (f"{key}\0{text}" for key, text in self.queries.items())
        grades = (f"{q}\0{d}\0{g}" for q, row in self.qrels.items() for d, g in row.items())
        return digest([digest(documents), digest(queries), digest(grades)])


def open_text(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, line) of a text file, plain or .gz, without line ends.

    Raises
    ------
    UserError
        The file is missing or not UTF-8 text.
    """
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as handle:
            for number, line in enumerate(handle, 1):
                yield number, line.rstrip("\r\n")
    except FileNotFoundError:
        raise UserError(shown(path), "no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(shown(path), f"cannot be read ({error})", "UTF-8 text") from None


def json_lines(path: Path, required: dict[str, type]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSONL file whose objects hold the required keys with the right types."""
    for number, line in open_text(path):
        if not line.strip():
            continue
        where = f"{shown(path)}:{number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(where, f"not valid JSON ({error.msg})", "one object a line") from None
        if not isinstance(row, dict):
            raise UserError(where, f"a {type(row).__name__}", "one object a line")
        for key, kind in required.items():
            if not isinstance(row.get(key), kind):
                found = f"key '{key}' is {row[key]!r}" if key in row else f"key '{key}' is missing"
                raise UserError(where, found, f"a {kind.__name__}")
        yield number, row


def add_unique(table: dict[str, Any], key: str, value: Any, *, where: str, kind: str) -> None:
    """Put `value` under `key`, refusing an id that was there before."""
    if key in table:
        raise UserError(where, f"{kind} id '{key}' stands twice", "unique ids")
    table[key] = value


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read judgements: TREC (`qid 0 docid grade`) or BEIR (`query-id corpus-id score`, with a header).

    Raises
    ------
    UserError
        A line has other columns, a grade is no whole number, a pair is judged twice, nothing is judged.
    """
    qrels: dict[str, dict[str, int]] = {}
    for number, line in open_text(path):
        parts = line.split()
        if not parts or (number == 1 and parts[-1] == "score"):
            continue
        where = f"{shown(path)}:{number}"
        if len(parts) not in (3, 4):
            raise UserError(where, f"{len(parts)} columns", "`qid 0 docid grade` or `query-id corpus-id score`")
        query, document, grade = parts[0], parts[-2], parts[-1]
        try:
            value = int(float(grade)) if float(grade).is_integer() else None
        except ValueError:
            value = None
        if value is None:
            raise UserError(where, f"grade '{grade}'", "a whole number")
        add_unique(qrels.setdefault(query, {}), document, value, where=where, kind=f"query {query}: judged document")
    if not qrels:
        raise UserError(shown(path), "no judgements")
    return qrels


def read_run(path: Path) -> dict[str, dict[str, float]]:
    """Read a TREC run (`qid Q0 docid rank score tag`), plain or .gz: {query: {document: score}}.

    Raises
    ------
    UserError
        A line has other columns, a score is not a finite number, a document stands twice, the run is empty.
    """
    run: dict[str, dict[str, float]] = {}
    for number, line in open_text(path):
        parts = line.split()
        if not parts:
            continue
        where = f"{shown(path)}:{number}"
        if len(parts) not in (5, 6):
            raise UserError(where, f"{len(parts)} columns", "`qid Q0 docid rank score tag`")
        try:
            score = float(parts[4])
        except ValueError:
            raise UserError(where, f"score '{parts[4]}'", "a number") from None
        if score != score or score in (float("inf"), float("-inf")):
            raise UserError(where, f"score '{parts[4]}'", "a finite number")
        add_unique(run.setdefault(parts[0], {}), parts[2], score, where=where, kind=f"query {parts[0]}: document")
    if not run:
        raise UserError(shown(path), "an empty run")
    return run


def check(collection: Collection, where: str) -> Collection:
    """Return the collection when it can be judged, with what does not fit counted.

    Raises
    ------
    UserError
        No documents, no queries, or no query that is judged.
    """
    if not collection.documents:
        raise UserError(where, "no documents")
    if not collection.queries:
        raise UserError(where, "no queries")
    if not collection.qrels.keys() & collection.queries.keys():
        raise UserError(where, "no query has a judgement", "qrels whose query ids are those of the queries")
    unknown = collection.qrels.keys() - collection.queries.keys()
    absent = sum(d not in collection.documents for row in collection.qrels.values() for d in row)
    collection.counts.update(
        {
            "judged queries without text": len(unknown),
            "judged documents not in the corpus": absent,
            "queries without judgement": len(collection.queries.keys() - collection.qrels.keys()),
        }
    )
    return collection
