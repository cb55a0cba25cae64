"""BEIR-style collections through `datasets`: configs `corpus`, `queries` and qrels, on the hub or in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import ModelRef, Revision, Text
from zsbench.core.errors import UserError, did_you_mean
from zsbench.data import clusters
from zsbench.data.collections.collection import Collection, add_unique, check
from zsbench.data.collections.documents import Document
from zsbench.data.collections.judgements import Qrels, whole_number, wrong_grade
from zsbench.data.hub import folder_files

# What the publishers of such sets call the same column.
_IDS = ("_id", "id", "corpus-id", "query-id", "doc_id", "query_id")
_QUERY, _DOCUMENT, _GRADE = ("query-id", "query_id", "qid"), ("corpus-id", "corpus_id", "doc_id"), ("score", "grade")


def _files(options: dict[str, Any]) -> list[str]:
    return [path for key in ("path", "qrels_path") if options.get(key) for path in folder_files(options[key])]


@source(gives="collection", files=_files)
def hf_collection(
    *,
    path: ModelRef,
    qrels_path: ModelRef | None = None,
    corpus: Text = "corpus",
    queries: Text = "queries",
    qrels: Text = "default",
    split: Text = "test",
    cluster: Text | None = None,
    revision: Revision | None = None,
) -> Collection:
    """Read corpus, queries and judgements, each a config of a data set (`BeIR/scifact`, `mteb/scifact`, CoIR).

    Parameters
    ----------
    path : hub id, or folder with a subfolder for each config.
    qrels_path : where the judgements are when they are a data set of their own (`BeIR/scifact-qrels`).
    corpus, queries, qrels : names of the configs.
    split : the split of the judgements; corpus and queries have one split, whatever its name.
    cluster : column of the queries that names the question which several of them vary, by default `cluster` where there
        is one.
    revision : commit or tag on the hub.

    Raises
    ------
    UserError
        Nothing can be loaded, a column is missing, an id stands twice, a grade is no whole number.
    """
    documents: dict[str, Document] = {}
    for number, row in _rows(path, corpus, None, revision):
        key, text = str(_value(row, _IDS, path, corpus)), str(_value(row, ("text",), path, corpus))
        document = Document(key, text, row.get("title") or "")
        add_unique(documents, key, document, where=f"{path} {corpus}, row {number}", kind="document")
    texts: dict[str, str] = {}
    named: list[tuple[str, dict[str, Any]]] = []
    for number, row in _rows(path, queries, None, revision):
        key = str(_value(row, _IDS, path, queries))
        text = str(_value(row, ("text", "query"), path, queries))
        where = f"{path} {queries}, row {number}"
        add_unique(texts, key, text, where=where, kind="query")
        named.append((where, clusters.named(row, cluster)))
    judged = _judgements(qrels_path or path, qrels, split, None if qrels_path else revision)
    asked = {key: text for key, text in texts.items() if key in judged}
    of_rows = clusters.of_rows(named, cluster, noun="column")
    varied = None if of_rows is None else dict(zip(texts, of_rows, strict=True))
    return check(Collection(documents, asked or texts, judged, clusters=varied), path)


def _judgements(path: str, name: str, split: str, revision: str | None) -> Qrels:
    qrels: Qrels = {}
    for number, row in _rows(path, name, split, revision):
        query, document = str(_value(row, _QUERY, path, name)), str(_value(row, _DOCUMENT, path, name))
        grade, where = _value(row, _GRADE, path, name), f"{path} {name}, row {number}"
        try:
            value = whole_number(str(grade))
        except ValueError:
            raise wrong_grade(where, str(grade)) from None
        add_unique(qrels.setdefault(query, {}), document, value, where=where, kind=f"query {query}: judged document")
    return qrels


def _value(row: dict[str, Any], names: tuple[str, ...], path: str, config: str) -> Any:
    name = next((name for name in names if row.get(name) is not None), None)
    if name is None:
        raise UserError(f"{path} {config}", f"columns {', '.join(row)}", f"a filled column {' or '.join(names)}")
    return row[name]


def _rows(path: str, config: str, split: str | None, revision: str | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row number from 1, row) of a config's split, or of its only split."""
    import datasets

    datasets.disable_progress_bars()
    folder = Path(path) / config
    try:
        if folder.is_dir():
            loaded = datasets.load_dataset(str(folder))
        else:
            loaded = datasets.load_dataset(path, config, revision=revision)
    except Exception as error:
        # datasets lets through the exceptions of every storage and format library below it.
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise UserError(f"{path} {config}", f"datasets cannot load this ({reason})") from error
    if split is None:
        split = next(iter(loaded))
    if split not in loaded:
        raise UserError(
            f"{path} {config}", f"no split '{split}'", f"one of {', '.join(loaded)}", did_you_mean(split, loaded)
        )
    yield from enumerate(loaded[split], 1)
