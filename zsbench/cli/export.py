"""`zsbench export`: a run's items and predictions in forms that other tools read."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say


class Format(str, Enum):
    """Output formats."""

    trec = "trec"
    jsonl = "jsonl"
    parquet = "parquet"


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, or a folder that holds one run.")],
    format: Annotated[Format, typer.Option("--format", "-f", help="How to write.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file; default: stdout, for text.", callback=file_to_write),
    ] = None,
) -> None:
    """Write a run's predictions: rankings as a TREC run, the items of any task as JSONL or parquet."""
    from tempfile import TemporaryDirectory

    from zsbench.core import textfiles
    from zsbench.core.errors import UserError, shown
    from zsbench.core.words import number_of
    from zsbench.results import exports
    from zsbench.results.finished_run import finished_runs

    runs = finished_runs([run])
    if len(runs) != 1:
        problem = f"{len(runs)} runs" if runs else "rows over several tasks alone"
        example = f", such as {shown(runs[0].folder)}" if runs else ""
        raise UserError(shown(run), problem, f"the folder of one{example}")
    if out is not None:
        n_items = exports.write(runs[0], format.value, out)
        say(f"{number_of(n_items, 'item')} in {out}", error=True)
        return
    if format is Format.parquet:
        raise UserError("--format parquet", "no file named", "--out FILE")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        exports.write(runs[0], format.value, path)
        say(textfiles.read(path), nl=False, data=True)
