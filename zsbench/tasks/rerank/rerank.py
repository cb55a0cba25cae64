"""Re-ranking: order each query's candidates; judged by trec_eval over all judged queries.

Candidates come from a first stage (BM25, a text encoder), a TREC run, or the data. A judged query without candidates
scores 0, as published numbers do, unless `missing: skip` leaves it out; both counts are shown. Predictions: a TREC run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from zsbench.config.blocks import Block
from zsbench.config.options import Grade, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.records import TaskData, digest
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.metrics import naming
from zsbench.metrics.rankings.pytrec import Grades
from zsbench.search.candidates import Candidates, FirstStage
from zsbench.tasks.base import require_unique, sample
from zsbench.tasks.rerank.ranking import RankingTask, candidate_counts, ids_of


class Config(TaskConfig):
    """Keys of a `type: rerank` task.

    `title`: `keep` leaves titles to the method, `join` puts them before the text, `drop` forgets them.
    `relevance_level`: the grade from which metrics of binary relevance count a document; it becomes the `rel` of every
    metric that has one and does not name its own. `missing`: a query absent from the run scores `zero`, or is left out.
    """

    method: Any = "first-stage"
    metrics: Texts = ["nDCG@10", "MRR@10", "Recall@100"]
    candidates: Candidates = Candidates()
    drop_query_id: bool = False
    title: Literal["keep", "join", "drop"] = "keep"
    relevance_level: Grade = 1
    missing: Literal["zero", "skip"] = "zero"

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


class Task(RankingTask[Config]):
    """Queries with candidates; gold is {document: grade}."""

    gives: ClassVar[str] = "collection"
    gold: ClassVar[tuple[str, str]] = ("trec", "qrels")
    metric_kinds: ClassVar[tuple[str, ...]] = ("ranking",)

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.first_stage: FirstStage = FirstStage(config.candidates, source, config.folder)

    def files(self) -> list[str]:
        """Return the collection's files and what the candidates come from."""
        return super().files() + self.first_stage.files()

    def protocol(self, *, given: bool = False) -> str:
        """Return first stage, depth and what is dropped, joined or left out."""
        # Bare judgements have no texts, so nothing can have searched them.
        texts = self.source.name != "trec" or "documents" in self.source.options
        searched = texts or self.config.candidates.stage == "run"
        parts = [self.first_stage.label()] if searched and not given else []
        parts += ["query id dropped"] if self.config.drop_query_id else []
        parts += [] if self.config.title == "keep" or given else [f"title {self.config.title}"]
        parts += ["absent queries skipped"] if self.config.missing == "skip" else []
        return ", ".join(parts)

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the collection and build each judged query's candidates (none for scoring a finished run)."""
        collection = self._collection()
        judged = [key for key in collection.queries if collection.qrels.get(key)]
        keep = [judged[i] for i in sample(len(judged), limit, seed)]
        if score_only:
            items = [RankItem(key, collection.queries[key], ()) for key in keep]
        else:
            drop = self.config.drop_query_id
            items = self.first_stage.items(collection, keep, seed=seed, drop_query_id=drop)
        require_unique(items, self.source.where)
        counts = dict(collection.counts)
        if not score_only:
            self.require_words(ids_of(items), self.source.where)
            counts |= candidate_counts(items) | self.first_stage.counts
        order = digest(f"{item.id}\0" + "\0".join(d.id for d in item.documents) for item in items)
        return TaskData(
            items=items,
            gold=Grades.of(collection.qrels, keep),
            context=collection,
            fingerprint=digest([collection.fingerprint(), order]),
            counts={name: n for name, n in counts.items() if n},
            cost=self.first_stage.cost,
        )

    def _collection(self) -> Collection:
        collection: Collection = self.source.build()
        if self.config.title == "join":
            return collection.changed(lambda d: replace(d, title="", text=d.passage))
        if self.config.title == "drop":
            return collection.changed(lambda d: replace(d, title=""))
        return collection

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all rankings and judgements at once; a ranking is None where an absent query is left out."""
        if self.config.drop_query_id:
            rankings = zip(data.items, predictions, strict=True)
            predictions = [{doc: s for doc, s in ranking.items() if doc != item.id} for item, ranking in rankings]
        yield self.judged(data, predictions, self.config.missing), data.gold
