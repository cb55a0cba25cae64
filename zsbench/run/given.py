"""Predictions that are already there: found, read in the task type's own format, and named.

A path is one file, a folder of files (one an item, or shards), or the folder of a run, whose predictions lie in
`predictions/`. A run over a sample of the items (`--limit`) is judged over that sample.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.listing import files_below
from zsbench.core.yamlio import shown
from zsbench.results.store import SHARDS, read_result
from zsbench.tasks.base import settle


def predictions(path: Path, task: Any, items: Any) -> list[Any]:
    """Return predictions in the order of the items.

    Raises
    ------
    UserError
        No such file, no prediction for any item, an item without prediction, a prediction that is malformed or belongs
        to no item; with file and item.
    """
    read = _read(path, task, items)
    if not any(item.id in read for item in items):
        raise UserError(shown(path), "no prediction for any item", f"ids such as '{items[0].id}'")
    ordered = settle(read, items, task.absent, shown(path))
    for item, prediction in zip(items, ordered, strict=True):
        problem = task.check(item, prediction)
        if problem:
            raise UserError(shown(path), problem)
    return ordered


def name(path: Path) -> str:
    """Return what the table calls these predictions: the method of the run that made them, else the file's name."""
    run = _run_folder(path)
    return path.name if run is None else run.name


def sampled(path: Path) -> dict[str, Any]:
    """Return `limit` and `seed` of the run that made the predictions, which say what items it has; else nothing."""
    run = _run_folder(path)
    if run is None or not (run / "result.json").is_file():
        return {}
    settings = read_result(run / "result.json").get("config", {}).get("settings", {})
    return {key: settings[key] for key in ("limit", "seed") if settings.get(key) is not None}


def _run_folder(path: Path) -> Path | None:
    """Return the folder of the run that predictions lie in, or None for predictions from elsewhere."""
    folder = path if path.is_dir() else path.parent
    run = folder.parent if folder.name == SHARDS else folder
    return run if (run / "run.json").is_file() else None


def _folder(path: Path) -> Path:
    """Return the folder that predictions lie in: of a run, `predictions/`.

    Raises
    ------
    UserError
        A run whose predictions are gone, or a folder of several runs, of which one has to be meant.
    """
    if (path / SHARDS).is_dir():
        return path / SHARDS
    if (path / "run.json").is_file():
        raise UserError(shown(path), f"a run without {SHARDS}/", "a run that kept its predictions")
    runs = sorted(file.parent for file in path.rglob("run.json"))
    if len(runs) == 1:
        return _folder(runs[0])
    if runs:
        raise UserError(shown(path), "a folder of runs", f"the folder of one, such as {shown(runs[0])}")
    return path


def _read(path: Path, task: Any, items: Any) -> dict[str, Any]:
    """Read one prediction file, or all in a folder."""
    if not path.exists():
        raise UserError(shown(path), "no such file")
    if not path.is_dir():  # a file, or a pipe such as a shell makes of `<(...)`
        single: dict[str, Any] = task.read(path, items)
        return single
    folder = _folder(path)
    suffixes = (task.suffix, ".npy", ".png") if task.suffix == ".npz" else (task.suffix,)
    files = files_below(folder, suffixes).files
    if not files:
        raise UserError(shown(path), f"no {' or '.join(suffixes)} files in it")
    merged: dict[str, Any] = {}
    for file in files:
        for key, value in task.read(file, items).items():
            if key in merged:
                raise UserError(shown(file), f"item '{key}' was already in another file")
            merged[key] = value
    return merged
