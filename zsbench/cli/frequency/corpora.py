"""`zsbench frequency corpora`: how alike corpora are in what they hold."""

from __future__ import annotations

from typing import Annotated

import typer

from zsbench.cli._grids import Format, print_grids
from zsbench.cli.frequency._options import Only, columns


def corpora(
    counts: Annotated[
        list[str],
        typer.Argument(help="[NAME=]FILE: JSON {concept: count}, or a table with concept and count."),
    ],
    only: Only = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
) -> None:
    """Print Spearman of the counts of every two corpora, over the concepts that both have."""
    from zsbench.analysis.frequency import corpora as alike
    from zsbench.analysis.frequency import corpus, tables
    from zsbench.core.errors import UserError

    corpora = corpus.read_all(counts, columns(only or (), ("dataset", *corpus.FACTS)))
    found = alike.alike(corpora)
    if not found:
        raise UserError(", ".join(counts), "no two corpora whose counts were found in the same way", "at least two")
    notes = dict.fromkeys(note for each in corpora for note in each.notes)
    print_grids([tables.by_pair(found, list(notes))], format)
