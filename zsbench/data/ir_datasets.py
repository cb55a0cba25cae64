"""Collections by their ir_datasets id: all of BEIR, TREC DL, MS MARCO and many more."""

from __future__ import annotations

from typing import Any

from zsbench.components import source
from zsbench.data._collection import Collection, Document, add_unique, check
from zsbench.errors import UserError, did_you_mean


@source(gives="collection")
def ir_datasets(*, id: str) -> Collection:
    """Read documents, queries and qrels of a data set known to ir_datasets (or registered with it).

    Parameters
    ----------
    id : e.g. `beir/scifact/test` or `msmarco-passage/trec-dl-2019/judged`.

    Raises
    ------
    UserError
        Unknown id, a part that the set does not have, or a download that failed.
    """
    import ir_datasets

    try:
        dataset = ir_datasets.load(id)
    except KeyError:
        raise UserError("", f"ir_datasets knows no '{id}'", "", did_you_mean(id, list(ir_datasets.registry))) from None
    for part in ("docs", "queries", "qrels"):
        if not getattr(dataset, f"has_{part}")():
            raise UserError("", f"ir_datasets '{id}' has no {part}", "a data set with docs, queries and qrels")
    try:
        return check(_read(dataset), id)
    except (RuntimeError, OSError) as error:
        raise UserError("", f"ir_datasets '{id}' cannot be read ({error})", "a downloaded data set") from error


def _read(dataset: Any) -> Collection:
    documents: dict[str, Document] = {}
    for row in dataset.docs_iter():
        text = row.default_text() if not hasattr(row, "text") else row.text
        add_unique(
            documents,
            row.doc_id,
            Document(row.doc_id, text, getattr(row, "title", "")),
            where="",
            kind="document",
        )
    queries: dict[str, str] = {}
    for row in dataset.queries_iter():
        add_unique(
            queries,
            row.query_id,
            row.text if hasattr(row, "text") else row.default_text(),
            where="",
            kind="query",
        )
    qrels: dict[str, dict[str, int]] = {}
    for row in dataset.qrels_iter():
        qrels.setdefault(row.query_id, {})[row.doc_id] = int(row.relevance)
    return Collection(documents, queries, qrels)
