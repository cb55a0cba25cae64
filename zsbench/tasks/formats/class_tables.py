"""Reads tables of predictions over classes: `id` with `scores` (or `logits`, `probabilities`), or `id` with `label`
(or `class`).

Parquet that zsbench writes also says what its scores are and which classes they stand for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.core import score_kinds
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.yamlio import shown
from zsbench.tasks.formats import list_columns, prediction_tables

if TYPE_CHECKING:
    import pyarrow as pa

_KIND, _NAMES = b"zsbench.scores", b"zsbench.class_names"
_COLUMNS = ("scores", "logits", "probabilities", "label", "class")
_LABELS = ("label", "class")


@dataclass(frozen=True)
class ClassTable:
    """What a file says.

    Attributes
    ----------
    ids : of the items, each once.
    cells : scores (n_classes,) of each item, floats as wide as in the file; labels as they are written in `labels`.
    labels : whether the cells are labels.
    places : of the rows, for messages; empty for scores.
    kinds : what the scores are, as metadata and the name of their column have it.
    class_names : the classes that the scores stand for, None where the file does not say.
    """

    ids: list[str]
    cells: list[Any]
    labels: bool
    places: list[str]
    kinds: list[ScoreKind]
    class_names: list[str] | None


def metadata(class_names: Sequence[str], kind: ScoreKind | None) -> dict[bytes, bytes]:
    """Return what parquet says of classes and scores."""
    names = {_NAMES: json.dumps(class_names).encode()}
    return names if kind is None else names | {_KIND: kind.to_json().encode()}


def read(path: Path, *, more: Sequence[str] = ()) -> ClassTable:
    """Read a table; `more` as in `prediction_tables.read`.

    Raises
    ------
    UserError
        No table, without these columns, an id twice, or cells that are no numbers.
    """
    columns = ("id", *_COLUMNS)
    if path.suffix != ".parquet":
        return _row_by_row(path, list(prediction_tables.read(path, columns, more=more)), [], None)
    table = prediction_tables.parquet(path, columns)
    kinds, class_names = from_metadata(table.schema.metadata or {}, shown(path))
    ids, column = _plain_ids(table.column("id")), _first_column(table.column_names)
    scores = None if column in ("", *_LABELS) else list_columns.numbers(table.column(column))
    if not ids or scores is None:
        return _row_by_row(path, list(prediction_tables.rows(table, path)), kinds, class_names)
    return ClassTable(ids, scores, False, [], kinds + _named_kind(column), class_names)


def _plain_ids(column: pa.ChunkedArray) -> list[str]:
    """Return ids of which none is missing, empty or there twice; else nothing."""
    ids = [] if column.null_count else list(map(str, column.to_pylist()))
    return ids if len(set(ids)) == len(ids) and "" not in ids else []


def _first_column(names: Sequence[str]) -> str:
    return next((name for name in _COLUMNS if name in names), "")


def _named_kind(column: str) -> list[ScoreKind]:
    """Return what the name of a column says its scores are."""
    if column == "logits":
        return [ScoreKind("logits")]
    return [ScoreKind("probabilities")] if column == "probabilities" else []


def _row_by_row(
    path: Path, rows: list[tuple[str, dict[str, Any]]], kinds: list[ScoreKind], class_names: list[str] | None
) -> ClassTable:
    """Read any table, and name the row where something is wrong."""
    if not rows:
        raise UserError(shown(path), "no rows", "one an item")
    ids: dict[str, None] = {}
    for where, row in rows:
        if row.get("id") is None or row["id"] == "":
            raise UserError(where, "no id", "the item's id in every row")
        if str(row["id"]) in ids:
            raise UserError(where, f"id '{row['id']}' stands twice", "one row an item")
        ids[str(row["id"])] = None
    column = _first_column(list(rows[0][1]))
    if not column:
        raise UserError(shown(path), "no column of scores or labels", f"one of {', '.join(_COLUMNS)}")
    cells, is_label = [row.get(column) for _, row in rows], column in _LABELS
    if not is_label:
        cells = [_scores(cell, where) for cell, (where, _) in zip(cells, rows, strict=True)]
    places = [where for where, _ in rows]
    return ClassTable(list(ids), cells, is_label, places, kinds + _named_kind(column), class_names)


def _scores(cell: Any, where: str) -> Any:
    if not isinstance(cell, list) or not all(isinstance(one, (int, float)) for one in cell):
        raise UserError(where, f"scores {str(cell)[:40]}", "a list of numbers, one a class")
    return np.asarray(cell, dtype=np.float64)


def from_metadata(held: dict[bytes, bytes], file: str) -> tuple[list[ScoreKind], list[str] | None]:
    """Return what a parquet file says its scores are, and the classes that it names."""
    try:
        kinds = [score_kinds.from_json(held[_KIND])] if _KIND in held else []
        names = json.loads(held[_NAMES]) if _NAMES in held else None
    except (ValueError, RecursionError) as error:
        raise UserError(file, f"metadata cannot be read ({error})", "what zsbench wrote") from None
    return kinds, [str(name) for name in names] if isinstance(names, list) and names else None
