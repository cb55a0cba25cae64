"""Session recommendation: the items that a user has next, among the whole catalogue, after those of the history.

Predictions: JSONL, one session a line: `{"id": ..., "items": [best first]}`, and where a reward model judged lists that
were generated for it, `"rewards": {name: [a number a list]}`. A session without prediction is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from zsbench.config.options import Count, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core import ties
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Paragraph, short
from zsbench.core.errors import UserError
from zsbench.core.records import TaskData, canonical_json, digest
from zsbench.data.clusters import taken
from zsbench.data.sessions.session import Session, SessionSet
from zsbench.methods.session_recommendation import Catalogue, Recommender
from zsbench.metrics.rankings.recommended import Recommended
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, covering, require_unique, sample
from zsbench.tasks.formats.recommendations import Recommendations


class Config(TaskConfig):
    """Keys of a `type: session-recommendation` task.

    `depth`: items kept a session. `drop_seen`: items of the history cannot be recommended.
    """

    method: Any = "popularity"
    metrics: Texts = ["HitRate@5", "session-recall@5", "session-nDCG@5"]
    depth: Count = Field(default=20, validate_default=True)
    drop_seen: bool = False

    @field_validator("depth")
    @classmethod
    def _covers_the_cut_offs(cls, depth: int, info: ValidationInfo) -> int:
        return covering(depth, info.data.get("metrics", []), Task.metric_kinds)


class Task(BaseTask[Config]):
    """Sessions; gold is the items that came next."""

    family: ClassVar[str] = "session-recommendation"
    gives: ClassVar[str] = "sessions"
    gold: ClassVar[tuple[str, str]] = ("session-log", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("sessions", "session_rewards")
    shard_size: ClassVar[int] = 256
    unit: ClassVar[str] = "user"
    format = Recommendations()

    def protocol(self, *, given: bool = False) -> str:
        """Return what can be recommended."""
        return "whole catalogue" + (" without what the user had" if self.config.drop_seen else "")

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read sessions and catalogue."""
        log: SessionSet = self.source.build()
        require_unique(log.items, self.source.where)
        keep = sample(len(log.items), limit, seed)
        items, gold = [log.items[i] for i in keep], [log.targets[i] for i in keep]
        had = Counter(item for session in log.items for item in session.history)
        names = ties.in_any_order(log.catalogue)
        catalogue = Catalogue(names, [log.catalogue[name] for name in names], [had[name] for name in names])
        rows = (canonical_json([s.id, s.history, target]) for s, target in zip(items, gold, strict=True))
        return TaskData(
            items=items,
            gold=gold,
            context=catalogue,
            fingerprint=digest([*(f"{name}\0{text}" for name, text in log.catalogue.items()), *rows]),
            counts={name: n for name, n in log.counts.items() if n},
            clusters=taken(log.clusters, keep, len(log.items)),
        )

    def predict(
        self, rule: Recommender, model: Any, data: TaskData, todo: range, run: RunContext
    ) -> Iterator[Recommended]:
        """Yield the items recommended for each session."""
        sessions: Sequence[Session] = data.items[todo.start : todo.stop]
        catalogue: Catalogue = data.context
        for done, (session, numbers) in enumerate(zip(sessions, rule(model, sessions, catalogue), strict=True), 1):
            if len(set(numbers)) < len(numbers):
                raise ValueError(f"session {session.id}: the method named an item twice")
            had = set(session.history) if self.config.drop_seen else set()
            names = (catalogue.names[number] for number in numbers)
            yield Recommended([name for name in names if name not in had][: self.config.depth])
            run.progress(todo.start + done)

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield recommendations and sessions at once; what the user had is left out where the protocol says so.

        Raises
        ------
        UserError
            A recommended item is not in the catalogue.
        """
        names = set(data.context.names)
        judged = []
        for session, answer in zip(data.items, predictions, strict=True):
            unknown = next((name for name in answer.items if name not in names), None)
            if unknown is not None:
                raise UserError("", f"session {session.id}: item '{unknown}' is not in the catalogue")
            had = set(session.history) if self.config.drop_seen else set()
            judged.append(replace(answer, items=[name for name in answer.items if name not in had]))
        yield judged, data.gold

    def gold_text(self, item: Session, gold: Any, data: TaskData) -> str:
        """Return what came next."""
        return ", ".join(gold)

    def draw(self, item: Session, gold: Any, prediction: Recommended, data: TaskData) -> Drawing:
        """Show what the user had, the latest first, and what was recommended."""
        text_of: dict[str, str] = data.context.text_of
        had = [f"{key}  {short(text_of.get(key, ''), 80)}".strip() for key in item.history[-10:][::-1]]
        drawing = drawings.of_ranking(
            [Paragraph("History, the latest first", "\n".join(had) or "none")],
            list(prediction.items),
            lambda key: text_of.get(key, ""),
            dict.fromkeys(gold, "came next"),
            title="Recommended",
        )
        return replace(drawing, gold=self.gold_text(item, gold, data))
