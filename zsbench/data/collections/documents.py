"""Passages, and queries with the candidates that a method orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles
from zsbench.core.errors import shown
from zsbench.data import clusters
from zsbench.data.collections.judgements import twice


@dataclass(frozen=True, slots=True)
class Document:
    """A passage: its id, its text, and its title where there is one."""

    id: str
    text: str
    title: str = ""

    @property
    def passage(self) -> str:
        """Title and text in one line, as first stages read them."""
        return f"{self.title} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class RankItem:
    """One query with its candidates in first-stage order, best first; those of a bare pool in no order."""

    id: str
    query: str
    documents: tuple[Document, ...]


def read_queries(path: Path, cluster: str | None) -> tuple[dict[str, Document], dict[str, str] | None]:
    """Return the queries of JSONL rows {_id, text} by id, and by id what each comes from, where rows name it.

    Parameters
    ----------
    cluster : key of a row, or of its `metadata`, that names what a query comes from; None looks for `cluster`.

    Raises
    ------
    UserError
        A line is malformed, an id stands twice, a query has no cluster among others that have one; with file and line.
    """
    queries: dict[str, Document] = {}
    named: list[tuple[str, dict[str, Any]]] = []
    for where, row in _rows(path):
        if row["_id"] in queries:
            raise twice(where, "query", row["_id"])
        queries[row["_id"]] = _document(row)
        metadata = row.get("metadata")
        named.append((where, clusters.named({**(metadata if isinstance(metadata, dict) else {}), **row}, cluster)))
    of_rows = clusters.of_rows(named, cluster)
    return queries, None if of_rows is None else dict(zip(queries, of_rows, strict=True))


def read_jsonl(path: Path) -> Iterator[tuple[str, Document]]:
    """Yield (file and line, passage or query) of JSONL rows {_id, text, title}.

    Raises
    ------
    UserError
        A line is malformed, or lacks id or text; with file and line.
    """
    return ((where, _document(row)) for where, row in _rows(path))


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    name = shown(path)
    return ((f"{name}:{number}", row) for number, row in jsonfiles.lines(path, {"_id": str, "text": str}))


def _document(row: dict[str, Any]) -> Document:
    return Document(row["_id"], row["text"], row.get("title") or "")
