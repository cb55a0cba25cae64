"""The one reader of label columns: cells of any table, array or archive become 0-based labels.

A column holds whole numbers, or class names, or lists of either, or 0/1 vectors over the classes; never a mixture.
Numbers may be written `3`, `3.0` or "3". What is neither is an error that names its row, and a missing label (empty,
None, NaN, -1) is one too unless the option `unlabelled` says that such rows are left out, which are counted, or kept
for methods that learn without labels. So one odd cell never turns numbers into names, and no label is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from zsbench.core import textfiles
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import NDArray, np
from zsbench.data.class_names import plain

Unlabelled = Literal["error", "drop"]
"""What a row without label is: an error, or left out and counted."""
UnlabelledImages = Literal["error", "drop", "keep"]
"""The same for images, which may be kept without a label (-1) as `unlabeled:` data."""
Row = list[Any] | None
"""The labels of one row (numbers or names), or None where there is none."""

_WHOLE = re.compile(r"([+-]?\d{1,18})(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EXPECTED = "a whole number from 0 on, or a class name"


@dataclass(frozen=True)
class LabelColumn:
    """What a column says.

    Attributes
    ----------
    labels : the class of each kept row, 0-based; lists of them if any row has another number of labels than one.
    kept : numbers of the rows that have a label.
    names : class names in label order, where the cells are names.
    width : length of the 0/1 vectors, where the cells are such.
    n_rows : rows in all.
    """

    labels: list[Any]
    kept: list[int]
    n_rows: int
    names: list[str] | None = None
    width: int | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were left out, by name."""
        dropped = self.n_rows - len(self.kept)
        return {"unlabelled items left out": dropped} if dropped else {}


def read_labels(
    cells: Sequence[Any],
    *,
    where: Callable[[int], str],
    unlabelled: UnlabelledImages | None = "error",
    separator: str | None = None,
    names: Sequence[str] | None = None,
) -> LabelColumn:
    """Read a column.

    Parameters
    ----------
    cells : one a row: numbers, texts, lists of them, None.
    where : names the place of a row, for messages.
    unlabelled : what a row without label is; None where every row has to have one, whatever an option says.
    separator : between several labels in one text.
    names : class names in label order where the data tell them; texts are looked up among them.

    Raises
    ------
    UserError
        A cell that is no label, numbers among names, a missing label, or no label at all.
    """
    rows = [_row(cell, separator, where, number) for number, cell in enumerate(cells)]
    kept = [number for number, row in enumerate(rows) if row is not None]
    if len(kept) < len(rows) and unlabelled not in ("drop", "keep"):
        missing = next(number for number, row in enumerate(rows) if row is None)
        hint = "or `unlabelled: drop`" if unlabelled else ""
        raise UserError(where(missing), f"label {_shown(cells[missing])}", _EXPECTED, hint)
    if rows and not kept and unlabelled != "keep":
        raise UserError(where(0), "no row has a label", _EXPECTED)
    lists = {number: row for number, row in enumerate(rows) if row is not None}
    width = _vector_width([cells[number] for number in kept], list(lists.values()))
    if width is not None:
        lists = {number: [i for i, value in enumerate(row) if value] for number, row in lists.items()}
    found: Sequence[str] | None = None
    if width is None and _are_names(lists, where):
        found = list(names) if names else sorted({name for row in lists.values() for name in row})
        lists = _numbered(lists, found, where)
    _refuse_repeats(lists, where)
    labels, names_found = _alone(list(lists.values())), list(found) if found else None
    if unlabelled == "keep":
        known = dict(zip(kept, labels, strict=True))
        return LabelColumn(
            [known.get(i, -1) for i in range(len(rows))], list(range(len(rows))), len(rows), names_found, width
        )
    return LabelColumn(labels, kept, len(rows), names_found, width)


def array_labels(
    array: NDArray[Any],
    n_items: int,
    where: str,
    *,
    rows: Sequence[int] | None = None,
    unlabelled: UnlabelledImages = "error",
    names: Sequence[str] | None = None,
) -> LabelColumn:
    """Read an array of labels: (n_items,), one column of them, or a 0/1 matrix (n_items, n_classes).

    Parameters
    ----------
    where : the file and the array's name, for messages.
    rows : numbers of the rows to read, None for all.
    unlabelled, names : as in `read_labels`.

    Raises
    ------
    UserError
        Another shape, a matrix with other values, or as `read_labels`.
    """
    if array.ndim not in (1, 2) or len(array) != n_items:
        raise UserError(where, f"shape {array.shape}", f"({n_items},), or a 0/1 matrix ({n_items}, classes)")
    numbers = list(range(n_items)) if rows is None else list(rows)
    array = array[numbers]
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        bad = np.flatnonzero(~np.isin(array, (0, 1)).all(axis=1))
        if len(bad):
            found = f"a matrix with other values than 0 and 1 (row {numbers[bad[0]]})"
            raise UserError(where, found, "1 where an item belongs to a class")
    column = read_labels(
        array.tolist(), where=lambda row: f"{where}, row {numbers[row]}", unlabelled=unlabelled, names=names
    )
    return replace(column, kept=[numbers[row] for row in column.kept])


