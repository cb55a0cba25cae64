"""What all task types share in which a method orders candidates: any method of `rerank`, a TREC run as predictions.

The run's scores are n - rank, so that neither float32 nor ties can undo the order; `zsbench score` takes any TREC run
and reads it as trec_eval does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from zsbench.core import files
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.records import Score, TaskData
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.data.collections.judgements import read_run
from zsbench.data.collections.stored import Stored
from zsbench.methods.rerank import Fitted, Order, Ranker
from zsbench.metrics import naming
from zsbench.metrics.rankings.pytrec import SharedRankings, scores_of
from zsbench.search.candidates import FirstStage

# A byte order mark would be none any more where it begins a line.
_WORD = re.compile("(?!\\ufeff)[^ \\t\\r\\n\\v\\f]+")


class RankingTask:
    """How candidates are ordered and how rankings are checked, written, read and shown."""

    family: ClassVar[str] = "rerank"
    suffix: ClassVar[str] = ".run"
    shard_size: ClassVar[int] = 64
    absent: ClassVar[Any] = {}
    metric_kinds: ClassVar[tuple[str, ...]]
    config: Any
    first_stage: FirstStage | None = None
    """What finds candidates; None where a method searches for itself."""
    tag: str = "zsbench"
    """The last column of the runs that are written."""
    unjudged: int = 0
    """Queries of the runs read so far that are not among the task's: the data judge or hold others."""

    def collection(self, data: TaskData, item: RankItem) -> Collection:  # noqa: ARG002 - where each query has its own
        """Return the collection that a query's candidates belong to."""
        found: Collection = data.context
        return found

    def predict(
        self, rule: Ranker, model: Any, data: TaskData, todo: range, run: RunContext
    ) -> Iterator[dict[str, float]]:
        """Yield {document: n - rank} for each query."""
        self.tag = tag(run.method)
        if isinstance(rule, Fitted):
            run.notes |= rule.notes(model, data.items)
        if beyond := self.beyond_the_lists():
            run.notes["metrics that look beyond the lists"] = beyond
        for number in todo:
            item: RankItem = data.items[number]
            order = rule(model, item, self.collection(data, item)) if item.documents else []
            if sorted(order) != list(range(len(item.documents))):
                raise ValueError(f"query {item.id}: the method returned no permutation of its candidates")
            if isinstance(order, Order) and order.tied:
                run.count("queries with candidates of equal score")
            yield {item.documents[i].id: float(len(order) - rank) for rank, i in enumerate(order)}
            run.progress(number + 1)

    def beyond_the_lists(self) -> list[str]:
        """Return the metrics that look further than lists are deep: what they miss there counts as not found."""
        if self.first_stage is None:
            return []
        found = [naming.resolve(name, kinds=self.metric_kinds) for name in self.config.metrics]
        cuts = {metric.name: getattr(metric.statistics, "keywords", {}).get("k") or 0 for metric in found}
        return [name for name, k in cuts.items() if k > self.first_stage.own.depth]

    def check(self, item: RankItem, prediction: Mapping[str, float]) -> str:
        """Say whether a score is NaN or infinite."""
        if np.isfinite(scores_of(prediction)).all():
            return ""
        bad = next(doc for doc, score in prediction.items() if not math.isfinite(score))
        return f"query {item.id}: score of '{bad}' is not finite"

    def require_words(self, ids: Iterable[str], where: str) -> None:
        """Refuse ids of queries or documents that the run to be written cannot hold, because blanks part its columns.

        Raises
        ------
        UserError
            An id is empty or holds an ASCII blank or a line end.
        """
        wrong = next((key for key in ids if not _WORD.fullmatch(key)), None)
        if wrong is not None:
            raise UserError(where, f"id {wrong!r}", "an id without blanks, as in a TREC run")

    def judged(self, data: TaskData, predictions: Sequence[Any], missing: Literal["zero", "skip"]) -> SharedRankings:
        """Return the rankings to judge, None for an absent one that is left out; what does not fit is counted."""
        empty = sum(not ranking for ranking in predictions)
        if empty and "queries without candidates" not in data.counts:
            data.counts["queries absent from the run"] = empty
        if self.unjudged:
            data.counts["queries of the run that are not judged"] = self.unjudged
        unknown = sum(self._unknown(data, item, own) for item, own in zip(data.items, predictions, strict=True))
        if unknown and unknown == sum(map(len, predictions)):
            raise UserError("", "no document of the run is in the corpus", "ids as in the corpus")
        if unknown:
            data.counts["documents of the run that are not in the corpus"] = unknown
        return SharedRankings(ranking or None if missing == "skip" else ranking for ranking in predictions)

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:  # noqa: ARG002
        """Say why a metric has no value: nothing is judged as high as its `rel` asks."""
        empty = [name for name, score in scores.items() if not score.n and "rel=" in name]
        return f"{', '.join(empty)}: undefined, no document is judged that high" if empty else ""

    def _unknown(self, data: TaskData, item: Any, ranking: Mapping[str, float]) -> int:
        """Count the ranked documents that the corpus lacks, where it is in memory."""
        documents = self.collection(data, item).documents
        return 0 if isinstance(documents, Stored) else sum(name not in documents for name in ranking)

    def write(self, path: Path, items: Sequence[RankItem], predictions: Sequence[dict[str, float]]) -> None:
        """Write a TREC run, tagged with the method's name."""
        lines = [
            f"{item.id} Q0 {doc} {rank} {score:.0f} {self.tag}\n"
            for item, ranking in zip(items, predictions, strict=True)
            for rank, (doc, score) in enumerate(ranking.items(), 1)
        ]
        files.write_bytes(path, "".join(lines).encode())

    def read(self, path: Path, items: Sequence[RankItem]) -> dict[str, Mapping[str, float]]:
        """Read a TREC run; queries that are not judged are left out, as trec_eval does, and counted."""
        run = read_run(path) if path.stat().st_size else {}
        judged = {item.id for item in items}
        self.unjudged += sum(key not in judged for key in run)
        return {key: ranking for key, ranking in run.items() if key in judged}

    def preview(self, prediction: dict[str, float]) -> str:
        """Return the first ten document ids."""
        return " ".join(sorted(prediction, key=lambda doc: -prediction[doc])[:10])


def ids_of(items: Iterable[RankItem]) -> Iterator[str]:
    """Yield the ids of queries and of their candidates."""
    for item in items:
        yield item.id
        yield from (document.id for document in item.documents)


def tag(method: str) -> str:
    """Return a method's name as the last column of a run, which holds no blanks."""
    return re.sub(r"\s+", "-", method.strip()) or "zsbench"


def candidate_counts(items: Sequence[RankItem]) -> dict[str, int]:
    """Return what is missing before any method has ranked, by name."""
    return {
        "queries without candidates": sum(not item.documents for item in items),
        "queries with an empty text": sum(not item.query.strip() for item in items),
    }
