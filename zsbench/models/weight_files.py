"""Which file of weights in a folder was cut off, as by a download that broke: libraries do not name it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

_HEADER = 8
"""Bytes in which a safetensors file says how long its header is."""


def cut(folder: Path) -> Path | None:
    """Return the first file of weights in a folder that is shorter than it says, or None."""
    found = (path for path in sorted(folder.glob("*")) if path.is_file())
    return next((path for path in found if _is_cut(path)), None)


def _is_cut(path: Path) -> bool:
    if path.suffix == ".safetensors":
        return _is_cut_safetensors(path)
    # torch writes a zip archive, whose table of contents stands at its end.
    return path.suffix in (".bin", ".pt", ".pth") and _begins(path, 2) == b"PK" and not zipfile.is_zipfile(path)


def _is_cut_safetensors(path: Path) -> bool:
    """Return whether the header, or the last tensor that it names, ends behind the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_HEADER), "little")
        if size < _HEADER + length or size < _HEADER:
            return True
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
            return bool(size < _HEADER + length + max(ends, default=0))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            return False


def _begins(path: Path, n: int) -> bytes:
    with path.open("rb") as file:
        return file.read(n)
