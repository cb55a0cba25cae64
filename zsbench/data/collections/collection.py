"""A text collection in memory, and what reading one from any format has to check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.records import digest
from zsbench.data.collections.documents import Document
from zsbench.data.collections.judgements import Qrels, twice
from zsbench.data.collections.stored import Stored


@dataclass
class Collection:
    """Passages, queries and judgements.

    Attributes
    ----------
    documents : by id; a `Stored` reads single ones on demand.
    queries : texts by id.
    qrels : `qrels[query][document]` is an integer grade.
    counts : what did not fit, by name.
    pool : reads the candidates that come with the data, {query: {document: score}}; None where there are none. Where
        nothing has scored them, all scores are equal: the order in which data list candidates means nothing.
    clusters : by query, the name of what it comes from, where several queries word or vary one question.
    """

    documents: Mapping[str, Document]
    queries: dict[str, str]
    qrels: Qrels
    counts: dict[str, int] = field(default_factory=dict)
    pool: Callable[[], Mapping[str, Mapping[str, float]]] | None = None
    clusters: Mapping[str, str] | None = None
    _content: str | None = field(default=None, init=False, repr=False, compare=False)

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

    def clusters_of(self, queries: Sequence[str]) -> list[str] | None:
        """Return what queries come from, in their order; None where each stands alone."""
        return None if self.clusters is None else [self.clusters[key] for key in queries]

    def content(self) -> str:
        """Return the digest of every document, in their order; documents on demand are all read."""
        if self._content is None:
            self._content = digest(f"{d.id}\0{d.title}\0{d.text}" for d in self.documents.values())
        return self._content

    def fingerprint(self) -> str:
        """Return the digest of every text, id and grade."""
        queries = (f"{key}\0{text}" for key, text in self.queries.items())
        grades = (f"{q}\0{d}\0{g}" for q, row in self.qrels.items() for d, g in row.items())
        documents = self.documents.fingerprint() if isinstance(self.documents, Stored) else self.content()
        return digest([documents, digest(queries), digest(grades)])


def add_unique(table: dict[str, Any], key: str, value: Any, *, where: str, kind: str) -> None:
    """Put `value` under `key`, refusing an id that was there before."""
    if key in table:
        raise twice(where, kind, key)
    table[key] = value


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
    judged = [d for row in collection.qrels.values() for d in row]
    absent = sum(d not in collection.documents for d in judged)
    if absent == len(judged):
        expected = f"ids as in the corpus, such as '{next(iter(collection.documents))}'"
        raise UserError(where, f"no judged document is in the corpus (first: '{judged[0]}')", expected)
    collection.counts.update(
        {
            "judged queries without text": len(unknown),
            "judged documents not in the corpus": absent,
            "queries without judgement": len(collection.queries.keys() - collection.qrels.keys()),
        }
    )
    return collection
