"""Function localisation: rank a repository's functions for an issue; do all that must change come first?

Every instance has candidates of its own, by default all functions of its repository, in no order. Any method
of `rerank` orders them (`dense` over all of them is dense retrieval); what a method reads of the collection, like
BM25's statistics, is the instance's own repository. Predictions: a TREC run with the instance as its query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import model_validator

from zsbench.config.options import Texts
from zsbench.core.records import TaskData, digest
from zsbench.data.clusters import taken
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.data.collections.issues import Issues
from zsbench.metrics.rankings.localisation import Changed
from zsbench.search.candidates import Candidates
from zsbench.tasks.base import require_unique
from zsbench.tasks.rerank.ranking import CandidatesConfig, CandidatesTask

ALL = 1_000_000_000


class Config(CandidatesConfig):
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

    @model_validator(mode="before")
    @classmethod
    def _take_all_of_a_pool(cls, value: Any) -> Any:
        candidates = value.get("candidates") if isinstance(value, dict) else None
        if not isinstance(candidates, dict) or candidates.get("stage", "pool") != "pool":
            return value
        return {**value, "candidates": {"stage": "pool", "depth": ALL, **candidates}}


class Task(CandidatesTask[Config]):
    """Issues with candidate functions; gold is the functions and files that the fix changes."""

    asked: ClassVar[str] = "instances"
    unit: ClassVar[str] = "repository"
    gives: ClassVar[str] = "issues"
    gold: ClassVar[tuple[str, str]] = ("issue-functions", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("localisation",)

    def protocol(self, *, given: bool = False) -> str:
        """Return where candidates come from, and whether absent instances are left out."""
        candidates = self.config.candidates
        if given or candidates.stage != "pool" or candidates.depth != ALL:
            return super().protocol(given=given)
        parts = ["all functions", "shuffled" * candidates.shuffle, super().protocol(given=True)]
        return ", ".join(filter(None, parts))

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the instances and build each one's candidates (none for scoring a finished run)."""
        every: Issues = self.source.build()
        counts = dict(every.counts)
        keep = self.kept([issue.id for issue in every.issues], counts, limit=limit, seed=seed)
        issues = [every.issues[i] for i in keep]
        require_unique(issues, self.source.where)
        wanted = digest("\0".join([i.id, *sorted(i.changed.functions), "", *sorted(i.changed.files)]) for i in issues)
        return self.loaded(
            {issue.id: issue.collection() for issue in issues},
            [issue.id for issue in issues],
            [issue.changed for issue in issues],
            seed=seed,
            score_only=score_only,
            counts=counts,
            facts=[wanted],
            clusters=taken(every.clusters, keep, len(every.issues)),
        )

    def collection(self, data: TaskData, item: RankItem) -> Collection:
        """Return the functions of the instance's repository."""
        repository: Collection = data.context[item.id]
        return repository

    def gold_text(self, item: Any, gold: Changed, data: TaskData) -> str:
        """Return the functions that must change."""
        return " ".join(sorted(gold.functions))

    def relevant(self, gold: Changed, ranking: Mapping[str, float]) -> dict[str, str]:
        """Return the functions that the fix changes."""
        return dict.fromkeys(sorted(gold.functions), "must change")
