"""A finished run in forms that other tools read: a TREC run, or its items with predictions as JSONL or parquet."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from zsbench.core import files
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import np
from zsbench.results.finished_run import FinishedRun
from zsbench.results.items import ABOUT
from zsbench.results.predicted import Prediction, predictions
from zsbench.tasks.formats import trec_run
from zsbench.tasks.formats.trec_run import TrecRun

# What the items of a ranking are called, by the kind of prediction.
_RANKINGS = ("documents", "found", "items")
_MAP = "depth"


def write(run: FinishedRun, format: str, path: Path) -> int:
    """Write a run to a file; return how many items it holds.

    Parameters
    ----------
    format : one of `FORMATS`.

    Raises
    ------
    UserError
        The format does not fit the run's type of task, its predictions are gone or damaged, or an id does not fit the
        format.
    """
    if run.is_average:
        raise UserError(shown(run.folder), "a row over several tasks", "the folder of one run")
    predicted = predictions(run)
    fits = fitting(predicted)
    if format not in fits:
        task_type = run.result["task_type"]
        raise UserError(f"--format {format}", f"not for predictions of {task_type} tasks", f"{' or '.join(fits)}")
    return FORMATS[format](run, predicted, path)


def fitting(predicted: dict[str, Prediction]) -> list[str]:
    """Return the formats that predictions fit into."""
    first = next(iter(predicted.values()), {})
    trec = ["trec"] if any(name in first for name in _RANKINGS) else []
    return [*trec, "parquet"] if _MAP in first else [*trec, "jsonl", "parquet"]


def _trec(run: FinishedRun, predicted: dict[str, Prediction], path: Path) -> int:
    """Write `query Q0 document rank score tag`; scores are n - rank, so that ties cannot undo the order."""
    format = TrecRun(trec_run.tag(run.result["method"]))
    rankings = {key: _ranking(prediction) for key, prediction in predicted.items()}
    for query, ranking in rankings.items():
        odd = next((name for name in (query, *ranking) if not name or name.split() != [name]), None)
        if odd is not None:
            raise UserError(
                shown(run.folder), f"id {odd!r}", "ids without blanks, as TREC runs need; or --format jsonl"
            )
    format.write(path, [SimpleNamespace(id=key) for key in rankings], list(rankings.values()))
    return len(rankings)


def _ranking(prediction: Prediction) -> dict[str, float]:
    """Return {document: n - rank}; one that is named twice counts where it stands first, as trec_eval has it."""
    names = next(prediction[name] for name in _RANKINGS if name in prediction)
    distinct = list(dict.fromkeys(map(str, names)))
    return {name: float(len(distinct) - rank) for rank, name in enumerate(distinct, 1)}


def _rows(run: FinishedRun, predicted: dict[str, Prediction]) -> Iterator[dict[str, Any]]:
    """Yield every item in the run's order: id, group, cluster and gold, metrics, prediction."""
    columns = dict(run.items)
    columns.pop("prediction")
    ids = columns.pop("id")
    beside = {name: columns.pop(name) for name in ABOUT if name in columns}
    for number, key in enumerate(ids):
        yield {
            "id": str(key),
            **{name: str(values[number]) for name, values in beside.items()},
            "metrics": {name: _plain(_listed(values[number])) for name, values in columns.items()},
            "prediction": _plain(predicted.get(str(key), {})),
        }


def _listed(statistics: Any) -> Any:
    """Return the many statistics of a metric as a list."""
    return statistics.tolist() if isinstance(statistics, np.ndarray) else statistics


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: an undefined number is null. Arrays of one dimension stay, for parquet."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _jsonl(run: FinishedRun, predicted: dict[str, Prediction], path: Path) -> int:
    rows = list(_rows(run, predicted))
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    files.write_bytes(path, "".join(lines).encode())
    return len(rows)


def _parquet(run: FinishedRun, predicted: dict[str, Prediction], path: Path) -> int:
    """Write one row an item: metrics as columns of their names, predictions as `prediction.scores` and the like."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(_rows(run, predicted))
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0] if name in ABOUT}
    columns |= {name: [row["metrics"][name] for row in rows] for name in rows[0]["metrics"]}
    names = dict.fromkeys(name for row in rows for name in row["prediction"])
    for name in names:
        columns[f"prediction.{name}"] = _column([row["prediction"].get(name) for row in rows])
    with files.replacing(path) as temporary:
        pq.write_table(pa.table(columns), temporary)
    return len(rows)


def _column(values: list[Any]) -> Any:
    """Return values as a column; those that parquet has no type for (lists of mixed values) are JSON."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else json.dumps(value, ensure_ascii=False) for value in values])


FORMATS: dict[str, Callable[[FinishedRun, dict[str, Prediction], Path], int]] = {
    "trec": _trec,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
