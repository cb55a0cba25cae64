"""Columns of lists of numbers in parquet, read and written as buffers, without a Python object a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zsbench.core.lazy import NDArray, np

if TYPE_CHECKING:
    import pyarrow as pa


def numbers(column: pa.ChunkedArray) -> list[NDArray[Any]] | None:
    """Return a column's lists as arrays, floats as they are and whole numbers as float64.

    None where a list or a number is missing, or where the column holds something else: row by row one can say where.
    """
    import pyarrow as pa

    kind, types = column.type, pa.types
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return None
    of = kind.value_type
    if not (types.is_float32(of) or types.is_float64(of) or types.is_integer(of)):
        return None
    rows: list[NDArray[Any]] = []
    for chunk in column.chunks:
        values = chunk.flatten()
        if chunk.null_count or values.null_count:
            return None
        held = values.to_numpy()
        held = held.astype(np.float64) if types.is_integer(of) else held
        rows += _split(held, chunk.value_lengths().to_numpy())
    return rows


def _split(values: NDArray[Any], lengths: NDArray[Any]) -> list[NDArray[Any]]:
    """Return consecutive parts of the given lengths, as views."""
    if len(lengths) and (lengths == lengths[0]).all():
        return list(values.reshape(len(lengths), lengths[0]))
    ends = np.cumsum(lengths)
    return [values[end - n : end] for end, n in zip(ends, lengths, strict=True)]


def of_float32(rows: Sequence[Any]) -> pa.Array:
    """Return lists of float32, one a row; rows may differ in length."""
    return _of_numbers(rows, np.float32)


def of_float64(rows: Sequence[Any]) -> pa.Array:
    """Return lists of float64, one a row; rows may differ in length."""
    return _of_numbers(rows, np.float64)


def _of_numbers(rows: Sequence[Any], kind: Any) -> pa.Array:
    import pyarrow as pa

    ends = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    values = np.concatenate(rows, dtype=kind, casting="same_kind")
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(values))
