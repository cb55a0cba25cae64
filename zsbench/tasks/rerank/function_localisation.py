"""Function localisation: rank a repository's functions for an issue; do all that must change come first?

Every instance has candidates of its own, by default all functions of its repository, in no order. Any method
of `rerank` orders them (`dense` over all of them is dense retrieval); what a method reads of the collection, like
BM25's statistics, is the instance's own repository. Predictions: a TREC run with the instance as its query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from zsbench.config.blocks import Block
from zsbench.config.options import Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.records import TaskData, digest
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.data.collections.issues import Issues
from zsbench.search.candidates import Candidates, FirstStage
from zsbench.tasks.base import require_unique, sample
from zsbench.tasks.rerank.ranking import RankingTask, candidate_counts, ids_of

ALL = 1_000_000_000


class Config(TaskConfig):
    """Keys of a `type: function-localisation` task.

    `candidates`: `stage: pool`, the default, is all functions of the repository, unless there is a `depth`; the other
    stages search the repository. `missing`: an instance absent from the run scores `zero`, or is left out.
    """

    method: Any = "first-stage"
    metrics: Texts = [
        *(f"localisation-acc@{k}" for k in (5, 10)),
        *(f"localisation-acc(level=file)@{k}" for k in (1, 2, 3)),
    ]
    candidates: Candidates = Candidates(stage="pool", depth=ALL)
    missing: Literal["zero", "skip"] = "zero"

    @model_validator(mode="before")
    @classmethod
    def _take_all_of_a_pool(cls, value: Any) -> Any:
        own = value.get("candidates") if isinstance(value, dict) else None
        if not isinstance(own, dict) or own.get("stage", "pool") != "pool":
            return value
        return {**value, "candidates": {"stage": "pool", "depth": ALL, **own}}


class Task(RankingTask[Config]):
    """Issues with candidate functions; gold is the functions and files that the fix changes."""

    gives: ClassVar[str] = "issues"
    gold: ClassVar[tuple[str, str]] = ("issue-functions", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("localisation",)

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.first_stage: FirstStage = FirstStage(config.candidates, source, config.folder)

    def files(self) -> list[str]:
        """Return the data's files and what the candidates come from."""
        return super().files() + self.first_stage.files()

    def protocol(self, *, given: bool = False) -> str:
        """Return where candidates come from, and whether absent instances are left out."""
        own = self.config.candidates
        every = "all functions" + (", shuffled" if own.shuffle else "")
        searched = every if own.stage == "pool" and own.depth == ALL else self.first_stage.label()
        parts = [] if given else [searched]
        return ", ".join(parts + ["absent instances skipped"] * (self.config.missing == "skip"))

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the instances and build each one's candidates (none for scoring a finished run)."""
        found: Issues = self.source.build()
        issues = [found.issues[i] for i in sample(len(found.issues), limit, seed)]
        require_unique(issues, self.source.where)
        pools = {issue.id: issue.collection() for issue in issues}
        if score_only:
            items = [RankItem(issue.id, issue.text, ()) for issue in issues]
        else:
            items = self.first_stage.items_of_pools(pools, seed=seed)
        if not score_only:
            self.require_words(ids_of(items), self.source.where)
        counts = dict(found.counts)
        if not score_only:
            counts |= candidate_counts(items) | self.first_stage.counts
        order = digest(f"{item.id}\0" + "\0".join(d.id for d in item.documents) for item in items)
        wanted = digest("\0".join([i.id, *sorted(i.changed.functions), "", *sorted(i.changed.files)]) for i in issues)
        return TaskData(
            items=items,
            gold=[issue.changed for issue in issues],
            context=pools,
            fingerprint=digest([*(pool.fingerprint() for pool in pools.values()), wanted, order]),
            counts={name: n for name, n in counts.items() if n},
            cost=self.first_stage.cost,
        )

    def collection(self, data: TaskData, item: RankItem) -> Collection:
        """Return the functions of the instance's repository."""
        found: Collection = data.context[item.id]
        return found

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all rankings and gold at once."""
        yield self.judged(data, predictions, self.config.missing), data.gold
