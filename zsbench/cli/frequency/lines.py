"""`zsbench frequency lines`: many models' accuracies on two tasks, and a line on each side of a value of the first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._grids import Format, print_grids
from zsbench.cli.frequency._options import found


def lines(
    places: Annotated[
        list[Path], typer.Argument(help="Folders of results, or one table with a row for each model and both columns.")
    ],
    x: Annotated[str, typer.Option(help="A task, or a column of the table.")] = "imagenet",
    y: Annotated[str, typer.Option(help="The other one.")] = "let-it-wag",
    split: Annotated[float, typer.Option(help="Of x, in percent for results; models on it are on neither side.")] = 50,
    metric: Annotated[str, typer.Option(help="Of results.")] = "acc@1",
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
) -> None:
    """Print the lines of y over x for weaker and for stronger models: Let It Wag! against ImageNet."""
    from zsbench.analysis.frequency import lines as fitted
    from zsbench.analysis.frequency import tables, two_tasks
    from zsbench.cli.frequency.fit import TABLES
    from zsbench.results.finished_run import finished_runs

    places = list(map(found, places))
    if len(places) == 1 and places[0].suffix in TABLES:
        xs, ys = two_tasks.of_table(places[0], x, y)
    else:
        xs, ys = two_tasks.of_runs(finished_runs(places), x, y, metric)
    print_grids([tables.of_lines(fitted.lines(xs, ys, split), x, y)], format)
