"""The shards that a run lacks are predicted, and each is written as soon as it is complete."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.core.errors import RunError, UserError, shown
from zsbench.core.lazy import np
from zsbench.run import _prompts
from zsbench.run.context import Run
from zsbench.tasks.base import in_item_order
from zsbench.tasks.formats.maps import StoredMap

if TYPE_CHECKING:
    from zsbench.tasks.base import BaseTask


def missing_shards(run: Run) -> int:
    """Write the shards that are missing; one that takes long is also kept unfinished, item by item.

    Returns how many items an earlier run had predicted.

    Raises
    ------
    UserError
        A prediction is wrong; the shards before it stay.
    """
    task, data, store = run.task, run.data, run.store
    size, n = task.shard_size, len(data.items)
    if run.n_shards * size >= n:
        return n
    rule = run.job.method.build()
    predictions = _kept(task, store.partial(run.n_shards), data.items[run.n_shards * size : (run.n_shards + 1) * size])
    n_resumed = run.n_shards * size + len(predictions)
    stream = task.predict(rule, run.model, data, range(n_resumed, n), run.context)
    pace = Pace()
    for number in range(run.n_shards, -(-n // size)):
        items = data.items[number * size : (number + 1) * size]
        for item, prediction in zip(items[len(predictions) :], stream, strict=False):
            problem = task.check(item, prediction)
            if problem:
                raise RunError(run.job.title, problem)
            predictions.append(prediction)
            if len(predictions) < len(items) and pace.allows(len(predictions)):
                _write(run, store.partial(number), items, predictions)
                pace.wrote(len(predictions))
        if len(predictions) != len(items):
            n_made = number * size + len(predictions)
            raise RunError(run.job.title, f"the method stopped after {n_made} of {n} items")
        _write(run, store.shard(number), items, predictions)
        store.partial(number).unlink(missing_ok=True)
        predictions = []
        pace.turned()
    return n_resumed


def _write(run: Run, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
    """Write predictions of the first items, and before them what predicting them has noted and cost."""
    run.store.write_progress(run.context.notes, _prompts.of_run(run.job, run.model, run.context), run.context.cost)
    predictions_of = run.task.format
    write = predictions_of.write if len(predictions) == len(items) else predictions_of.append
    write(path, items[: len(predictions)], predictions)


class Pace:
    """When to write a shard that is not complete: not within a second, and for at most a twentieth of the time.

    The whole shard is written each time, so that the next write takes about as much longer as it holds more items.
    """

    least_seconds = 1.0
    share = 0.05

    def __init__(self) -> None:
        self._started = self._looked = time.monotonic()
        self._spent = 0.0
        self._seconds_an_item = 0.0

    def allows(self, n_items: int) -> bool:
        """Say whether the first `n_items` of the shard should be written now."""
        now = time.monotonic()
        cost = self._spent + n_items * self._seconds_an_item
        due = now - self._looked > self.least_seconds and cost <= self.share * (now - self._started)
        if due:
            self._looked = now
        return due

    def wrote(self, n_items: int) -> None:
        """Note how long that has taken."""
        now = time.monotonic()
        seconds = now - self._looked
        self._spent += seconds
        self._seconds_an_item = seconds / n_items
        self._looked = now

    def turned(self) -> None:
        """Note that a complete shard was written, which the next seconds need not do again."""
        self._looked = time.monotonic()


def _kept(task: BaseTask[Any], path: Path, items: Sequence[Any]) -> list[Any]:
    """Return the predictions that a killed run had made for the first items of a shard."""
    if not path.is_file():
        return []
    try:
        kept = task.format.read(path, items)
    except Exception:  # a damaged beginning is none
        return []
    first = [item.id for item in items[: len(kept)]]
    return [kept[key] for key in first] if first == list(kept) else []


_AGAIN = "--fresh computes it again"


class Predictions(Sequence[Any]):
    """Predictions in item order, read back shard by shard, so that large maps are never all in memory."""

    def __init__(self, task: BaseTask[Any], shards: list[Path], items: Sequence[Any]) -> None:
        self.task, self.shards, self.items = task, shards, items
        self._previews: list[str] = []

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return list(self)[index]
        shard, place = divmod(range(len(self))[index], self.task.shard_size)
        return next(itertools.islice(self._read(shard), place, None))

    def __iter__(self) -> Iterator[Any]:
        for number, prediction in enumerate(self._read()):
            if number == len(self._previews):
                self._previews.append(self.task.format.preview(prediction))
            yield prediction

    def previews(self) -> list[str]:
        """Return a short text of every prediction, kept from the first time that they were read."""
        if len(self._previews) < len(self):
            for _ in self:
                pass
        return self._previews

    def _read(self, first: int = 0) -> Iterator[Any]:
        """Yield the predictions from a shard on."""
        size = self.task.shard_size
        for number, path in enumerate(self.shards[first:], first):
            items = self.items[number * size : (number + 1) * size]
            try:
                for prediction in in_item_order(self.task.format.read(path, items), items, self.task.absent, str(path)):
                    # Read here, where a damaged map is told what to do about it.
                    yield np.asarray(prediction) if isinstance(prediction, StoredMap) else prediction
            except UserError as error:
                raise UserError(error.where, error.found, error.expected, _AGAIN) from None
            except Exception as error:
                found = f"not a predictions file ({type(error).__name__}: {error})"
                raise UserError(shown(path), found, "", _AGAIN) from error
