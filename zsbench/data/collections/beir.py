"""A BEIR folder: corpus.jsonl, queries.jsonl, qrels/<split>.tsv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import Collection, add_unique, check
from zsbench.data.collections.documents import Document, read_jsonl, read_queries
from zsbench.data.collections.judgements import read_qrels


def _files(options: dict[str, Any]) -> list[str]:
    folder = Path(options["path"])
    judged = _judgements(folder, options.get("split", "test"))
    return [*(str(folder / name) for name in ("corpus.jsonl", "queries.jsonl")), str(judged)]


@source(gives="collection", files=_files)
def beir(*, path: LocalPath, split: Text = "test", cluster: Text | None = None) -> Collection:
    """Read a BEIR folder.

    Parameters
    ----------
    path : the folder.
    split : name of the file in `qrels/`.
    cluster : key of queries.jsonl, or of its `metadata`, that names the question which several queries vary, by default
        `cluster` where there is one.

    Raises
    ------
    UserError
        A file is missing or malformed, an id stands twice; with file and line.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise UserError(shown(folder), "no such folder", "a folder with corpus.jsonl, queries.jsonl and qrels/")
    documents: dict[str, Document] = {}
    for where, document in read_jsonl(folder / "corpus.jsonl"):
        add_unique(documents, document.id, document, where=where, kind="document")
    asked, varied = read_queries(folder / "queries.jsonl", cluster)
    queries = {key: query.text for key, query in asked.items()}
    qrels = read_qrels(_judgements(folder, split))
    judged = {key: text for key, text in queries.items() if key in qrels}
    # A BEIR queries.jsonl holds the queries of every split; those of the others are not this task's.
    return check(Collection(documents, judged or queries, qrels, clusters=varied), shown(folder))


def _judgements(folder: Path, split: str) -> Path:
    """Return the file of a split's judgements.

    Raises
    ------
    UserError
        It is not there, and those of other splits are.
    """
    path = folder / "qrels" / f"{split}.tsv"
    others = sorted(other.stem for other in path.parent.glob("*.tsv"))
    if others and split not in others:
        there = (
            f"there is {others[0]}.tsv: `split: {others[0]}`" if len(others) == 1 else f"splits: {', '.join(others)}"
        )
        raise UserError(shown(path), "no such file", "", there)
    return path
