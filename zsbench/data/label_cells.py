"""Cells of a label column: what one cell says, and the distinct ones of a column, each read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.core.lazy import np

EXPECTED = "a whole number from 0 on, or a class name"

_WHOLE = re.compile(r"([+-]?\d{1,18})(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass
class Entry:
    """A distinct cell of a column.

    Attributes
    ----------
    cell : as it stands there.
    row : the first row that holds it.
    labels : the numbers or names it lists, or None where it holds no label.
    """

    cell: Any
    row: int
    labels: list[Any] | None

    @property
    def shown(self) -> str:
        """The cell as messages show it."""
        return shown(self.cell)


def distinct(
    cells: Sequence[Any], separator: str | None, where: Callable[[int], str]
) -> tuple[list[Entry], list[Entry]]:
    """Return the distinct cells of a column in the order of their first rows, and the one of every row.

    Raises
    ------
    UserError
        The first cell that is no label.
    """
    entries: list[Entry] = []
    of_rows: list[Entry] = []
    known: dict[tuple[type, Any], Entry] = {}
    for row, cell in enumerate(cells):
        # 1, 1.0 and True are equal, and lists are no keys.
        key = (kind, cell) if (kind := type(cell)) in (int, str, float) else None
        entry = known.get(key) if key else None
        if entry is None:
            entry = Entry(cell, row, read_cell(cell, separator, where, row))
            entries.append(entry)
            if key:
                known[key] = entry
        of_rows.append(entry)
    return entries, of_rows


def read_cell(cell: Any, separator: str | None, where: Callable[[int], str], row: int) -> list[Any] | None:
    """Return the labels of a cell, or None where it holds none.

    Raises
    ------
    UserError
        A number that is not whole or below -1, a truth value alone, or one of several labels is missing.
    """
    if isinstance(cell, (list, tuple, np.ndarray)):
        return [_one_of_several(part, where, row) for part in cell]
    if isinstance(cell, (bool, np.bool_)):
        raise UserError(where(row), f"label {str(cell).lower()}, a truth value", EXPECTED)
    if isinstance(cell, (bytes, str)):
        text = (textfiles.decoded(cell, where(row)) if isinstance(cell, bytes) else cell).strip()
        if text.casefold() in ("", "nan"):
            return None
        parts = [part.strip() for part in text.split(separator)] if separator else [text]
        if len(parts) > 1:
            return [_one_of_several(part, where, row) for part in parts]
        cell = text
    if cell is None or (isinstance(cell, (float, np.floating)) and cell != cell):
        return None
    label = _label(cell, where, row)
    return None if label == -1 else [label]


def _one_of_several(part: Any, where: Callable[[int], str], row: int) -> int | str:
    """Return one of several labels, none of which may be missing."""
    label = _label(part.strip() if isinstance(part, str) else part, where, row)
    if label in (-1, "") or str(label).casefold() == "nan":
        raise UserError(where(row), f"label {shown(part)} among several", EXPECTED)
    return label


def _label(value: Any, where: Callable[[int], str], row: int) -> int | str:
    """Return a whole number as such and a name as text."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return value
    label = _whole(value)
    if label is None or not -1 <= label < 2**62:
        raise UserError(where(row), f"label {shown(value)}", EXPECTED)
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


def shown(value: Any) -> str:
    """Return a label as it stands in messages."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text)} characters)"