def single_labels(
    array: NDArray[Any],
    n_items: int,
    where: str,
    *,
    unlabelled: Unlabelled = "error",
    names: Sequence[str] | None = None,
) -> LabelColumn:
    """Read an array of labels of which every item has exactly one.

    Raises
    ------
    UserError
        As `array_labels`, or an item with several labels or none.
    """
    column = array_labels(array, n_items, where, unlabelled=unlabelled, names=names)
    bad = next((row for row, label in zip(column.kept, column.labels, strict=True) if not isinstance(label, int)), None)
    if bad is not None:
        raise UserError(f"{where}, row {bad}", "several labels, or none", "one label an item")
    return column


def check_range(ids: Sequence[str], labels: Sequence[Any], n_classes: int, where: str) -> None:
    """Refuse labels outside the classes.

    Raises
    ------
    UserError
        With the first item whose label does not fit.
    """
    several = [[label] if isinstance(label, int) else label for label in labels]
    bad = next(
        ((key, one) for key, own in zip(ids, several, strict=True) for one in own if not 0 <= one < n_classes), None
    )
    if bad is None:
        return
    lowest = min((one for own in several for one in own), default=0)
    hint = "the labels count from 1, they should from 0" if lowest == 1 and bad[1] == n_classes else ""
    raise UserError(where, f"item '{bad[0]}' has label {bad[1]}", f"0 to {n_classes - 1} ({n_classes} classes)", hint)


def _row(cell: Any, separator: str | None, where: Callable[[int], str], number: int) -> Row:
    """Return the labels of a cell."""
    if isinstance(cell, (list, tuple, np.ndarray)):
        return [_one(part, where, number) for part in cell]
    if isinstance(cell, (bytes, str)):
        text = (textfiles.decoded(cell, where(number)) if isinstance(cell, bytes) else cell).strip()
        if text.casefold() in ("", "nan"):
            return None
        parts = [part.strip() for part in text.split(separator)] if separator else [text]
        if len(parts) > 1:
            return [_one(part, where, number) for part in parts]
        cell = text
    if cell is None or (isinstance(cell, (float, np.floating)) and cell != cell):
        return None
    label = _label(cell, where, number)
    return None if label == -1 else [label]


def _one(part: Any, where: Callable[[int], str], number: int) -> int | str:
    """Return one of several labels, none of which may be missing."""
    label = _label(part.strip() if isinstance(part, str) else part, where, number)
    if label in (-1, "") or str(label).casefold() == "nan":
        raise UserError(where(number), f"label {_shown(part)} among several", _EXPECTED)
    return label


def _label(value: Any, where: Callable[[int], str], number: int) -> int | str:
    """Return a whole number as such and a name as text."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return value
    label = _whole(value)
    if label is None or not -1 <= label < 2**62:
        raise UserError(where(number), f"label {_shown(value)}", _EXPECTED)
    return label


def _whole(value: Any) -> int | None:
    """Return a whole number of any type, or None for what is none."""
    if isinstance(value, (int, np.integer, np.bool_)):
        return int(value)
    if isinstance(value, str):
        match = _WHOLE.fullmatch(value)
        return int(match[1]) if match else None
    if isinstance(value, (float, np.floating, Decimal)) and value % 1 == 0:
        return int(value)
    return None


def _vector_width(cells: list[Any], rows: list[list[Any]]) -> int | None:
    """Return the length of the cells where they are 0/1 vectors: lists of one length that hold nothing else."""
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or min(lengths) < 2 or any(isinstance(cell, (str, bytes)) for cell in cells):
        return None
    return lengths.pop() if all(value in (0, 1) for row in rows for value in row) else None


def _are_names(rows: dict[int, list[Any]], where: Callable[[int], str]) -> bool:
    """Say whether the labels are names rather than numbers; the rarer of the two is the odd one."""
    named = [number for number, row in rows.items() if any(isinstance(one, str) for one in row)]
    numbered = [number for number, row in rows.items() if any(not isinstance(one, str) for one in row)]
    if named and numbered:
        odd, others = (named[0], "whole numbers") if len(named) <= len(numbered) else (numbered[0], "class names")
        is_odd = str if others == "whole numbers" else int
        label = next(one for one in rows[odd] if isinstance(one, is_odd))
        expected = "numbers alone or names alone in one column"
        raise UserError(where(odd), f"label {_shown(label)} among {others}", expected)
    return bool(named)


def _numbered(rows: dict[int, list[Any]], names: Sequence[str], where: Callable[[int], str]) -> dict[int, list[Any]]:
    """Return names as their places."""
    places = {plain(name): place for place, name in enumerate(names)}
    for number, row in rows.items():
        unknown = next((name for name in row if plain(name) not in places), None)
        if unknown is not None:
            expected = f"one of the {len(names)} class names that come with the data"
            raise UserError(where(number), f"label {_shown(unknown)}", expected, did_you_mean(unknown, names))
    return {number: [places[plain(name)] for name in row] for number, row in rows.items()}


def _refuse_repeats(rows: dict[int, list[Any]], where: Callable[[int], str]) -> None:
    for number, row in rows.items():
        if len(set(row)) < len(row):
            raise UserError(where(number), f"labels {_shown(row)}, one of them twice", "different labels")


def _alone(rows: list[list[Any]]) -> list[Any]:
    """Return numbers instead of lists where every row has exactly one label."""
    return [row[0] for row in rows] if all(len(row) == 1 for row in rows) else rows


def _shown(value: Any) -> str:
    """Return a label as it stands in messages."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text)} characters)"
