"""Named arrays in a file: .npy, .npz, .safetensors or .parquet; nothing in a file is ever executed.

A parquet column of lists is an array with one row an item. Texts in safetensors (which holds numbers only) are JSON
lists in the file's metadata.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.errors import UserError, did_you_mean
from zsbench.lazy import lazy
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

SUFFIXES = (".npy", ".npz", ".safetensors", ".parquet")


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Return a file's arrays by name; the only array of a .npy file is named "".

    Raises
    ------
    UserError
        No such file, another suffix, a damaged file, or an array of Python objects.
    """
    if not path.is_file():
        raise UserError(shown(path), "no such file", f"a file of arrays ({', '.join(SUFFIXES)})")
    readers = {".npy": _npy, ".npz": _npz, ".safetensors": _safetensors, ".parquet": _parquet}
    if path.suffix not in readers:
        raise UserError(shown(path), f"suffix '{path.suffix}'", f"one of {', '.join(SUFFIXES)}")
    return readers[path.suffix](path)


def single(path: Path) -> NDArray[Any]:
    """Return the only array of a file.

    Raises
    ------
    UserError
        As `read`, or the file holds several arrays.
    """
    found = read(path)
    if len(found) != 1:
        raise UserError(shown(path), f"arrays {', '.join(sorted(found))}", "one array")
    return next(iter(found.values()))


def pick(arrays: Mapping[str, NDArray[Any]], key: str, path: Path) -> NDArray[Any]:
    """Return the array of a name.

    Raises
    ------
    UserError
        The file has no such array; the message lists those it has.
    """
    if key not in arrays:
        hint = did_you_mean(key, arrays) or f"arrays: {', '.join(sorted(arrays))}"
        raise UserError(shown(path), f"no array '{key}'", "", hint)
    return arrays[key]


def rows(arrays: Mapping[str, NDArray[Any]], key: str, path: Path, *, ndim: int = 2) -> NDArray[np.float32]:
    """Return an array of vectors as float32.

    Raises
    ------
    UserError
        Missing, not numbers, another number of dimensions, no rows, or a row that is not finite.
    """
    array = pick(arrays, key, path)
    where = f"{shown(path)}: array '{key}'"
    if array.dtype.kind not in "fiu" or array.ndim != ndim or not array.size:
        shape = "(rows, width)" if ndim == 2 else "(rows, regions, width)"
        raise UserError(where, f"{array.dtype} of shape {array.shape}", f"numbers of shape {shape}")
    finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise UserError(where, f"{len(bad)} rows hold NaN or infinity (first: row {bad[0]})", "finite numbers")
    return np.asarray(array, dtype=np.float32)


def texts(array: NDArray[Any], what: str) -> list[str]:
    """Return an array of texts (or of whole numbers) as a list of strings.

    Raises
    ------
    UserError
        Not one-dimensional, or neither texts nor whole numbers.
    """
    if array.ndim != 1 or array.dtype.kind not in "USiu":
        raise UserError(what, f"{array.dtype} of shape {array.shape}", "texts of shape (rows,)")
    return [value.decode() if isinstance(value, bytes) else str(value) for value in array.tolist()]


def _npy(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as handle:
        if handle.read(6) != b"\x93NUMPY":
            raise UserError(shown(path), "not an .npy file", "numbers written by numpy.save")
    try:
        return {"": np.load(path, allow_pickle=False)}
    except (ValueError, OSError, EOFError) as error:
        raise UserError(shown(path), f"cannot be read ({_reason(error)})", "numbers, saved without pickles") from None


def _npz(path: Path) -> dict[str, NDArray[Any]]:
    if not zipfile.is_zipfile(path):
        raise UserError(shown(path), "not an .npz file", "arrays written by numpy.savez")
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = list(archive.files)
            return {name: _member(archive, name, path) for name in names}
    except (OSError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise UserError(shown(path), f"cannot be read ({_reason(error)})", "an .npz file") from None
    except ValueError as error:
        raise UserError(shown(path), f"cannot be read ({_reason(error)})", "arrays saved without pickles") from None


def _member(archive: Any, name: str, path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = archive[name]
    except ValueError as error:
        where = f"{shown(path)}: array '{name}'"
        raise UserError(where, f"cannot be read ({_reason(error)})", "an array saved without pickles") from None
    return array


def _safetensors(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as archive:
            # Through torch, because numpy has no bfloat16.
            tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118 - not a mapping
            metadata = archive.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise UserError(shown(path), f"cannot be read ({_reason(error)})", "a safetensors file") from None
    found = {n: (t.float() if t.is_floating_point() else t).numpy() for n, t in tensors.items()}
    return found | {name: np.array(json.loads(text)) for name, text in metadata.items() if text.startswith("[")}


def _parquet(path: Path) -> dict[str, NDArray[Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(shown(path), f"cannot be read ({_reason(error)})", "a parquet file") from None
    return {name: _column(table.column(name), f"{shown(path)}: column '{name}'") for name in table.column_names}


def _column(column: Any, where: str) -> NDArray[Any]:
    """Return a column as an array; lists of one length become further dimensions."""
    import pyarrow as pa

    array, shape = column.combine_chunks(), [len(column)]
    if array.null_count:
        raise UserError(where, f"{array.null_count} empty cells", "a value in every row")
    while pa.types.is_list(array.type) or pa.types.is_large_list(array.type) or pa.types.is_fixed_size_list(array.type):
        lengths = set(array.value_lengths().to_pylist())
        if len(lengths) > 1:
            raise UserError(where, f"lists of {min(lengths)} to {max(lengths)} values", "lists of one length")
        shape.append(lengths.pop() if lengths else 0)
        array = array.flatten()
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return np.array(array.to_pylist(), dtype=np.str_).reshape(shape)
    return np.asarray(array.to_numpy(zero_copy_only=False)).reshape(shape)


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
