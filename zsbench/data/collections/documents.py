"""Passages, and queries with the candidates that a method orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zsbench.core import jsonfiles
from zsbench.core.errors import shown


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


def read_jsonl(path: Path) -> Iterator[tuple[str, Document]]:
    """Yield (file and line, passage or query) of JSONL rows {_id, text, title}.

    Raises
    ------
    UserError
        A line is malformed, or lacks id or text; with file and line.
    """
    name = shown(path)
    for number, row in jsonfiles.lines(path, {"_id": str, "text": str}):
        yield f"{name}:{number}", Document(row["_id"], row["text"], row.get("title") or "")
