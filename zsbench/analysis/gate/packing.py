"""Per-item statistics as one line of text: exact, small, and the same bytes for the same numbers.

    bits 1797x1 0.0,1.0 eN...         two distinct numbers: one bit each
    codes 1797x2 0.0,1.0,2.0 eN...    up to 256 distinct numbers: one byte each, the number's place in the list
    float64 50x3 eN...                any numbers: 8 bytes each, the n-th bytes of all of them together

In the line stand the kind, the shape (items x statistics), the distinct numbers where the kind has them, and the bytes,
column after column, through zlib and base64. A number is written as Python's `repr`, which reads back as the very same
number; `nan` is an item without a value.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

from zsbench.core.lazy import DoubleArray, np

_MOST_CODES = 256
_LARGEST = 1 << 30
"""Bytes that a line may unpack to; what claims more is no baseline."""


def packed(table: DoubleArray) -> str:
    """Return a table (n_items, n_statistics) as a line of text.

    Examples
    --------
    >>> packed(np.array([[0.0], [1.0], [1.0]]))
    'bits 3x1 0.0,1.0 eNpLAAAAYQBh'
    """
    numbers = np.ascontiguousarray(table, dtype=np.float64)
    # NaN has many bit patterns, and zero two; only the first difference says nothing.
    flat = np.where(np.isnan(numbers), np.nan, numbers).ravel(order="F")
    shape = "x".join(str(size) for size in numbers.shape)
    distinct, places = np.unique(flat.view(np.uint64), return_inverse=True)
    values = distinct.view(np.float64)
    if len(values) > _MOST_CODES:
        return f"float64 {shape} {_text(np.ascontiguousarray(_by_weight(flat)))}"
    order = np.argsort(values, kind="stable")
    codes = np.argsort(order, kind="stable")[places].astype(np.uint8)
    listed = ",".join(repr(float(value)) for value in values[order])
    if len(values) == 2:
        return f"bits {shape} {listed} {_text(np.packbits(codes))}"
    return f"codes {shape} {listed} {_text(codes)}"


def unpacked(line: str) -> DoubleArray:
    """Return the table (n_items, n_statistics) that `packed` made a line of.

    Raises
    ------
    ValueError
        It is no such line: another kind, cut off, or with more or fewer bytes than its shape asks for.
    """
    kind, shape, *values, text = line.split(" ")
    n_items, width = (int(size) for size in shape.split("x"))
    if n_items < 0 or width < 1 or (kind == "float64") != (not values) or len(values) > 1:
        raise ValueError("not a line of statistics")
    size = n_items * width
    if kind == "float64":
        flat = np.frombuffer(_bytes(text, 8 * size), dtype=np.uint8).reshape(8, size).T
        return _table(np.ascontiguousarray(flat).view("<f8").astype(np.float64), n_items, width)
    distinct = np.array([float(value) for value in values[0].split(",") if value], dtype=np.float64)
    if kind == "bits":
        codes = np.unpackbits(np.frombuffer(_bytes(text, -(-size // 8)), dtype=np.uint8), count=size)
    elif kind == "codes":
        codes = np.frombuffer(_bytes(text, size), dtype=np.uint8)
    else:
        raise ValueError(f"statistics of kind '{kind[:20]}'")
    if size and int(codes.max()) >= len(distinct):
        raise ValueError("a code without a number")
    return _table(distinct[codes] if size else distinct[:0], n_items, width)


def _table(flat: DoubleArray, n_items: int, width: int) -> DoubleArray:
    return np.ascontiguousarray(flat.reshape((n_items, width), order="F"))


def _by_weight(flat: DoubleArray) -> Any:
    """Return the bytes of numbers (n,) as (8, n): exponents, which are alike, stand together and pack well."""
    return flat.astype("<f8").view(np.uint8).reshape(len(flat), 8).T


def _text(numbers: Any) -> str:
    return base64.b64encode(zlib.compress(numbers.tobytes(), 9)).decode("ascii")


def _bytes(text: str, size: int) -> bytes:
    """Return exactly `size` bytes; a text that unpacks to others is refused before it fills the memory."""
    if size > _LARGEST:
        raise ValueError(f"{size} bytes of statistics")
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from None
    if len(content) != size or not unpacker.eof:
        raise ValueError(f"{len(content)} bytes where {size} belong" if len(content) != size else "it is cut off")
    return content


def integers(names: Any) -> tuple[DoubleArray, list[str]]:
    """Return the number of each of some names, in the order in which they come up, (n, 1), and the distinct names."""
    number: dict[str, int] = {}
    rows = [[float(number.setdefault(str(name), len(number)))] for name in names]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 1), list(number)
