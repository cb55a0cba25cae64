"""Performance on single concepts: from tables of accuracies or recalls by concept."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from zsbench.analysis.frequency.presets import Kind
from zsbench.core import tablefiles
from zsbench.core.errors import UserError, shown
from zsbench.core.textfiles import short

FACTS = ("model", "pretraining", "prompt", "direction", "k")
"""Columns that tell the curves of a table apart."""
_COLUMNS = ("accuracy", "recall", "score")


@dataclass(frozen=True)
class Performance:
    """One model's performance, asked in one way, on the concepts of one or more data sets.

    Attributes
    ----------
    facts : what tells it from others: `model`, and where they are known `pretraining`, `prompt`, `direction`, `k`.
    kind : which of the paper's rules for bins is meant.
    metric, unit : what is measured; `%` of shares 0-1, empty where numbers stand as a table has them.
    values : by data set and concept.
    place : the file or folder.
    """

    facts: dict[str, str]
    kind: Kind
    metric: str
    unit: str
    values: dict[str, dict[str, float]]
    place: str

    @property
    def name(self) -> str:
        """What tells it from others, on one line: `RN50 cc3m class`, `RN50 cc3m i2t@1`."""
        direction, k = self.facts.get("direction", ""), self.facts.get("k", "")
        of_ranking = f"{direction}@{k}" if direction and k else direction or k
        named = [value for key, value in self.facts.items() if key not in ("direction", "k")]
        return " ".join(filter(None, [*named, of_ranking]))


def read_table(path: Path, only: Mapping[str, Collection[str]] = {}, column: str | None = None) -> list[Performance]:
    """Return what a table (parquet, CSV, TSV, JSONL) holds, an entry for each combination of its columns of `FACTS`.

    It has a column `concept` and one of performance, and may have `dataset`. An accuracy above 1 says that all of them
    are in percent; they are divided by 100. What is neither `accuracy` nor `recall` stands as it is.

    Parameters
    ----------
    only : the values of some of these columns that are wanted.
    column : of performance; by default the first of `accuracy`, `recall` and `score` that the table has.

    Raises
    ------
    UserError
        A column is missing, a value is no finite number, a concept stands twice, or nothing of what is wanted.
    """
    wanted = [column] if column else []
    rows = tablefiles.read(path, ("concept", *wanted), optional=("dataset", *FACTS, *([] if column else _COLUMNS)))
    column = column or next((name for name in _COLUMNS if name in rows[0]), None)
    if column is None:
        raise UserError(shown(path), "no column of performance", f"one of {', '.join(_COLUMNS)}, or --value COLUMN")
    values = [finite(row[column], row.place) for row in rows]
    # Judged by the whole file: the rows that are wanted may be below 1 % all of them.
    scale = 100 if column == "accuracy" and max(values) > 1 else 1
    found: dict[tuple[str, ...], Performance] = {}
    for row, value in zip(rows, values, strict=True):
        if any(row[key] not in kept for key, kept in only.items() if key in row):
            continue
        facts = {key: row[key] for key in FACTS if key in row}
        kind: Kind = "retrieval" if "direction" in facts or column == "recall" else "classification"
        unit = "%" if column in ("accuracy", "recall") else ""
        entry = found.setdefault(tuple(facts.values()), Performance(facts, kind, column, unit, {}, shown(path)))
        of_dataset = entry.values.setdefault(row.get("dataset", ""), {})
        if row["concept"] in of_dataset:
            raise UserError(row.place, f"concept '{row['concept']}' stands twice for {entry.name or 'it'}", "it once")
        of_dataset[row["concept"]] = value / scale
    if not found:
        chosen = ", ".join(f"{key}={'|'.join(kept)}" for key, kept in only.items())
        raise UserError(shown(path), f"no row of {chosen}", "values that the table has")
    return list(found.values())


def finite(text: str, place: str) -> float:
    """Return the number that a cell holds.

    Raises
    ------
    UserError
        It holds no finite number.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(place, short(text), "a finite number")
    return value
