"""Performance on single concepts: from tables of accuracies or recalls by concept."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from zsbench.analysis.frequency import corpus
from zsbench.analysis.frequency.corpus import require_columns
from zsbench.analysis.frequency.presets import Kind
from zsbench.core import tablefiles
from zsbench.core.errors import UserError, shown
from zsbench.core.tablefiles import Row
from zsbench.core.textfiles import short

FACTS = ("model", "pretraining", "prompt", "direction", "k")
"""Columns that tell the curves of a table apart."""
_COLUMNS = ("accuracy", "recall", "score")
_SHARES = ("accuracy", "recall")
Unit = Literal["percent", "share"]


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
    notes : what was taken where a file leaves a choice.
    """

    facts: dict[str, str]
    kind: Kind
    metric: str
    unit: str
    values: dict[str, dict[str, float]]
    place: str
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from others, on one line: `RN50 cc3m class`, `RN50 cc3m i2t@1`; its file where nothing does."""
        direction, k = self.facts.get("direction", ""), self.facts.get("k", "")
        of_ranking = f"{direction}@{k}" if direction and k else direction or k
        named = [value for key, value in self.facts.items() if key not in ("direction", "k")]
        return " ".join(filter(None, [*named, of_ranking])) or self.place


def read_table(
    path: Path, only: Mapping[str, Collection[str]] = {}, column: str | None = None, unit: Unit | None = None
) -> list[Performance]:
    """Return what a table (parquet, CSV, TSV, JSONL) holds, an entry for each combination of its columns of `FACTS`.

    It has a column `concept` and one of performance, and may have `dataset`. Accuracies and recalls are shares; a note
    says whether they were taken as such or as percent, which without `unit` a value above 1 in the whole file decides.

    Parameters
    ----------
    only : the values of some of these columns that are wanted.
    column : of performance; by default the first of `accuracy`, `recall` and `score` that the table has.
    unit : of the column, whatever it is called; by default none but `accuracy` and `recall` are shares.

    Raises
    ------
    UserError
        A column is missing, a value is no finite number or outside its unit, a concept stands twice, or nothing of what
        is wanted.
    """
    wanted = [column] if column else []
    rows = tablefiles.read(path, ("concept", *wanted), optional=("dataset", *FACTS, *([] if column else _COLUMNS)))
    column = column or next((name for name in _COLUMNS if name in rows[0]), None)
    if column is None:
        raise UserError(shown(path), "no column of performance", f"one of {', '.join(_COLUMNS)}, or --value COLUMN")
    # The other columns are those of counts, too, which say on their own what is wanted.
    require_columns(path, rows[0], [key for key in only if key not in corpus.FACTS])
    values, notes = _in_unit(path, rows, column, unit)
    found: dict[tuple[str, ...], Performance] = {}
    for row, value in zip(rows, values, strict=True):
        if any(row[key] not in kept for key, kept in only.items() if key in row):
            continue
        facts = {key: row[key] for key in FACTS if key in row}
        kind: Kind = "retrieval" if "direction" in facts or column == "recall" else "classification"
        made = Performance(facts, kind, column, "%" if notes else "", {}, shown(path), notes)
        entry = found.setdefault(tuple(facts.values()), made)
        of_dataset = entry.values.setdefault(row.get("dataset", ""), {})
        if row["concept"] in of_dataset:
            raise UserError(row.place, f"concept '{row['concept']}' stands twice for {entry.name}", "it once")
        of_dataset[row["concept"]] = value
    if not found:
        chosen = ", ".join(f"{key}={'|'.join(kept)}" for key, kept in only.items())
        raise UserError(shown(path), f"no row of {chosen}", "values that the table has")
    return list(found.values())


def require_distinct(performances: Sequence[Performance]) -> None:
    """Refuse two of which no table could tell which is which.

    Raises
    ------
    UserError
        A model, asked in one way, stands in two places.
    """
    known: dict[tuple[Any, ...], Performance] = {}
    for one in performances:
        other = known.setdefault((*sorted(one.facts.items()), one.kind, one.metric), one)
        if other is not one:
            found = f"{one.metric} of {one.name} stands in {other.place}, too"
            raise UserError(one.place, found, "each once; columns `dataset`, `model` and `prompt` tell rows apart")


def _in_unit(path: Path, rows: Sequence[Row], column: str, unit: Unit | None) -> tuple[list[float], tuple[str, ...]]:
    """Return the values of a column as shares, and a note on their unit; without one where they have none."""
    values = [finite(row[column], row.place) for row in rows]
    if unit is None and column not in _SHARES:
        return values, ()
    # Judged by the whole file: the rows that are wanted may be below 1 % all of them.
    taken = unit or ("percent" if max(values) > 1 else "share")
    most = 100 if taken == "percent" else 1
    for value, row in zip(values, rows, strict=True):
        if not 0 <= value <= most:
            raise UserError(row.place, f"{column} {value:g}", f"a {taken} from 0 to {most}", "--unit says what it is")
    why = "" if unit else ", as some are above 1" if taken == "percent" else ", as none is above 1"
    what = "percent" if taken == "percent" else "shares from 0 to 1"
    hint = "" if unit else "; --unit says otherwise"
    return [value / most for value in values], (f"{column} of {shown(path)} taken as {what}{why}{hint}",)


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
