"""Named arrays in a file: .npy, .npz, .safetensors or .parquet; nothing in a file is ever executed.

A parquet column of lists is an array with one row an item. Texts in safetensors (which holds numbers only) are JSON
lists in the file's metadata.

What a file declares is compared with what it holds before memory is asked for, and what is compressed may grow to 100
times the file's size, or to 64 MB: more is a mistake or a trap, and can be saved without compression.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from zsbench.core import files, outputs
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import FloatArray, NDArray, np
from zsbench.core.words import number_of
from zsbench.core.yamlio import shown

SUFFIXES = (".npy", ".npz", ".safetensors", ".parquet")

_GROWTH, _SMALL = 100, 64 << 20


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Return a file's arrays by name; the only array of a .npy file is named "".

    Raises
    ------
    UserError
        No such file, another suffix, a damaged file, an array of Python objects, or one larger than the file allows.
    """
    outputs.refuse_reading(path)
    files.require_file(path, f"a file of arrays ({', '.join(SUFFIXES)})")
    readers = {".npy": _npy, ".npz": _npz, ".safetensors": _safetensors, ".parquet": _parquet}
    if path.suffix not in readers:
        raise UserError(shown(path), f"suffix '{path.suffix}'", f"one of {', '.join(SUFFIXES)}")
    try:
        return readers[path.suffix](path)
    except UserError:
        raise
    except Exception as error:
        # numpy, zipfile, zlib, safetensors and pyarrow share no exception type; all mean that the file is damaged.
        expected = f"a whole {path.suffix} file of arrays, saved without pickles"
        raise UserError(shown(path), f"cannot be read ({_reason(error)})", expected) from error


def single(path: Path) -> NDArray[Any]:
    """Return the only array of a file.

    Raises
    ------
    UserError
        As `read`, or the file holds several arrays.
    """
    held = read(path)
    if len(held) != 1:
        raise UserError(shown(path), f"arrays {', '.join(sorted(held))}", "one array")
    return next(iter(held.values()))


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


def rows(arrays: Mapping[str, NDArray[Any]], key: str, path: Path, *, ndim: int = 2) -> FloatArray:
    """Return an array of vectors as float32.

    Raises
    ------
    UserError
        Missing, not numbers, another number of dimensions, no rows, or a row that is not finite as float32.
    """
    array = pick(arrays, key, path)
    where = f"{shown(path)}: array '{key}'"
    if array.dtype.kind not in "fiu" or array.ndim != ndim or not array.size:
        shape = "(rows, width)" if ndim == 2 else "(rows, regions, width)"
        raise UserError(where, f"{array.dtype} of shape {array.shape}", f"numbers of shape {shape}")
    with np.errstate(over="ignore"):
        vectors = np.asarray(array, dtype=np.float32)
    finite = np.isfinite(vectors).reshape(len(vectors), -1).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        found_rows = f"NaN or infinity as float32 in {number_of(len(bad), 'row')} (first: row {bad[0]})"
        raise UserError(where, found_rows, f"finite numbers up to {np.finfo(np.float32).max:.2g}")
    return vectors


def texts(array: NDArray[Any], what: str) -> list[str]:
    """Return an array of texts (or of whole numbers) as a list of strings.

    Raises
    ------
    UserError
        Not one-dimensional, neither texts nor whole numbers, or bytes that are not UTF-8.
    """
    if array.ndim != 1 or array.dtype.kind not in "USiu":
        raise UserError(what, f"{array.dtype} of shape {array.shape}", "texts of shape (rows,)")
    values: list[Any] = array.tolist()
    try:
        return [value.decode() if isinstance(value, bytes) else str(value) for value in values]
    except UnicodeDecodeError as error:
        row = values.index(error.object)
        raise UserError(what, f"row {row} holds bytes that are not UTF-8 ({error.object!r:.60})", "texts") from None


def _npy(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as handle:
        if handle.read(6) != b"\x93NUMPY":
            raise UserError(shown(path), "not an .npy file", "numbers written by numpy.save")
        handle.seek(0)
        return {"": _array(handle, path.stat().st_size, shown(path))}


def _npz(path: Path) -> dict[str, NDArray[Any]]:
    if not zipfile.is_zipfile(path):
        raise UserError(shown(path), "not an .npz file", "arrays written by numpy.savez")
    held: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        _require_growth(sum(member.file_size for member in members), path)
        for member in members:
            name = member.filename.removesuffix(".npy")
            where = f"{shown(path)}: array '{name[:60]}'"
            if name == member.filename:
                raise UserError(where, "not an array", "members that end in .npy")
            if name in held:
                raise UserError(where, "stands twice in the file", "each array once")
            with archive.open(member) as handle:
                held[name] = _array(handle, member.file_size, where)
    return held


def _array(handle: IO[bytes], size: int, where: str) -> NDArray[Any]:
    """Return the array of an .npy stream of `size` bytes, after a look at how large it says it is."""
    try:
        return _read_array(handle, size, where)
    except UserError:
        raise
    except Exception as error:
        raise UserError(where, f"cannot be read ({_reason(error)})", "an array saved without pickles") from error


def _read_array(handle: IO[bytes], size: int, where: str) -> NDArray[Any]:
    version = np.lib.format.read_magic(handle)
    # Version 3 differs from 2 in the encoding of field names, which do not matter here.
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(handle)
    declared, held = math.prod(shape) * dtype.itemsize, size - handle.tell()
    if not dtype.hasobject and declared != held:
        found = f"{dtype} of shape {shape} is {declared:,} bytes, and {held:,} are there"
        raise UserError(where, found, "a whole file written by numpy")
    handle.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(handle, allow_pickle=False)
    return array


def _require_growth(expanded: int, path: Path) -> None:
    """Refuse compressed data that grows past all measure.

    Raises
    ------
    UserError
        More than 100 times the file's size, and more than 64 MB.
    """
    if expanded > max(_SMALL, _GROWTH * path.stat().st_size):
        found = f"expands to {expanded / 2**20:,.0f} MB, over {_GROWTH} times its size"
        raise UserError(shown(path), found, "the arrays saved without compression")


def _safetensors(path: Path) -> dict[str, NDArray[Any]]:
    import torch
    from safetensors import safe_open

    with safe_open(path, framework="pt") as archive:
        # Through torch, because numpy has neither bfloat16 nor floats of 8 bits.
        tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118 - not a mapping
        metadata = archive.metadata() or {}
    known = (torch.float64, torch.float32, torch.float16)
    held = {n: (t.float() if t.is_floating_point() and t.dtype not in known else t).numpy() for n, t in tensors.items()}
    lists = {name: text for name, text in metadata.items() if text.startswith("[")}
    return held | {name: _listed(text, f"{shown(path)}: metadata '{name[:60]}'") for name, text in lists.items()}


def _listed(text: str, where: str) -> NDArray[Any]:
    """Return the array of a JSON list of texts or of numbers."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    kinds = {type(value) for value in values or ()}
    if values is None or not (kinds <= {str} or kinds <= {int, float}):
        raise UserError(where, "not a JSON list of texts or of numbers", 'for example \'["cat", "dog"]\'')
    return np.array(values)


def _parquet(path: Path) -> dict[str, NDArray[Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        held = file.metadata
        stated = sum(held.row_group(i).total_byte_size for i in range(held.num_row_groups))
        # A value that is the same in every row takes no room in the file, whatever the number of rows.
        _require_growth(max(stated, held.num_rows * len(file.schema_arrow) * 4), path)
        table: pa.Table = file.read()
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
