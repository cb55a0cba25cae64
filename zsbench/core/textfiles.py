"""The one way that text comes in from a file: bytes to lines, lines to fields.

Text is UTF-8, with or without a byte order mark. A line ends at `\\n` or `\\r\\n` and nowhere else. A gzip or zstandard
file is known by its first bytes, whatever its name. What is damaged is an error that names the file and, where there is
one, the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import IO, Any

from zsbench.core import files, outputs
from zsbench.core.errors import UserError, shown
from zsbench.core.words import number_of

BLOCK = 1 << 18
"""Bytes read at a time: memory stays flat however large a file is, and a block fits the processor's cache."""

BLANKS = " \t\r\v\f"
"""What parts words within a line. A no-break space is a letter of its word, as in trec_eval and conlleval."""

_BLANKS = re.compile(f"[{BLANKS}]+")
_GZIP, _ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_NOT_TEXT = {
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"BZh91AY&": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"PK\x03\x04": "a zip archive",
}
_EXPECTED = "UTF-8 text, plain, gzip or zstandard"
_WHOLE = {"gzip": "a whole .gz file", "zstandard": "a whole .zst file"}


def blocks(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (number of the first line, whole lines with `\\n` at their ends), about `BLOCK` bytes at a time.

    Raises
    ------
    UserError
        No such file, damaged gzip data, lines that end with `\\r` alone, a byte that is not UTF-8: with file and line.
    """
    for number, raw in raw_blocks(path):
        yield number, decoded(raw, shown(path), number)


def raw_blocks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (number of the first line, bytes of whole lines); errors as `blocks`, which also decodes them."""
    number = 1
    for raw in _whole_lines(path):
        if number == 1 and isinstance(raw, bytes) and raw.count(b"\r") > 1 and b"\n" not in raw:
            raise UserError(
                shown(path), "lines that end with \\r alone, as on old Macs", "lines that end with \\n or \\r\\n"
            )
        if isinstance(raw, str):
            raise UserError(f"{shown(path)}:{number}", raw, next(_WHOLE[kind] for kind in _WHOLE if kind in raw))
        yield number, raw
        number += raw.count(b"\n")


def read(path: Path) -> str:
    """Return the whole text of a file, without byte order mark, its lines ended by `\\n`; errors as `blocks`."""
    return "".join(text for _, text in blocks(path))


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, line without its end); errors as `blocks`."""
    for first, text in blocks(path):
        yield from enumerate(text.removesuffix("\n").split("\n"), first)


def decoded(raw: bytes, name: str, number: int = 1) -> str:
    """Return the text of bytes, without byte order mark, its lines ended by `\\n`.

    Parameters
    ----------
    raw : whole lines.
    name : the file (or the part of one) that they come from, for messages.
    number : that of the first line.

    Raises
    ------
    UserError
        A byte is not UTF-8; with the line.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = number + raw.count(b"\n", 0, error.start)
        problem = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise UserError(f"{name}:{line}", problem, _EXPECTED) from None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if not text.isascii():
        # Where files with a byte order mark were put one after another, further lines begin with it.
        text = text.removeprefix("\ufeff").replace("\n\ufeff", "\n")
    return text


def words(line: str) -> list[str]:
    """Return what stands between the ASCII blanks of a line."""
    line = line.strip(BLANKS)
    return _BLANKS.split(line) if line else []


def cells(line: str) -> list[str]:
    """Return what stands between the tabs of a line, without the ASCII blanks around it."""
    return [cell.strip(BLANKS) for cell in line.split("\t")]


def fields(path: Path, widths: Container[int], expected: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, fields) of a file of columns; blank lines are passed over.

    Fields are parted by tabs when those of the first line are, so that they may hold blanks, and by blanks otherwise.

    Parameters
    ----------
    path : the file.
    widths : how many fields a line may have.
    expected : the columns, for messages.

    Raises
    ------
    UserError
        A line with another number of fields; what `blocks` refuses.
    """
    tabs: bool | None = None
    for first, text in blocks(path):
        rows = text.split("\n")
        if tabs is None:
            opening = next((line for line in rows if line.strip(BLANKS)), None)
            if opening is None:
                continue
            tabs = len(opening.split("\t")) in widths
        split = _splitter(text, tabs)
        for number, line in enumerate(rows, first):
            parts = split(line)
            if len(parts) in widths:
                yield number, parts
            elif line.strip(BLANKS):
                problem = number_of(len(parts), "column") + (", parted by tabs" if tabs else "")
                raise UserError(f"{shown(path)}:{number}", problem, expected)


def short(value: Any, limit: int = 60) -> str:
    """Return a value as a message shows it: a text of a thousand digits is not repeated in full."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."


def _splitter(text: str, tabs: bool) -> Callable[[str], list[str]]:
    """Return what cuts the lines of a block: the builtin where it means the same, because it takes a third."""
    if tabs:
        odd = any(blank in text for blank in " \r\v\f")
        return cells if odd else lambda line: line.split("\t")
    odd = not text.isascii() or any(separator in text for separator in "\x1c\x1d\x1e\x1f")
    return words if odd else str.split


def _whole_lines(path: Path) -> Iterator[bytes | str]:
    """Yield bytes that end with a line (the last may lack its end), or say in a last text what is wrong with them."""
    rest: list[bytes] = []
    for block in _chunks(path):
        if isinstance(block, str):
            yield block
            return
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, block[:end]])
            rest = []
        rest.append(block[end:])
    if any(rest):
        yield b"".join(rest)


def _chunks(path: Path) -> Iterator[bytes | str]:
    """Yield a file's bytes, unpacked where they are packed, or say in a last text what is wrong with them."""
    outputs.refuse_reading(path)
    try:
        with path.open("rb") as handle:
            head = handle.peek(8)[:8]
            other = next((kind for magic, kind in _NOT_TEXT.items() if head.startswith(magic)), "")
            if other or b"\0" in head[:2]:
                raise UserError(shown(path), other or "UTF-16 text or binary data", _EXPECTED)
            if head.startswith(_GZIP):
                yield from _gunzipped(handle)
            elif head.startswith(_ZSTANDARD):
                yield from _unzstandard(handle)
            else:
                while block := handle.read(BLOCK):
                    yield block
    except (OSError, ValueError) as error:
        raise files.unreadable(path, error) from None


def _gunzipped(handle: IO[bytes]) -> Iterator[bytes | str]:
    import zlib

    member = zlib.decompressobj(wbits=31)
    while packed := handle.read(BLOCK):
        while packed:
            if member.eof:
                packed = packed.lstrip(b"\0")  # tapes fill up their last block with zeros
                if not packed:
                    break
                member = zlib.decompressobj(wbits=31)
            try:
                yield member.decompress(packed, BLOCK)
            except zlib.error:
                yield "the gzip data are damaged"
                return
            packed = member.unused_data if member.eof else member.unconsumed_tail
    if not member.eof:
        yield "the gzip data end too early, as those of a download that was cut off"


def _unzstandard(handle: IO[bytes]) -> Iterator[bytes | str]:
    import pyarrow as pa

    unpacked = pa.CompressedInputStream(pa.PythonFile(handle, mode="r"), "zstd")
    while True:
        try:
            block = unpacked.read(BLOCK)
        except OSError as error:
            early = "Truncated" in str(error)
            yield f"the zstandard data {'end too early' if early else 'are damaged'}"
            return
        if not block:
            return
        yield block
