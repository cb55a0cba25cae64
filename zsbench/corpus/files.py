"""The JSONL files that corpus tools read and write, by the names their publishers use."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zsbench.config.paths import resolve_path
from zsbench.core import jsonfiles, outputs
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import add_unique
from zsbench.data.collections.documents import Document

_IDS, _TEXTS = ("_id", "docid", "doc_id", "id", "item"), ("text", "doctext", "contents")
_OF_PAIRS, _QUERIES = ("docid", "doc_id", "id"), ("query", "question")


def read_documents(path: Path, *, texts: bool = True) -> dict[str, Document]:
    """Return the documents of a corpus: `{_id, text, title}` (BEIR), `{docid, doctext}` (DUQGen) or `{item, text}`.

    `asset:` and `$NAME/` paths are known, as in a config.

    Parameters
    ----------
    texts : every document has to have a text; else one without is read as an empty one.

    Raises
    ------
    UserError
        A line lacks an id or a text, an id stands twice, there are no documents.
    """
    documents: dict[str, Document] = {}
    path = resolve_path(str(path), Path())
    for number, row in jsonfiles.lines(path, {}):
        where = f"{shown(path)}:{number}"
        wanted = texts or any(name in row for name in _TEXTS)
        text = _text(row, _TEXTS, where) if wanted else ""
        document = Document(_text(row, _IDS, where), text, str(row.get("title") or ""))
        add_unique(documents, document.id, document, where=where, kind="document")
    if not documents:
        raise UserError(shown(path), "no documents")
    return documents


def read_pairs(path: Path, documents: Iterable[str]) -> list[tuple[str, str]]:
    """Return (query, document id) of every line `{query, doc_id}` or `{question, docid}`.

    Raises
    ------
    UserError
        A line lacks one of both, a document is not in the corpus, there are no pairs.
    """
    known, pairs = set(documents), []
    for number, row in jsonfiles.lines(path, {}):
        where = f"{shown(path)}:{number}"
        key = _text(row, _OF_PAIRS, where)
        if key not in known:
            raise UserError(where, f"document '{key}' is not in the corpus", "pairs of this corpus")
        pairs.append((_text(row, _QUERIES, where), key))
    if not pairs:
        raise UserError(shown(path), "no pairs")
    return pairs


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    """Write JSONL atomically; a file that is there stays, and has to hold the same.

    Raises
    ------
    UserError
        It holds something else, or cannot be written.
    """
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    outputs.write_answer("--out", path, lines.encode())


def _text(row: dict[str, Any], names: tuple[str, ...], where: str) -> str:
    value = next((row[name] for name in names if isinstance(row.get(name), str | int)), None)
    if value is None:
        raise UserError(where, f"keys {', '.join(row) or 'none'}", f"a text under {' or '.join(names)}")
    return str(value)
