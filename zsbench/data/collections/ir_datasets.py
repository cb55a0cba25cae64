"""Collections by their ir_datasets id: all of BEIR, TREC DL, MS MARCO and many more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import Text
from zsbench.core.errors import UserError, did_you_mean
from zsbench.data.collections.collection import Collection, add_unique, check
from zsbench.data.collections.documents import Document
from zsbench.data.collections.judgements import Qrels
from zsbench.data.collections.stored import Stored


@source(gives="collection")
def ir_datasets(*, id: Text) -> Collection:
    """Read queries and qrels of a data set known to ir_datasets (or registered with it).

    Documents are read one by one from its document store as candidates name them; only a first stage that searches
    the corpus (bm25, dense) reads all of them. Scored documents that the set offers are the candidates of
    `candidates: {stage: pool}`.

    Parameters
    ----------
    id : e.g. `beir/scifact/test` or `msmarco-passage/trec-dl-2019/judged`.

    Raises
    ------
    UserError
        Unknown id, a part that the set does not have, or a download that failed.
    """
    dataset = load(id, ("docs", "queries", "qrels"))
    try:
        return check(_read(dataset, id), id)
    except (RuntimeError, OSError) as error:
        raise UserError("", f"ir_datasets '{id}' cannot be read ({error})", "a downloaded data set") from error


def load(name: str, parts: tuple[str, ...]) -> Any:
    """Return a data set known to ir_datasets that has these parts.

    Raises
    ------
    UserError
        Unknown id, or a part that the set does not have.
    """
    import ir_datasets

    try:
        dataset = ir_datasets.load(name)
    except KeyError:
        near = did_you_mean(name, list(ir_datasets.registry))
        raise UserError("", f"ir_datasets knows no '{name}'", "", near) from None
    for part in parts:
        if not getattr(dataset, f"has_{part}")():
            raise UserError("", f"ir_datasets '{name}' has no {part}", f"a data set with {', '.join(parts)}")
    return dataset


def _read(dataset: Any, name: str) -> Collection:
    queries: dict[str, str] = {}
    for row in dataset.queries_iter():
        add_unique(queries, row.query_id, _text(row), where=name, kind="query")
    qrels: Qrels = {}
    for row in dataset.qrels_iter():
        qrels.setdefault(row.query_id, {})[row.doc_id] = int(row.relevance)

    pool = (lambda: _pool(dataset)) if dataset.has_scoreddocs() else None
    return Collection(stored(dataset, name), queries, qrels, pool=pool)


def stored(dataset: Any, name: str) -> Stored:
    """Return the documents of a data set, read as they are asked for."""

    def get_many(ids: list[str]) -> Iterator[Document]:
        return (_document(row) for row in dataset.docs_store().get_many_iter(ids))

    def read_all() -> dict[str, Document]:
        documents: dict[str, Document] = {}
        for row in dataset.docs_iter():
            add_unique(documents, row.doc_id, _document(row), where=name, kind="document")
        return documents

    return Stored(name, get_many, read_all)


def _document(row: Any) -> Document:
    return Document(row.doc_id, _text(row), getattr(row, "title", "") or "")


def _text(row: Any) -> str:
    text: str = row.text if hasattr(row, "text") else row.default_text()
    return text


def _pool(dataset: Any) -> dict[str, dict[str, float]]:
    """Return the scored documents of each query; those of MS MARCO have one score for all."""
    scored: dict[str, dict[str, float]] = {}
    for row in dataset.scoreddocs_iter():
        scored.setdefault(row.query_id, {})[row.doc_id] = float(row.score)
    return scored
