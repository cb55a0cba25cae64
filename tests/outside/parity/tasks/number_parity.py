"""Parity: is a number even or odd? Predictions: JSONL, `{"id": ..., "parity": "even"}`."""

from collections.abc import Iterator
from typing import Any, ClassVar

from zsbench.config.options import Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.records import TaskData, digest
from zsbench.tasks.base import BaseTask, sample
from zsbench.tasks.formats.format import JsonLines

from .._records import Number


class Parities(JsonLines):
    noun, keys = "number", {"parity": str}

    def row(self, item: Number, prediction: str) -> dict[str, Any]:
        return {"parity": prediction}

    def parse(self, row: dict[str, Any], item: Number | None, where: str) -> str:
        return row["parity"]

    def preview(self, prediction: str) -> str:
        return prediction


class Config(TaskConfig):
    """Keys of a `type: number-parity` task: only those of every task."""

    method: Any = "last-digit"
    metrics: Texts = ["parity-acc"]


class Task(BaseTask[Config]):
    family: ClassVar[str] = "parity"
    gives: ClassVar[str] = "numbers"
    gold: ClassVar[tuple[str, str]] = ("number-lines", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("parity",)
    shard_size: ClassVar[int] = 100
    format = Parities()

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        rows = self.source.build()
        rows = [rows[i] for i in sample(len(rows), limit, seed)]
        items, gold = [number for number, _ in rows], [parity for _, parity in rows]
        return TaskData(items, gold, None, digest(f"{n.value} {parity}" for n, parity in rows))

    def predict(self, rule: Any, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[str]:
        yield from rule(model, [data.items[i] for i in todo])
