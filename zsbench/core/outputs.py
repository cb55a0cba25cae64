"""Files and folders that a command is asked to write: none of them is read by it, and no two are the same.

Every reader of `core` asks here before it opens a file, so that a command which would write over one of its inputs ends
when it first reads that, and has written nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zsbench.core import files
from zsbench.core.errors import UserError, shown

_OPTIONS: dict[str, str] = {}
"""The real path of each file to write, and the option that names it."""
_FOLDERS: dict[str, str] = {}
"""The real path of each folder to fill, likewise."""


@contextmanager
def planned(option: str, path: Path) -> Iterator[None]:
    """Refuse to read a file as long as this lasts, because it is to be written.

    Parameters
    ----------
    option : where the path was given, `--out`, which names files that are written beside that path, too.

    Raises
    ------
    UserError
        Another output is the same file, or a folder that is to be filled is or holds it.
    """
    place = os.path.realpath(path)
    other = _OPTIONS.get(place) or next((option for folder, option in _FOLDERS.items() if _holds(folder, place)), None)
    if other is not None:
        raise UserError(f"{option} {shown(path)}", f"what {other} writes, too", "a file of its own")
    _OPTIONS[place] = option
    try:
        yield
    finally:
        _OPTIONS.pop(place, None)


@contextmanager
def filled(option: str, folder: Path) -> Iterator[None]:
    """Refuse to write another output into a folder that is to be filled, as long as this lasts.

    Raises
    ------
    UserError
        Another output is there, or is to be a file of this name.
    """
    place = os.path.realpath(folder)
    other = next((option for file, option in _OPTIONS.items() if _holds(place, file)), _FOLDERS.get(place))
    if other is not None:
        raise UserError(f"{option} {shown(folder)}", f"where {other} writes, too", "a folder of its own")
    _FOLDERS[place] = option
    try:
        yield
    finally:
        _FOLDERS.pop(place, None)


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


@contextmanager
def looked_at(path: Path) -> Iterator[None]:
    """Let a file that is to be written be read as long as this lasts: what an earlier call left is looked at first."""
    place = os.path.realpath(path)
    option = _OPTIONS.pop(place, None)
    try:
        yield
    finally:
        if option is not None:
            _OPTIONS[place] = option


def refuse_reading(path: Path) -> None:
    """Refuse to read a file that the same command is to write.

    Raises
    ------
    UserError
        It is one.
    """
    option = _OPTIONS.get(os.path.realpath(path)) if _OPTIONS else None
    if option is not None:
        raise UserError(f"{option} {shown(path)}", "a file that this command reads", "a file of another name")


def write_answer(option: str, path: Path, data: bytes) -> None:
    """Write the answer to a question; a file that is there has to hold the same, and stays.

    Raises
    ------
    UserError
        It holds the answer to another question, or something else; or it cannot be written.
    """
    if not path.is_file():
        files.write_bytes(path, data)
        return
    try:
        there = path.read_bytes()
    except OSError as error:
        raise files.unreadable(path, error) from None
    if there != data:
        raise other_answer(option, path)


def other_answer(option: str, path: Path) -> UserError:
    """Return the error for a file that is there and is not what the command would write."""
    return UserError(f"{option} {shown(path)}", "holds the answer to another question, or other data", "another name")
