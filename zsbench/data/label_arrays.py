"""Labels and names in files of arrays: `labels` (n_items,) or (n_items, n_classes), `class_names` (n_classes,)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import NDArray, np
from zsbench.core.yamlio import shown
from zsbench.data.label_columns import LabelColumn, Unlabelled, UnlabelledImages, alone, read_labels


def place(path: Path, key: str) -> str:
    """Return what messages call an array of a file."""
    return f"{shown(path)}: array '{key}'"


def optional(held: Mapping[str, NDArray[Any]], key: str | None, default: str, path: Path) -> NDArray[Any] | None:
    """Return the array of a name that was asked for, else that of the default name, which the file may lack.

    Raises
    ------
    UserError
        The file has no array of the name that was asked for.
    """
    return held.get(default) if key is None else arrays.pick(held, key, path)


def optional_texts(
    held: Mapping[str, NDArray[Any]], path: Path, key: str | None = None, *, default: str = "class_names"
) -> list[str] | None:
    """Return the texts of an array (n,) as `optional` finds it, or None; errors as `optional` and `arrays.texts`."""
    array = optional(held, key, default, path)
    return None if array is None else arrays.texts(array, place(path, key or default))


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
    array = array if rows is None else array[numbers]
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        bad = np.flatnonzero(~np.isin(array, (0, 1)).all(axis=1))
        if len(bad):
            found = f"a matrix with other values than 0 and 1 (row {numbers[bad[0]]})"
            raise UserError(where, found, "1 where an item belongs to a class")
        if array.dtype.kind in "biuf" and array.size:
            return LabelColumn(
                alone([np.flatnonzero(row).tolist() for row in array]), numbers, len(array), None, array.shape[1]
            )
    column = read_labels(
        array.tolist(), where=lambda row: f"{where}, row {numbers[row]}", unlabelled=unlabelled, names=names
    )
    return replace(column, kept=[numbers[row] for row in column.kept])


def single_labels(
    held: Mapping[str, NDArray[Any]],
    n_items: int,
    path: Path,
    *,
    unlabelled: Unlabelled = "error",
    names: Sequence[str] | None = None,
) -> LabelColumn:
    """Read the array `labels` of a file, in which every item has exactly one.

    Raises
    ------
    UserError
        As `array_labels`, no such array, or an item with several labels or none.
    """
    where = place(path, "labels")
    array = arrays.pick(held, "labels", path)
    column = array_labels(array, n_items, where, unlabelled=unlabelled, names=names)
    bad = next((row for row, label in zip(column.kept, column.labels, strict=True) if not isinstance(label, int)), None)
    if bad is not None:
        raise UserError(f"{where}, row {bad}", "several labels, or none", "one label an item")
    return column
