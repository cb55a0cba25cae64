"""Items of a comparison in a file: CSV, JSON lines or parquet, as its name ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.report.writers.csv import write_rows

ENDINGS = (".csv", ".jsonl", ".parquet")


def require_known_ending(path: Path) -> None:
    """Refuse a file whose name does not say how it is written.

    Raises
    ------
    UserError
        It ends otherwise.
    """
    if path.suffix not in ENDINGS:
        raise UserError("--items-out", f"'{path.name}'", f"a name that ends in {', '.join(ENDINGS)}")


def write(path: Path, frames: Sequence[dict[str, Any]]) -> int:
    """Write the frames of several tasks under each other, and return the number of rows.

    A column that a task does not have is empty in its rows.

    Raises
    ------
    UserError
        The name ends in nothing known, or the file cannot be written.
    """
    require_known_ending(path)
    names = list(dict.fromkeys(name for frame in frames for name in frame))
    # Predictions stand last whatever the metrics of later tasks are called.
    names.sort(key=lambda name: name == "gold" or name.startswith("prediction."))
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for frame in frames:
        n = len(frame["id"])
        for name in names:
            columns[name] += frame.get(name, [None] * n)
    if path.suffix == ".parquet":
        _write_parquet(path, columns)
    else:
        rows = zip(*columns.values(), strict=True)
        files.write_bytes(path, (write_rows if path.suffix == ".csv" else _lines)(names, rows).encode())
    return len(columns["id"])


def _write_parquet(path: Path, columns: dict[str, list[Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with files.replacing(path) as temporary:
        pq.write_table(pa.table(columns), temporary)


def _lines(names: Sequence[str], rows: Any) -> str:
    return "".join(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
