"""The predictions of a finished run as plain values, read from its shards without the task's data.

| shard | what is predicted for an item |
|---|---|
| `.run` | `documents`, best first, and their `scores` |
| `.parquet` | its columns: `scores` (with the best class's name as `predicted`), `label`, or `found` and `scores` |
| `.jsonl` | what stands in the line beside the id: `spans`, `items`, `labels`, `similarities` |
| `.npz` | `depth`, the map in metres, row by row, and its `shape` |
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import np
from zsbench.data.collections.judgements import read_run
from zsbench.results.finished_run import FinishedRun
from zsbench.results.store import SHARDS
from zsbench.tasks.formats import class_tables, maps, prediction_tables

Prediction = dict[str, Any]


def shards(run: FinishedRun) -> list[Path]:
    """Return the files that hold a run's predictions, in order.

    Raises
    ------
    UserError
        The run has kept none.
    """
    paths = sorted(path for path in (run.folder / SHARDS).glob("[0-9]*") if path.is_file())
    if not paths:
        raise UserError(shown(run.folder), f"no {SHARDS}/ in it", "a run that kept its predictions")
    return paths


def predictions(run: FinishedRun) -> dict[str, Prediction]:
    """Return what a run has predicted for each item, by id; an item that a ranking left out has none.

    Raises
    ------
    UserError
        A file is damaged, or of another kind.
    """
    read: dict[str, Prediction] = {}
    for path in shards(run):
        try:
            read |= _read(path)
        except UserError:
            raise
        except Exception as error:  # pyarrow, zipfile and numpy share no exception type
            raise UserError(shown(path), f"not a predictions file ({error})", "the file that the run wrote") from None
    return read


def _read(path: Path) -> dict[str, Prediction]:
    if path.suffix == ".run":
        return _ranked(path)
    if path.suffix == ".parquet":
        return _columns(path)
    if path.suffix == ".jsonl":
        return {str(row.pop("id")): row for _, row in jsonfiles.lines(path, {})}
    if path.suffix == ".npz":
        return {name: _map(np.asarray(depth)) for name, depth in maps.read(path, []).items()}
    raise UserError(shown(path), f"predictions in '{path.suffix}'", "what `zsbench eval` writes")


def _ranked(path: Path) -> dict[str, Prediction]:
    run = read_run(path) if path.stat().st_size else {}
    ranked = {query: sorted(scores.items(), key=lambda pair: -pair[1]) for query, scores in run.items()}
    return {
        query: {"documents": [doc for doc, _ in pairs], "scores": [float(score) for _, score in pairs]}
        for query, pairs in ranked.items()
    }


def _columns(path: Path) -> dict[str, Prediction]:
    table = prediction_tables.parquet(path, ("id", "scores", "label", "found"))
    _, names = class_tables.from_metadata(table.schema.metadata or {}, shown(path))
    read = {}
    for row in table.to_pylist():
        key = str(row.pop("id"))
        best = row.get("label") if "label" in row else _best(row) if names else None
        read[key] = row | ({} if best is None or not names else {"predicted": names[best]})
    return read


def _best(row: Prediction) -> int:
    return int(np.argmax(row["scores"]))


def _map(depth: Any) -> Prediction:
    return {"depth": depth.ravel(), "shape": list(depth.shape)}
