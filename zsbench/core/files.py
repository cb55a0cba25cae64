"""Files that are whole or absent (temp file, fsync, rename), and words for those that are not there."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError, shown


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed over `path`, else removed.

    Raises
    ------
    UserError
        There is something else than a file, or the folder cannot be written.
    """
    require_no_other(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(str(path), f"cannot be written ({error.strerror or error})", "a writable folder") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, keys in the order given, refusing NaN; paths that are not UTF-8 are escaped.

    Every key stands on a line of its own, and every entry of a list: a result names thousands of files.
    """
    write_bytes(path, as_json(value))


def as_json(value: Any) -> bytes:
    """Return the bytes that `write_json` writes."""
    return (_json_lines(value, "") + "\n").encode(errors="backslashreplace")


def _json_lines(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        rows = [f"{inner}{_json_line(key)}: {_json_lines(value[key], inner)}" for key in value]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + _json_line(entry) for entry in value) + f"\n{indent}]"
    return _json_line(value)


_json_line = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def unreadable(path: Path, error: OSError | ValueError) -> UserError:
    """Return the error for a file that cannot be opened, in words."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return UserError(shown(path), "no such file")
    if isinstance(error, IsADirectoryError):
        return UserError(shown(path), "a folder", "a file")
    if isinstance(error, PermissionError):
        return UserError(shown(path), "may not be read (no permission)", "a readable file")
    return UserError(shown(path), f"cannot be read ({getattr(error, 'strerror', None) or error})", "a readable file")


def require_file(path: Path, expected: str = "a file") -> None:
    """Refuse a path at which there is no file.

    Raises
    ------
    UserError
        A folder, or nothing.
    """
    if not path.is_file():
        raise UserError(shown(path), "a folder" if path.is_dir() else "no such file", expected)


def require_no_other(path: Path) -> None:
    """Refuse a path that no file can be written at, because a folder or a device is there; what asks before long work.

    Raises
    ------
    UserError
        It is a folder (as `.` is), or no regular file.
    """
    if os.path.isdir(path):
        raise UserError(shown(path), "a folder", "the name of a file to write")
    if os.path.exists(path) and not os.path.isfile(path):
        raise UserError(shown(path), "no regular file", "the name of a file to write")


def require_place(path: Path) -> None:
    """Refuse a path that no file can be written at, before the work whose outcome is meant for it.

    Raises
    ------
    UserError
        There is something else than a file, or its folder cannot be created or written.
    """
    require_no_other(path)
    require_writable(path.parent)


def require_writable(folder: Path) -> None:
    """Create the folder and write a probe into it, so that a run fails now and not after hours.

    Raises
    ------
    UserError
        The folder cannot be created or written, or its name is no text, which parquet files cannot be written under.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        raise UserError(str(folder), "the folder's name is not UTF-8", "another --out") from None
    try:
        write_bytes(folder / ".zsbench-probe", b"")
    except UserError as error:  # the name of the probe tells a reader nothing
        raise UserError(str(folder), error.found, error.expected) from None
    (folder / ".zsbench-probe").unlink(missing_ok=True)


# So many files are asked for one by one before their folder is read instead.
_FEW = 16


class Folders:
    """Tells which of many paths are files; a folder that is asked about often is read once, no file is looked at."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()
        self._files: dict[str, set[str]] = {}

    def is_file(self, path: str | Path) -> bool:
        """Return whether a regular file lies there, links followed."""
        head, separator, name = os.fspath(path).rpartition(os.sep)
        folder = head + separator
        self._asked[folder] += 1
        if self._asked[folder] == _FEW:
            self._files[folder] = _names(folder)
        # What reading the folder does not show may be there under other letter case, or in a folder without listing.
        return name in self._files.get(folder, ()) or os.path.isfile(path)

    def problem(self, path: str | Path) -> str:
        """Return why no file can be read there (`no such file`, `a folder`), or an empty text."""
        if self.is_file(path):
            return ""
        return "no such file" if not os.path.exists(path) else "a folder" if os.path.isdir(path) else "no regular file"


def _names(folder: str) -> set[str]:
    try:
        with os.scandir(folder or ".") as entries:
            return {entry.name for entry in entries if entry.is_file()}
    except OSError:
        return set()
