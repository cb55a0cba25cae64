"""What the runner asks of a task type. A new type is one file with a `Config` and a `Task` like this."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from zsbench.config.blocks import Block
from zsbench.core import jsonfiles
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.records import TaskData
from zsbench.core.yamlio import shown
from zsbench.metrics import naming


class Task(Protocol):
    """One benchmark: its data, how a method's answers are collected, and what metrics compare.

    Attributes
    ----------
    family : methods of this family fit.
    gives : data sources that give this fit.
    metric_kinds : metric files that fit.
    suffix : of the prediction files that `eval` writes and `score` reads.
    shard_size : items in one prediction file.
    absent : what an item without prediction counts as; None makes it an error.

    A task may also have

    - `doubt(data, scores) -> str`: what is so odd about a result that the table should say it;
    - `summary(data, predictions) -> dict`: what of all predictions together stands in the result's notes;
    - `lacks(method) -> (found, expected)`: what a method learns from that the task's YAML does not give;
    - `misfit(method, model) -> (found, expected)`: what of a method's and a model's options does not go together here;
    - `metric_names(names) -> list[str]`: the metrics that names such as `F1(label=*)` stand for once the data are read;
    - `append(path, items, predictions)`: add to a shard in progress what it lacks, where writing all anew costs much;
      `read` reads it back;
    - `reach(model, data) -> dict[str, int]`: how much of the gold the model cannot answer, by name.
    """

    family: ClassVar[str]
    gives: ClassVar[str]
    metric_kinds: ClassVar[tuple[str, ...]]
    suffix: ClassVar[str]
    shard_size: ClassVar[int]
    absent: ClassVar[Any]

    def __init__(self, config: Any, source: Block) -> None: ...

    def files(self) -> list[str]:
        """Return the local files that data and gold come from, found without reading them."""

    def protocol(self, *, given: bool = False) -> str:
        """Return the choices that make numbers comparable, as shown under the table; may be empty.

        `given`: the predictions were made elsewhere, so only what judging itself applies is true of them.
        """

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read inputs and gold.

        `limit` keeps a seeded sample in the original order; `score_only` may leave out what only methods need.
        """

    def predict(self, rule: Any, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield one prediction for each item of `todo`, in order."""

    def check(self, item: Any, prediction: Any) -> str:
        """Return what is wrong with a prediction (NaN, wrong shape), or an empty string."""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (pred, gold) as the metrics of this kind take them, together covering all items in order."""

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Write predictions in the task type's own format."""

    def read(self, path: Path, items: Sequence[Any]) -> dict[str, Any]:
        """Read predictions of that format by item id; bad lines are errors with file and line."""

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Return the `data:` block that reads gold from a bare file, for `zsbench score TYPE --gold FILE`."""

    def preview(self, prediction: Any) -> str:
        """Return a short text of a prediction for items.parquet."""


def sample(n: int, limit: int | None, seed: int) -> list[int]:
    """Return the item numbers to keep: all, or a seeded sample in the original order."""
    if limit is None or limit >= n:
        return list(range(n))
    return sorted(random.Random(seed).sample(range(n), limit))


def settle(predictions: dict[str, Any], items: Sequence[Any], absent: Any, where: str) -> list[Any]:
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

    Raises
    ------
    UserError
        An id stands twice, or there are no items.
    """
    if not items:
        raise UserError(where, "no items")
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise UserError(where, f"item id '{item.id}' stands twice", "unique ids")
        seen.add(item.id)


def covering(depth: int, names: Sequence[str], kinds: tuple[str, ...], whole: Mapping[str, int] = {}) -> int:
    """Return how many of the best a task keeps, for its schema: at least as many as its metrics look at.

    `whole` says how far metrics look that take no cut-off, or none here.
    """
    from pydantic_core import PydanticCustomError

    for name in names:
        with contextlib.suppress(UserError):  # refused with its place when the metrics are resolved
            metric = naming.resolve(name, kinds=kinds)
            needed = getattr(metric.statistics, "keywords", {}).get("k") or whole.get(metric.name.partition("(")[0], 0)
            if needed > depth:
                expected = f"at least {needed}, so far does '{name}' look"
                raise PydanticCustomError("expected", "{expected}", {"expected": expected})
    return depth


def read_names(value: list[str] | str | None, base: Path, where: str) -> list[str] | None:
    """Return names written in the YAML, or read from the file it names (one a line, or a JSON list)."""
    from zsbench.config.paths import resolve_path

    if value is None or isinstance(value, list):
        return value
    path = resolve_path(value, base, where=where)
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise UserError(where, f"{found} '{shown(path)}'", "a text file with one name a line")
    return jsonfiles.texts(path, "one name a line, or a JSON list of texts")
