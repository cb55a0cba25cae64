"""The check of every option that names a file to write."""

from __future__ import annotations

from pathlib import Path

import typer


def no_file_of_run(option: typer.CallbackParam, path: Path | None) -> Path | None:
    """Return the path, unless a run keeps its own files there.

    Raises
    ------
    UserError
        It does.
    """
    if path is not None:
        from zsbench.results.written import refuse_file_of_run

        refuse_file_of_run(option.opts[0], path)
    return path
