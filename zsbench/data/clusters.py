"""What items come from, where several come from one thing: sentences of a document, frames of a drive, captions of a
picture.

Such items are alike, so that a hundred of them say less than a hundred of their own: intervals and comparisons draw
what they come from as a whole. Every source tells it in one way, in the field `clusters` of what it gives: a name an
item, aligned with the items, or None where each item stands alone.

Data name it themselves, in a column, key or array that the option `cluster` names (`cluster` without the option, or
`clusters` among arrays); where only paths tell it, the option is a pattern that finds the name in them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import NDArray
from zsbench.core.words import number_of
from zsbench.data.label_arrays import optional_texts, place

COLUMN = "cluster"
"""The column or key that is read where no option names another."""
ARRAY = "clusters"
"""The array that is read where no option names another."""

_EXPECTED = "the name of what the item comes from, a text or a whole number"


def taken(clusters: Sequence[str] | None, numbers: Sequence[int], n_items: int) -> list[str] | None:
    """Return the clusters of the items of these numbers, in their order; None where there are none.

    Raises
    ------
    UserError
        A source gave another number of clusters than of items.

    Examples
    --------
    >>> taken(["a", "a", "b"], [0, 2], 3)
    ['a', 'b']
    """
    if clusters is None:
        return None
    if len(clusters) != n_items:
        raise UserError("", f"{len(clusters)} clusters for {n_items} items", "a cluster for each item")
    return [clusters[number] for number in numbers]


def column(option: str | None, others: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the column of clusters as one that a table has to have, or as one that it may have.

    Parameters
    ----------
    option : the column that the config names.
    others : columns that hold something else, which are no clusters without being named as such.
    """
    if option is not None:
        return [option], []
    return [], [COLUMN] if COLUMN not in others else []


def of_rows(
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    option: str | None,
    *,
    keys: Sequence[str] = (COLUMN,),
    noun: str = "key",
) -> list[str] | None:
    """Return the cluster of every row, or None where no row names one.

    Parameters
    ----------
    rows : (place, row), of which nothing but the keys of clusters is looked at.
    option : the key that the config names; each row has to have it.
    keys : those that are looked for without an option; if any row has one, each row has to.
    noun : what messages call it.

    Raises
    ------
    UserError
        With its place: a row lacks the key, or has nothing there, or something that is no name.

    Examples
    --------
    >>> of_rows([("a.jsonl:1", {"cluster": 7}), ("a.jsonl:2", {"cluster": "x"})], None)
    ['7', 'x']
    >>> of_rows([("a.jsonl:1", {})], None) is None
    True
    """
    key = option or next((key for key in keys if any(key in row for _, row in rows)), None)
    if key is None:
        return None
    return [_name(row, key, where, noun) for where, row in rows]


def named(row: Mapping[str, Any], option: str | None, keys: Sequence[str] = (COLUMN,)) -> dict[str, Any]:
    """Return what of a row `of_rows` looks at, for rows that are too large to be kept."""
    return {key: row[key] for key in ([option] if option else keys) if key in row}


def of_table(rows: Sequence[Any], columns: Sequence[str]) -> list[str] | None:
    """Return the cluster of every row of a table as `tablefiles.read` gives it, from a column that it may have.

    Errors as `of_rows`.
    """
    return of_rows([(row.place, row) for row in rows], None, keys=columns, noun="column")


def of_array(held: Mapping[str, NDArray[Any]], option: str | None, n_items: int, path: Path) -> list[str] | None:
    """Return the clusters (n_items,) of a file of arrays, or None where it has no such array.

    Raises
    ------
    UserError
        There is no array of the name that the option gives, it has another length, or an empty text.
    """
    names = optional_texts(held, path, option, default=ARRAY)
    if names is None:
        return None
    where = place(path, option or ARRAY)
    if len(names) != n_items:
        raise UserError(where, number_of(len(names), "row"), f"{n_items}, one an item")
    empty = next((row for row, name in enumerate(names) if not name.strip()), None)
    if empty is not None:
        raise UserError(f"{where}, row {empty}", "an empty text", _EXPECTED)
    return names


def of_paths(paths: Sequence[str], pattern: str | None, where: str) -> list[str] | None:
    r"""Return what a pattern finds in every path, or None without a pattern.

    Parameters
    ----------
    paths : names of files, parted by `/`.
    pattern : a regular expression; the cluster is its first group, or all of it where it has no group.
    where : the place of the data, for messages.

    Raises
    ------
    UserError
        With the first path in which the pattern finds nothing.

    Examples
    --------
    >>> of_paths(["a/v_run_g01_c01.avi", "a/v_run_g01_c02.avi"], r"v_(\w+_g\d+)_c", "data")
    ['run_g01', 'run_g01']
    """
    if pattern is None:
        return None
    compiled = re.compile(pattern)
    clusters = []
    for path in paths:
        match = compiled.search(path)
        name = match.group(min(compiled.groups, 1)) if match else None
        if not name:
            hint = "a pattern for every path, or no `cluster:`, which takes each item for one of its own"
            raise UserError(where, f"`cluster: {pattern}` finds nothing in '{path}'", "the name of a cluster", hint)
        clusters.append(name)
    return clusters


def _name(row: Mapping[str, Any], key: str, where: str, noun: str) -> str:
    """Return the name in a cell: its text, or a whole number's digits."""
    value = row.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_empty = value is None or value != value or (isinstance(value, str) and value.strip().casefold() in ("", "nan"))
    if is_empty:
        raise UserError(where, f"{noun} '{key}' is {'empty' if key in row else 'missing'}", _EXPECTED)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UserError(where, f"{noun} '{key}' is {str(value)[:60]!r}", _EXPECTED)
    return str(value).strip()
