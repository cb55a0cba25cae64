"""Re-ranking: order each query's candidates; judged by trec_eval over all judged queries.

Candidates come from a first stage (BM25, a text encoder), a TREC run, or the data. A judged query without candidates
scores 0, as published numbers do, unless `missing: skip` leaves it out; both counts are shown. Predictions: a TREC run
whose scores are n - rank, so that neither float32 nor ties can undo the order; `zsbench score` takes any TREC run and
reads it as trec_eval does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from zsbench import files, metrics
from zsbench.config import Block, TaskConfig
from zsbench.data._collection import Collection, read_run
from zsbench.methods.rerank import Fitted, Ranker, RankItem
from zsbench.records import RunContext, TaskData, digest
from zsbench.tasks._base import require_unique, sample
from zsbench.tasks._candidates import Candidates, FirstStage


class Config(TaskConfig):
    """Keys of a `type: rerank` task.

    `title`: `keep` leaves titles to the method, `join` puts them before the text, `drop` forgets them.
    `relevance_level`: the grade from which metrics of binary relevance count a document; it becomes the `rel` of every
    metric that has one and does not name its own. `missing`: a query absent from the run scores `zero`, or is left out.
    """

    method: Any = "first-stage"
    metrics: list[str] = ["nDCG@10", "MRR@10", "Recall@100"]
    candidates: Candidates = Candidates()
    drop_query_id: bool = False
    title: Literal["keep", "join", "drop"] = "keep"
    relevance_level: int = Field(default=1, ge=1)
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
            "metrics": [metrics.with_default(name, "rel", level, kinds=Task.metric_kinds) for name in names],
        }


class Task:
    """Queries with candidates; gold is {document: grade}."""

    family: ClassVar[str] = "rerank"
    gives: ClassVar[str] = "collection"
    metric_kinds: ClassVar[tuple[str, ...]] = ("ranking",)
    suffix: ClassVar[str] = ".run"
    shard_size: ClassVar[int] = 64
    absent: ClassVar[Any] = {}

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source
        self.first_stage = FirstStage(config.candidates, source)

    def files(self) -> list[str]:
        """Return the collection's files and what the candidates come from."""
        return self.source.files() + self.first_stage.files()

    def protocol(self) -> str:
        """Return first stage, depth and what is dropped, joined or left out."""
        # Bare judgements have no texts, so nothing can have searched them.
        texts = self.source.name != "trec" or "documents" in self.source.options
        parts = [self.first_stage.label()] if texts or self.config.candidates.stage == "run" else []
        parts += ["query id dropped"] if self.config.drop_query_id else []
        parts += [] if self.config.title == "keep" else [f"title {self.config.title}"]
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
            counts["queries without candidates"] = sum(not item.documents for item in items)
        order = digest(f"{item.id}\0" + "\0".join(d.id for d in item.documents) for item in items)
        return TaskData(
            items=items,
            gold=[collection.qrels[key] for key in keep],
            context=collection,
            fingerprint=digest([collection.fingerprint(), order]),
            counts={name: n for name, n in counts.items() if n},
        )

    def _collection(self) -> Collection:
        collection: Collection = self.source.build()
        if self.config.title == "join":
            return collection.changed(lambda d: replace(d, title="", text=d.passage))
        if self.config.title == "drop":
            return collection.changed(lambda d: replace(d, title=""))
        return collection

    def predict(
        self, rule: Ranker, model: Any, data: TaskData, todo: range, run: RunContext
    ) -> Iterator[dict[str, float]]:
        """Yield {document: n - rank} for each query."""
        if isinstance(rule, Fitted):
            run.notes |= rule.notes(model, data.items)
        for number in todo:
            item: RankItem = data.items[number]
            order = rule(model, item, data.context) if item.documents else []
            if sorted(order) != list(range(len(item.documents))):
                raise ValueError(f"query {item.id}: the method returned no permutation of its candidates")
            yield {item.documents[i].id: float(len(order) - rank) for rank, i in enumerate(order)}
            run.progress(number + 1)

    def check(self, item: RankItem, prediction: dict[str, float]) -> str:
        """Say whether a score is NaN or infinite."""
        bad = [doc for doc, score in prediction.items() if not math.isfinite(score)]
        return f"query {item.id}: score of '{bad[0]}' is not finite" if bad else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all rankings and judgements at once; a ranking is None where an absent query is left out."""
        rankings = [ranking or None if self.config.missing == "skip" else ranking for ranking in predictions]
        empty = sum(not ranking for ranking in rankings)
        if empty and "queries without candidates" not in data.counts:
            data.counts["queries absent from the run"] = empty
        yield rankings, data.gold

    def write(self, path: Path, items: Sequence[RankItem], predictions: Sequence[dict[str, float]]) -> None:
        """Write a TREC run."""
        lines = [
            f"{item.id} Q0 {doc} {rank} {score:g} zsbench\n"
            for item, ranking in zip(items, predictions, strict=True)
            for rank, (doc, score) in enumerate(ranking.items(), 1)
        ]
        files.write_bytes(path, "".join(lines).encode())

    def read(self, path: Path, items: Sequence[RankItem]) -> dict[str, dict[str, float]]:
        """Read a TREC run; queries that are not judged are left out, as trec_eval does."""
        run = read_run(path) if path.stat().st_size else {}
        known = {item.id for item in items}
        return {key: ranking for key, ranking in run.items() if key in known}

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read TREC or BEIR qrels."""
        return {"source": "trec", "qrels": path}

    def preview(self, prediction: dict[str, float]) -> str:
        """Return the first ten document ids."""
        return " ".join(sorted(prediction, key=lambda doc: -prediction[doc])[:10])
