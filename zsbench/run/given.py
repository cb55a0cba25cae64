"""Predictions that are already there: resolved once to where they lie and to the run that made them, then read.

A path is one file, a folder of files (one an item, or shards), or the folder of a run, whose predictions lie in
`predictions/`. A run over a sample of the items (`--limit`) is judged over that sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.core import outputs
from zsbench.core.errors import UserError
from zsbench.core.listing import files_below
from zsbench.core.yamlio import shown
from zsbench.results.store import SHARDS, read_result
from zsbench.tasks.base import in_item_order


@dataclass(frozen=True)
class Given:
    """Predictions that somebody names.

    Attributes
    ----------
    path : as it was named, for messages.
    place : the file that holds the predictions, or the folder of several.
    run : the folder of the run that made them, None for predictions from elsewhere.
    """

    path: Path
    place: Path
    run: Path | None

    @property
    def name(self) -> str:
        """What the table calls them: the method of the run that made them, else the file's name."""
        return self.path.name if self.run is None else self.run.name

    def sampled(self) -> dict[str, Any]:
        """Return `limit` and `seed` of the run that made them, which say what items it has; else nothing."""
        if self.run is None or not (self.run / "result.json").is_file():
            return {}
        settings = read_result(self.run / "result.json").get("config", {}).get("settings", {})
        return {key: settings[key] for key in ("limit", "seed") if settings.get(key) is not None}


def resolved(path: Path) -> Given:
    """Return the predictions that a path leads to: those of the only run in a folder, too.

    Raises
    ------
    UserError
        Nothing is there, the run's predictions are gone, or there are several runs, of which one has to be meant.
    """
    if not path.exists():
        raise UserError(shown(path), "no such file")
    if not path.is_dir() or path.name == SHARDS:
        run = path.parent if path.parent.name != SHARDS else path.parent.parent
        return Given(path, path, run if (run / "run.json").is_file() else None)
    runs = [path] if (path / "run.json").is_file() else sorted(file.parent for file in path.rglob("run.json"))
    if not runs:
        return Given(path, path / SHARDS if (path / SHARDS).is_dir() else path, None)
    if len(runs) > 1:
        raise UserError(shown(path), "a folder of runs", f"the folder of one, such as {shown(runs[0])}")
    if not (runs[0] / SHARDS).is_dir():
        raise UserError(shown(runs[0]), f"a run without {SHARDS}/", "a run that kept its predictions")
    return Given(path, runs[0] / SHARDS, runs[0])


def require_distinct(every: Sequence[Given]) -> None:
    """Refuse predictions that are named twice: their mean would be over fewer than it says.

    Raises
    ------
    UserError
        Two paths lead to one file or folder.
    """
    first: dict[Path, Given] = {}
    for given in every:
        other = first.setdefault(given.place.resolve(), given)
        if other is not given:
            raise UserError(shown(given.path), f"the predictions of {shown(other.path)} again", "each of them once")


def predictions(given: Given, task: Any, items: Any) -> list[Any]:
    """Return predictions in the order of the items.

    Raises
    ------
    UserError
        No prediction for any item, an item without prediction, a prediction that is malformed or belongs to no item;
        with file and item.
    """
    where = shown(given.path)
    read = _read(given.place, task, items)
    if not any(item.id in read for item in items):
        raise UserError(where, "no prediction for any item", f"ids such as '{items[0].id}'")
    ordered = in_item_order(read, items, task.absent, where)
    for item, prediction in zip(items, ordered, strict=True):
        problem = task.check(item, prediction)
        if problem:
            raise UserError(where, problem)
    return ordered


def _read(place: Path, task: Any, items: Any) -> dict[str, Any]:
    """Read one prediction file, or all in a folder."""
    if not place.is_dir():
        outputs.refuse_reading(place)
        single: dict[str, Any] = task.format.read(place, items)
        return single
    files = files_below(place, task.format.suffixes).files
    if not files:
        raise UserError(shown(place), f"no {' or '.join(task.format.suffixes)} files in it")
    merged: dict[str, Any] = {}
    for file in files:
        outputs.refuse_reading(file)
        for key, value in task.format.read(file, items).items():
            if key in merged:
                raise UserError(shown(file), f"item '{key}' was already in another file")
            merged[key] = value
    return merged
