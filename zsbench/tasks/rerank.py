"""Re-ranking: order each query's candidates; judged by trec_eval over all judged queries.

Candidates come from a first stage (BM25 built in) or a TREC run. A judged query without candidates scores 0, as
published numbers do. Predictions: a TREC run whose scores are n - rank, so that neither float32 nor ties can
undo the order; `zsbench score` takes any TREC run and reads it as trec_eval does.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from zsbench import catalog, files
from zsbench.components import Strict
from zsbench.config import Block, TaskConfig
from zsbench.data._collection import Collection, read_run
from zsbench.errors import UserError
from zsbench.methods.rerank import Ranker, RankItem
from zsbench.records import RunContext, TaskData, digest
from zsbench.tasks._base import require_unique, sample
from zsbench.yamlio import shown


class Candidates(Strict):
    """Where the list to re-rank comes from.

    `stage`: bm25, or `run` with `path`. `depth`: best candidates kept. `shuffle`: a control that destroys the
    first-stage order (seeded by query id).
    """

    stage: Literal["bm25", "run"] = "bm25"
    path: str | None = None
    depth: int = Field(default=100, ge=1)
    k1: float = 0.9
    b: float = 0.4
    analyzer: Literal["plain", "english"] = "plain"
    shuffle: bool = False


class Config(TaskConfig):
    """Keys of a `type: rerank` task."""

    method: Any = "first-stage"
    metrics: list[str] = ["nDCG@10", "MRR@10", "Recall@100"]
    candidates: Candidates = Candidates()
    drop_query_id: bool = False


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
        self._run_path: Path | None = None
        if config.candidates.stage == "run":
            if config.candidates.path is None:
                raise UserError(source.where, "candidates: {stage: run} lacks 'path'", "a TREC run file")
            self._run_path = catalog.resolve_path(config.candidates.path, source.base, where=source.where)

    def files(self) -> list[str]:
        """Return the collection's files and the run of candidates."""
        return self.source.files() + ([str(self._run_path)] if self._run_path else [])

    def protocol(self) -> str:
        """Return first stage, depth and what is dropped."""
        own = self.config.candidates
        parts = [f"{own.stage} top {own.depth}"]
        parts += ["shuffled"] if own.shuffle else []
        parts += ["query id dropped"] if self.config.drop_query_id else []
        return ", ".join(parts)

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the collection and build each judged query's candidates (none for scoring a finished run)."""
        collection: Collection = self.source.build()
        judged = [key for key in collection.queries if collection.qrels.get(key)]
        keep = [judged[i] for i in sample(len(judged), limit, seed)]
        first_stage = {} if score_only else self._first_stage(collection, keep)
        items = [self._item(collection, key, first_stage.get(key, []), seed) for key in keep]
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

    def _first_stage(self, collection: Collection, queries: list[str]) -> dict[str, list[str]]:
        own = self.config.candidates
        if self._run_path is not None:
            from zsbench.metrics.ranking import trec_order

            run = read_run(self._run_path)
            return {key: trec_order(run[key]) for key in queries if key in run}
        from zsbench.data._bm25 import Bm25

        index = Bm25(collection, k1=own.k1, b=own.b, analyzer=own.analyzer)
        # One more than the depth, so that dropping the query's own document leaves a full list.
        return {key: index.top(collection.queries[key], own.depth + 1) for key in queries}

    def _item(self, collection: Collection, key: str, ids: list[str], seed: int) -> RankItem:
        ids = [d for d in ids if not (self.config.drop_query_id and d == key)][: self.config.candidates.depth]
        unknown = next((d for d in ids if d not in collection.documents), None)
        if unknown is not None:
            raise UserError(shown(self._run_path or Path()), f"query {key}: candidate '{unknown}' is not in the corpus")
        if self.config.candidates.shuffle:
            random.Random(f"{seed}:{key}").shuffle(ids)
        return RankItem(key, collection.queries[key], tuple(collection.documents[d] for d in ids))

    def predict(
        self, rule: Ranker, model: Any, data: TaskData, todo: range, run: RunContext
    ) -> Iterator[dict[str, float]]:
        """Yield {document: n - rank} for each query."""
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
        """Yield all rankings and judgements at once."""
        yield list(predictions), data.gold

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
