"""The checks of every option that names a file or a folder to write.

No two outputs of a command are one file, and none is a file that a run keeps or that the command reads. A picture or a
table of results may take the place of an earlier one: it is made again in a moment. An answer that took work (counts,
samples, queries, heads) stays where it is (`core.outputs.write_answer`): the same question may write it again, another
one needs another name. A folder of several files takes none that is there: whose it is cannot be seen, and what is left
of an earlier set would stand beside the new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer


def file_to_write(context: typer.Context, option: typer.CallbackParam, path: Path | None) -> Path | None:
    """Return the path, which the command cannot read from now on, nor another option name.

    Raises
    ------
    UserError
        It is a folder, another output, or a run keeps its own files there.
    """
    if path is not None:
        from zsbench.core import files, outputs
        from zsbench.results.written import refuse_file_of_run

        files.require_no_other(path)
        refuse_file_of_run(option.opts[0], path)
        context.with_resource(outputs.planned(option.opts[0], path))
    return path


def folder_to_fill(context: typer.Context, option: typer.CallbackParam, folder: Path | None) -> Path | None:
    """Return the folder, which no other output of the command is or lies in from now on.

    Raises
    ------
    UserError
        Another output is.
    """
    if folder is not None:
        from zsbench.core import outputs

        context.with_resource(outputs.filled(option.opts[0], folder))
    return folder


def require_new_files(folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder that has one of the files which are to be written into it, or that cannot be written.

    Raises
    ------
    UserError
        It is such a one.
    """
    from zsbench.core import files
    from zsbench.core.errors import UserError, shown

    there = next((folder / name for name in names if (folder / name).exists()), None)
    if there is not None:
        raise UserError(shown(there), "is there already, and would be overwritten", "--out of an empty folder")
    files.require_writable(folder)
