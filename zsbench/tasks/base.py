"""What the runner asks of a task type. A new type is one file with a `Config` and a `Task(BaseTask)`."""

from __future__ import annotations

import contextlib
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from zsbench.config.blocks import Block, Chain
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Paragraph, short
from zsbench.core.errors import UserError
from zsbench.core.records import Score, TaskData
from zsbench.core.yamlio import shown
from zsbench.data import name_lists
from zsbench.metrics import naming
from zsbench.tasks.formats.format import Format

ConfigT = TypeVar("ConfigT", bound=TaskConfig)


class BaseTask(ABC, Generic[ConfigT]):
    """One benchmark: its data, how a method's answers are collected, and what metrics compare.

    Attributes
    ----------
    family : methods of this family fit.
    gives : data sources that give this fit.
    gold : the data source that reads gold from a bare file, and its option that names the file.
    metric_kinds : metric files that fit.
    shard_size : items in one prediction file.
    unit : what several items may come from, which intervals then draw as a whole, in the singular.
    absent : what an item without prediction counts as; None makes it an error.
    format : how predictions stand in files and what may be in them.
    """

    family: ClassVar[str]
    gives: ClassVar[str]
    gold: ClassVar[tuple[str, str]]
    metric_kinds: ClassVar[tuple[str, ...]]
    shard_size: ClassVar[int]
    unit: ClassVar[str] = "cluster"
    absent: ClassVar[Any] = None
    format: Format

    def __init__(self, config: ConfigT, source: Block) -> None:
        self.config, self.source = config, source

    # What every type has to say.

    @abstractmethod
    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read inputs and gold.

        `limit` keeps a seeded sample in the original order; `score_only` may leave out what only methods need.
        """

    @abstractmethod
    def predict(self, rule: Any, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield one prediction for each item of `todo`, in order."""

    # What most types take as it is.

    def protocol(self, *, given: bool = False) -> str:
        """Return the choices that make numbers comparable, as shown under the table; may be empty.

        `given`: the predictions were made elsewhere, so only what judging itself applies is true of them.
        """
        return ""

    def files(self) -> list[str]:
        """Return the local files that a task's data and its keys name, found without reading them."""
        return [path for _, files in self.files_by_place() for path in files]

    def files_by_place(self) -> list[tuple[str, list[str]]]:
        """Return the same files with the place of the key that names them, for messages."""
        blocks = (self.source, *self.config.sources().values())
        where = self.config.document.where
        return [(block.where, block.files()) for block in blocks] + [
            (where(key), files) for key, files in self.named_files()
        ]

    def named_files(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the local files that keys beside the data blocks name, with the key; a type adds its own."""
        return []

    def require_readable(self) -> None:
        """Refuse small files that can only be read after the model has run, where that can be asked before.

        Raises
        ------
        UserError
            One of them is malformed. That one is missing is said by who asks for `files_by_place`.
        """

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (pred, gold) as the metrics of this kind take them, together covering all items in order."""
        yield list(predictions), data.gold

    def check(self, item: Any, prediction: Any) -> str:
        """Return what is wrong with a prediction (NaN, wrong shape), or an empty string."""
        return self.format.check(item, prediction)

    @classmethod
    def gold_source(cls, path: str) -> dict[str, Any]:
        """Return the `data:` block that reads gold from a bare file, for `zsbench score TYPE --gold FILE`."""
        source, option = cls.gold
        return {"source": source, option: path}

    # How an item is shown.

    def load_to_draw(self, *, limit: int | None, seed: int) -> TaskData:
        """Read what is needed to show items; a type that shows more than gold does loads that too."""
        return self.load(limit=limit, seed=seed, score_only=True)

    def drawn_unit(self) -> str:
        """Return what intervals draw as a whole, in the singular: `unit`, unless the data say what else it is."""
        return self.unit

    def gold_text(self, item: Any, gold: Any, data: TaskData) -> str:
        """Return what is right for an item in a few words, for items.parquet; empty where no words say it."""
        return ""

    def draw(self, item: Any, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Return how a report shows an item, its gold and what a run answered: here, all three as texts."""
        answer, right = self.format.preview(prediction), str(gold)
        texts = {"Item": str(item), "Gold": right, "Prediction": answer}
        return Drawing([Paragraph(title, short(text)) for title, text in texts.items()], gold=right, answer=answer)

    # What few types have to add.

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Return what is so odd about a result that the table should say it."""
        return ""

    def summary(self, data: TaskData, predictions: Sequence[Any]) -> dict[str, Any]:
        """Return what of all predictions together stands in the result's notes."""
        return {}

    def lacks(self, method: Chain) -> tuple[str, str]:
        """Return (found, expected) where a method learns from what the task's YAML does not give."""
        return "", ""

    def misfit(self, method: Chain, model: Block) -> tuple[str, str]:
        """Return (found, expected) where a method's and a model's options do not go together here."""
        return "", ""

    def metric_names(self, names: Sequence[str]) -> list[str]:
        """Return the metrics that names such as `F1(label=*)` stand for once the data are read."""
        return list(names)

    def reach(self, model: Any, data: TaskData) -> dict[str, int]:
        """Return how much of the gold the model cannot answer, by name."""
        return {}


def sample(n: int, limit: int | None, seed: int) -> list[int]:
    """Return the item numbers to keep: all, or a seeded sample in the original order."""
    if limit is None or limit >= n:
        return list(range(n))
    return sorted(random.Random(seed).sample(range(n), limit))


def in_item_order(predictions: dict[str, Any], items: Sequence[Any], absent: Any, where: str) -> list[Any]:
    """Return predictions in item order; `absent` stands in for missing ones unless it is None.

    Raises
    ------
    UserError
        An item has no prediction, or a prediction belongs to no item.
    """
    ids = [item.id for item in items]
    known = set(ids)
    unknown = [key for key in predictions if key not in known]
    missing = [key for key in ids if key not in predictions]
    if missing and absent is None:
        raise UserError(where, f"{len(missing)} of {len(ids)} items have no prediction (first: '{missing[0]}')")
    if unknown:
        raise UserError(where, f"{len(unknown)} predictions belong to no item (first: '{unknown[0]}')")
    return [predictions.get(key, absent) for key in ids]


def require_unique(items: Sequence[Any], where: str) -> None:
    """Refuse data in which two items share an id, or in which there is none.

    An item that knows its `place` in a file is named with it.

    Raises
    ------
    UserError
        An id stands twice, or there are no items.
    """
    if not items:
        raise UserError(where, "no items")
    seen: dict[str, Any] = {}
    for item in items:
        first = seen.setdefault(item.id, item)
        if first is not item:
            own, before = (getattr(one, "place", "") for one in (item, first))
            beside = f" (first in {before})" if before else ""
            raise UserError(own or where, f"item id '{item.id}' stands twice{beside}", "unique ids")


def covering(depth: int, names: Sequence[str], kinds: tuple[str, ...], whole: Mapping[str, int] = {}) -> int:
    """Return how many of the best a task keeps, for its schema: at least as many as its metrics look at.

    `whole` says how far metrics look that take no cut-off, or none here.
    """
    from pydantic_core import PydanticCustomError

    for name in names:
        with contextlib.suppress(UserError):  # refused with its place when the metrics are resolved
            needed = looked_at(name, kinds, whole)
            if needed > depth:
                expected = f"at least {needed}, so far does '{name}' look"
                raise PydanticCustomError("expected", "{expected}", {"expected": expected})
    return depth


def looked_at(name: str, kinds: tuple[str, ...], whole: Mapping[str, int] = {}) -> int:
    """Return how many of the best a metric looks at, 0 for all of them; `whole` as in `covering`.

    Raises
    ------
    UserError
        There is no such metric.
    """
    metric = naming.resolve(name, kinds=kinds)
    return getattr(metric.statistics, "keywords", {}).get("k") or whole.get(metric.name.partition("(")[0], 0)


def read_names(value: list[str] | str | None, base: Path, where: str) -> list[str] | None:
    """Return names written in the YAML, or read from the file it names (see `data/name_lists.py`)."""
    from zsbench.config.paths import resolve_path

    if value is None or isinstance(value, list):
        return value
    path = resolve_path(value, base, where=where)
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise UserError(where, f"{found} '{shown(path)}'", "a text file with one name a line")
    return name_lists.read(path)
