"""A text collection in memory, and what reading one from any format has to check."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zsbench.data._stored import Stored
from zsbench.errors import UserError
from zsbench.records import digest
from zsbench.yamlio import shown

Qrels = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Document:
    """A passage: its id, its text, and its title where there is one."""

    id: str
    text: str
    title: str = ""

    @property
    def passage(self) -> str:
        """Title and text in one line, as first stages read them."""
        return f"{self.title} {self.text}".strip()


@dataclass
class Collection:
    """Passages, queries and judgements.

    Attributes
    ----------
    documents : by id; a `Stored` reads single ones on demand.
    queries : texts by id.
    qrels : `qrels[query][document]` is an integer grade.
    counts : what did not fit, by name.
    pool : reads the candidates that come with the data, {query: ids in their order}; None where there are none.
    """

    documents: Mapping[str, Document]
    queries: dict[str, str]
    qrels: Qrels
    counts: dict[str, int] = field(default_factory=dict)
    pool: Callable[[], dict[str, list[str]]] | None = None

    def fetch(self, ids: Iterable[str]) -> None:
        """Read these documents in one go where documents are read on demand."""
        if isinstance(self.documents, Stored):
            self.documents.fetch(ids)

    def changed(self, change: Callable[[Document], Document]) -> Collection:
        """Return the collection with every document changed; its id stays."""
        documents = self.documents
        if isinstance(documents, Stored):
            return replace(self, documents=documents.changed(change))
        return replace(self, documents={key: change(document) for key, document in documents.items()})

    def fingerprint(self) -> str:
        """Return the digest of every text, id and grade."""
        queries = (f"{key}\0{text}" for key, text in self.queries.items())
        grades = (f"{q}\0{d}\0{g}" for q, row in self.qrels.items() for d, g in row.items())
        if isinstance(self.documents, Stored):
            documents = self.documents.fingerprint()
        else:
            documents = digest(f"{d.id}\0{d.title}\0{d.text}" for d in self.documents.values())
        return digest([documents, digest(queries), digest(grades)])


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
    name = shown(path)
    for number, line in open_text(path):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(where, f"not valid JSON ({error.msg})", "one object a line") from None
        if not isinstance(row, dict):
            raise UserError(where, f"a {type(row).__name__}", "one object a line")
        for key, kind in required.items():
            if not isinstance(row.get(key), kind):
                found = f"key '{key}' is {row[key]!r}" if key in row else f"key '{key}' is missing"
                words = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}
                raise UserError(where, found, words.get(kind, f"a {kind.__name__}"))
        yield number, row


def add_unique(table: dict[str, Any], key: str, value: Any, *, where: str, kind: str) -> None:
    """Put `value` under `key`, refusing an id that was there before."""
    if key in table:
        raise twice(where, kind, key)
    table[key] = value


def twice(where: str, kind: str, key: str) -> UserError:
    """Return the error for an id that was there before."""
    return UserError(where, f"{kind} id '{key}' stands twice", "unique ids")


def whole_number(text: str) -> int:
    """Return a whole number, also when it is written `2.0` or `-1`.

    Raises
    ------
    ValueError
        It is none.
    """
    value = float(text)
    if not value.is_integer():
        raise ValueError(text)
    return int(value)


def read_qrels(path: Path) -> Qrels:
    """Read judgements: TREC (`qid 0 docid grade`) or BEIR (`query-id corpus-id score`, with a header).

    Raises
    ------
    UserError
        A line has other columns, a grade is no whole number, a pair is judged twice, nothing is judged.
    """
    qrels: Qrels = {}
    for number, line in open_text(path):
        parts = line.split()
        if not parts or (number == 1 and parts[-1] == "score"):
            continue
        if len(parts) not in (3, 4):
            where = f"{shown(path)}:{number}"
            raise UserError(where, f"{len(parts)} columns", "`qid 0 docid grade` or `query-id corpus-id score`")
        row = qrels.setdefault(parts[0], {})
        if parts[-2] in row:
            raise twice(f"{shown(path)}:{number}", f"query {parts[0]}: judged document", parts[-2])
        try:
            row[parts[-2]] = int(parts[-1]) if parts[-1].isdecimal() else whole_number(parts[-1])
        except ValueError:
            raise UserError(f"{shown(path)}:{number}", f"grade '{parts[-1]}'", "a whole number") from None
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
        if len(parts) not in (5, 6):
            if not parts:
                continue
            raise UserError(f"{shown(path)}:{number}", f"{len(parts)} columns", "`qid Q0 docid rank score tag`")
        try:
            score = float(parts[4])
        except ValueError:
            raise UserError(f"{shown(path)}:{number}", f"score '{parts[4]}'", "a number") from None
        if not -math.inf < score < math.inf:
            raise UserError(f"{shown(path)}:{number}", f"score '{parts[4]}'", "a finite number")
        ranking = run.setdefault(parts[0], {})
        if parts[2] in ranking:
            raise twice(f"{shown(path)}:{number}", f"query {parts[0]}: document", parts[2])
        ranking[parts[2]] = score
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
    collection.fetch(d for row in collection.qrels.values() for d in row)
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
