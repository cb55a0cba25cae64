"""Generative retrieval: a model names the documents of a collection by their ids (docids); judged by trec_eval.

Every document that has an id can be found for every query. Predictions: a TREC run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from zsbench.config.blocks import Block
from zsbench.config.options import Count, Text, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core import jsonfiles, ties
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError, kind_of
from zsbench.core.records import TaskData, digest
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import Collection
from zsbench.methods.generative_retrieval import Docids, Query, Retriever
from zsbench.metrics.rankings.pytrec import Grades
from zsbench.tasks.base import covering, require_unique, sample
from zsbench.tasks.rerank.ranking import RankingTask


class Config(TaskConfig):
    """Keys of a `type: generative-retrieval` task.

    `docids`: JSON, {document: what a model writes for it, a text or a list of token ids}; documents that it leaves out
    cannot be found and are counted. Without it a document's own name is its id. `depth`: documents kept a query.
    `missing`: a query for which nothing is found scores `zero`, or is left out.
    """

    method: Any = "bm25-search"
    metrics: Texts = ["MRR@10", "nDCG@10", "Recall@1", "Recall@10", "Recall@100"]
    docids: Text | None = None
    depth: Count = Field(default=100, validate_default=True)
    missing: Literal["zero", "skip"] = "zero"

    @field_validator("depth")
    @classmethod
    def _covers_the_cut_offs(cls, depth: int, info: ValidationInfo) -> int:
        return covering(depth, info.data.get("metrics", []), Task.metric_kinds)


class Task(RankingTask[Config]):
    """Queries; gold is {document: grade}."""

    family: ClassVar[str] = "generative-retrieval"
    gives: ClassVar[str] = "collection"
    gold: ClassVar[tuple[str, str]] = ("trec", "qrels")
    metric_kinds: ClassVar[tuple[str, ...]] = ("ranking",)

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.path = None if config.docids is None else config.path("docids")

    def named_files(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the file of the docids, if there is one."""
        return [(("docids",), [str(self.path)])] if self.path else []

    def protocol(self, *, given: bool = False) -> str:
        """Return what can be found, how much is kept, and what is left out."""
        parts = [] if given else ["whole collection", f"top {self.config.depth}"]
        return ", ".join(parts + ["absent queries skipped"] * (self.config.missing == "skip"))

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the collection and the docids (not needed for scoring a finished run)."""
        collection: Collection = self.source.build()
        judged = [key for key in collection.queries if collection.qrels.get(key)]
        keep = [judged[i] for i in sample(len(judged), limit, seed)]
        items = [Query(key, collection.queries[key]) for key in keep]
        require_unique(items, self.source.where)
        gold = Grades.of(collection.qrels, keep)
        counts = dict(collection.counts)
        ids: dict[str, str | tuple[int, ...]] = {}
        if not score_only:
            self.require_words(keep, self.source.where)
            ids = {name: name for name in collection.documents} if self.path is None else read_docids(self.path)
            counts |= {
                "documents without an id": sum(name not in ids for name in collection.documents),
                "ids of no document": sum(name not in collection.documents for name in ids),
                "relevant documents without an id": sum(g > 0 and d not in ids for row in gold for d, g in row.items()),
            }
        self.require_words(ids, self.source.where if self.path is None else shown(self.path))
        if ids and not any(name in ids for name in collection.documents):
            where = self.source.where if self.path is None else shown(self.path)
            raise UserError(where, "no document of the collection has an id here", "documents named as in the corpus")
        return TaskData(
            items=items,
            gold=gold,
            context=_docids(ids, collection, self.config.depth),
            fingerprint=digest([collection.fingerprint(), *keep, *(f"{k}\0{v}" for k, v in ids.items())]),
            counts={name: n for name, n in counts.items() if n},
            clusters=collection.clusters_of(keep),
        )

    def predict(
        self, rule: Any, model: Any, data: TaskData, todo: range, run: RunContext
    ) -> Iterator[dict[str, float]]:
        """Yield {document: n - rank} for each query."""
        docids: Docids = data.context
        retriever: Retriever = rule
        queries: Sequence[Query] = data.items[todo.start : todo.stop]
        for done, (query, numbers) in enumerate(zip(queries, retriever(model, queries, docids), strict=True), 1):
            best = list(numbers)[: docids.depth]
            if len(set(best)) < len(best):
                raise ValueError(f"query {query.id}: the method named a document twice")
            self.format.name(run.method)
            yield {docids.names[number]: float(len(best) - rank) for rank, number in enumerate(best)}
            run.progress(todo.start + done)

    def collection(self, data: TaskData, item: Any) -> Collection:
        """Return the collection that is searched."""
        searched: Collection = data.context.collection
        return searched

    def question(self, item: Query) -> str:
        """Return the text of a query."""
        return item.text

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all rankings and judgements at once."""
        yield self.judged(data, predictions, self.config.missing), data.gold


def _docids(ids: Mapping[str, str | tuple[int, ...]], collection: Collection, depth: int) -> Docids:
    """Return what can be found in the order of a hash of the names."""
    listed = list(ids)
    places = ties.rows_in_any_order(listed)
    names = [listed[place] for place in places]
    return Docids(names, [ids[name] for name in names], collection, depth, places)


def read_docids(path: Path) -> dict[str, str | tuple[int, ...]]:
    """Return what a model writes for each document, from JSON.

    Raises
    ------
    UserError
        Not a mapping, or an id that is neither a text nor a list of token ids.
    """
    expected = "{document: a text, or a list of token ids}"
    rows = jsonfiles.read(path, expected)
    if not isinstance(rows, dict) or not rows:
        raise UserError(shown(path), kind_of(rows) if rows else "no docids", expected)
    docids: dict[str, str | tuple[int, ...]] = {}
    for name, docid in rows.items():
        is_tokens = isinstance(docid, list) and all(type(token) is int and token >= 0 for token in docid)
        if not docid or not (isinstance(docid, str) or is_tokens):
            raise UserError(shown(path), f"the id of document '{name}' is {docid!r}", expected)
        docids[name] = docid if isinstance(docid, str) else tuple(docid)
    return docids
