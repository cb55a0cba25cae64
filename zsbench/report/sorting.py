"""Rows in the order of a column, the best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zsbench.core.errors import UserError, unknown_name
from zsbench.report.grid import Cell, Column

Key = tuple[str, ...]


def in_order(
    rows: Sequence[Key],
    labels: Mapping[Key, Sequence[str]],
    names: Sequence[str],
    columns: Sequence[Column],
    lower: Sequence[bool],
    body: Mapping[Key, Sequence[Cell]],
    wanted: str,
) -> list[Key]:
    """Return the rows sorted by a column: names from a to z, values from the best to the worst, none at the end.

    Parameters
    ----------
    names : the dimensions in `labels`.
    lower : for each column whether lower values are better.
    wanted : a dimension of the rows, or a column by its head or a part of it that no other has.

    Raises
    ------
    UserError
        No such column, or several.
    """
    if wanted in names:
        place = list(names).index(wanted)
        return sorted(rows, key=lambda row: labels[row][place])
    number = _number(columns, wanted)
    sign = 1 if lower[number] else -1

    def place_of(row: Key) -> tuple[bool, float]:
        value = body[row][number].value
        return value is None, 0.0 if value is None else sign * float(value)

    return sorted(rows, key=place_of)


def _number(columns: Sequence[Column], wanted: str) -> int:
    heads = [_plain(column.heading) for column in columns]
    parts = [[_plain(part) for part in (*column.over, column.title)] for column in columns]
    exact = [i for i, head in enumerate(heads) if head == _plain(wanted)]
    found = exact or [i for i, of_column in enumerate(parts) if _plain(wanted) in of_column]
    if not found:
        known = [*heads, *(part for of_column in parts for part in of_column)]
        raise unknown_name("--sort", "column", wanted, known, listed_by=f"columns: {', '.join(heads)}")
    if len(found) > 1 and not exact and len({columns[i].over for i in found}) > 1:
        several = ", ".join(f"'{heads[i]}'" for i in found)
        raise UserError("--sort", f"'{wanted}' is the head of several columns ({several})", "one of them")
    return found[0]


def _plain(text: str) -> str:
    """Return a head without what only explains it."""
    return text.replace(" ↑", "").replace(" ↓", "").replace(" (synthetic)", "").strip()
