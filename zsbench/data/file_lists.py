"""Files that a list names (a table, JSON lines): a missing one is an error with the line that lists it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from zsbench.core.errors import UserError
from zsbench.core.files import Folders
from zsbench.core.yamlio import shown


def listed_files(named: Iterable[tuple[str, str | Path, str]], folder: Path) -> list[str]:
    """Return the distinct files of a list, in its order.

    Parameters
    ----------
    named : (place in the list, path, the name written there) of every file.
    folder : where the names start, for messages.

    Raises
    ------
    UserError
        The first file that is not there. Paths behind a variable that is not set (`validate`) cannot be looked for.
    """
    folders = Folders()
    paths: dict[str, None] = {}
    for where, path, name in named:
        text = str(path)
        if text not in paths:
            paths[text] = None
            if "$" not in text and not folders.is_file(path):
                problem = f"'{name}' is a folder" if os.path.isdir(text) else f"no such file '{name}'"
                raise UserError(where, problem, f"a file whose path starts at {shown(folder)}")
    return list(paths)
