"""Files that a command is asked to write: what it reads, whichever file names it, may not be among them.

Every reader of `core` asks here before it opens a file, so that a command which would write over one of its inputs ends
when it first reads that, and has written nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zsbench.core.errors import UserError, shown

_OPTIONS: dict[str, str] = {}
"""The real path of each file to write, and the option that names it."""


@contextmanager
def planned(option: str, path: Path) -> Iterator[None]:
    """Refuse to read a file as long as this lasts, because it is to be written.

    Parameters
    ----------
    option : where the path was given: `--out`.
    """
    place = os.path.realpath(path)
    _OPTIONS[place] = option
    try:
        yield
    finally:
        _OPTIONS.pop(place, None)


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
