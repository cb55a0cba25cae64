"""Re-ranking: order each query's candidates; judged by trec_eval over all judged queries.

Candidates come from a first stage (BM25, a text encoder), a TREC run, or the data. A judged query without candidates
scores 0, as published numbers do, unless `missing: skip` leaves it out; both counts are shown. Predictions: a TREC run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from zsbench.config.options import Grade, Texts
from zsbench.core.records import TaskData
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import Document
from zsbench.metrics import naming
from zsbench.metrics.rankings.pytrec import Grades
from zsbench.tasks.rerank.ranking import CandidatesConfig, CandidatesTask


class Config(CandidatesConfig):
    """Keys of a `type: rerank` task.

    `title`: `keep` leaves titles to the method, `join` puts them before the text, `drop` forgets them.
    `relevance_level`: the grade from which metrics of binary relevance count a document; it becomes the `rel` of every
    metric that has one and does not name its own. `missing`: a query absent from the run scores `zero`, or is left out.
    """

    method: Any = "first-stage"
    metrics: Texts = ["nDCG@10", "MRR@10", "Recall@100"]
    drop_query_id: bool = False
    title: Literal["keep", "join", "drop"] = "keep"
    relevance_level: Grade = 1

    @model_validator(mode="before")
    @classmethod
    def _spell_out_the_level(cls, value: Any) -> Any:
        """A metric's name is its formula: the level goes into the names."""
        level = value.get("relevance_level", 1) if isinstance(value, dict) else 1
        names = value.get("metrics", cls.model_fields["metrics"].default) if isinstance(value, dict) else []
        if level == 1 or not isinstance(names, list):
            return value
        return {
            **value,
            "metrics": [naming.with_default(name, "rel", level, kinds=Task.metric_kinds) for name in names],
        }


class Task(CandidatesTask[Config]):
    """Queries with candidates; gold is {document: grade}."""

    asked: ClassVar[str] = "queries"
    gives: ClassVar[str] = "collection"
    gold: ClassVar[tuple[str, str]] = ("trec", "qrels")
    metric_kinds: ClassVar[tuple[str, ...]] = ("ranking",)

    def protocol(self, *, given: bool = False) -> str:
        """Return first stage, depth and what is dropped, joined or left out."""
        # Bare judgements have no texts, so nothing can have searched them.
        texts = self.source.name != "trec" or "documents" in self.source.options
        searched = texts or self.config.candidates.stage == "run"
        parts = [self.first_stage.label()] if searched and not given else []
        parts += ["query id dropped"] if self.config.drop_query_id else []
        parts += [] if self.config.title == "keep" or given else [f"title {self.config.title}"]
        return ", ".join(parts + self.left_out())

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the collection and build each judged query's candidates (none for scoring a finished run)."""
        collection = self._collection()
        judged = [key for key in collection.queries if collection.qrels.get(key)]
        counts = dict(collection.counts)
        keep = [judged[i] for i in self.kept(judged, counts, limit=limit, seed=seed)]
        return self.loaded(
            collection,
            keep,
            Grades.of(collection.qrels, keep),
            seed=seed,
            score_only=score_only,
            counts=counts,
            drop_query_id=self.config.drop_query_id,
            clusters=collection.clusters_of(keep),
        )

    def _collection(self) -> Collection:
        collection: Collection = self.source.build()
        if self.config.title == "join":
            return collection.changed(lambda document: Document(document.id, document.passage))
        if self.config.title == "drop":
            return collection.changed(lambda document: Document(document.id, document.text))
        return collection

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all rankings and judgements at once, without the queries' own documents where these are dropped."""
        if self.config.drop_query_id:
            rankings = zip(data.items, predictions, strict=True)
            predictions = [{doc: s for doc, s in ranking.items() if doc != item.id} for item, ranking in rankings]
        return super().chunks(data, predictions)
