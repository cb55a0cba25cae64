"""`zsbench plot`: figures of results as a picture to put into a paper, or as data."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli import _figures
from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say

if TYPE_CHECKING:
    from zsbench.report.figures.figure import Figure
    from zsbench.results.finished_run import FinishedRun


class Kind(str, Enum):
    """Kinds of figures."""

    bars = "bars"
    pareto = "pareto"
    curve = "curve"
    classes = "classes"
    frequency = "frequency"


class By(str, Enum):
    """What values are split by in figures of classes."""

    CLASS = "class"
    label = "label"
    group = "group"


def plot(
    folders: Annotated[list[Path], typer.Argument(help="Folders with results, or single result.json files.")],
    kind: Annotated[
        Kind,
        typer.Option(
            "--kind",
            "-k",
            help="bars: values with intervals. pareto: cost against value. curve: value over an option that runs "
            "differ in. classes: value within each class. frequency: accuracy of each class over its count, of tasks "
            "with `frequency:`.",
        ),
    ] = Kind.bars,
    metric: Annotated[
        list[str] | None, typer.Option(help="Only these metrics; default: each task's first. Repeatable.")
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="Only these tasks. Repeatable.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only these models. Repeatable.")] = None,
    method: Annotated[list[str] | None, typer.Option(help="Only these methods. Repeatable.")] = None,
    x: Annotated[
        str | None,
        typer.Option(
            help="The x axis. curve: an option such as shots or method.k, or parameters. pareto: forward_passes, "
            "tokens, images, parameters, gflops or seconds."
        ),
    ] = None,
    by: Annotated[By | None, typer.Option(help="What classes are; default: the first that the results have.")] = None,
    most: Annotated[
        int | None, typer.Option(min=1, help="Show that many classes, the worst; default: 30.", show_default=False)
    ] = None,
    ranked_by: Annotated[
        str | None,
        typer.Option(
            help="Classes from the worst of this method, and what others change for the poorer and richer half."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="FILE.png, .svg, .pdf, or .json for the data; default: KIND.png.",
            show_default=False,
            callback=file_to_write,
        ),
    ] = None,
    width: Annotated[
        float | None,
        typer.Option(min=1, max=40, help="In inches; default: 3.35 for one panel, 6.9 for more.", show_default=False),
    ] = None,
    title: Annotated[str, typer.Option(help="A title over all panels.", show_default=False)] = "",
) -> None:
    """Draw results: a panel for each task and metric, with intervals, into a PNG, SVG or PDF file."""
    from zsbench.core.errors import UserError
    from zsbench.report.plain import one_line
    from zsbench.results.finished_run import finished_runs

    out = out or Path(f"{kind.value}.png")
    ending = _figures.ending_of(out, "--out")
    given = {
        "--x": (x, ("pareto", "curve")),
        "--by": (by, ("classes",)),
        "--most": (most, ("classes",)),
        "--ranked-by": (ranked_by, ("classes",)),
    }
    for option, (value, kinds) in given.items():
        if value is not None and kind.value not in kinds:
            raise UserError(option, f"--kind {kind.value} has none", f"it with --kind {' or '.join(kinds)}")
    runs = _only(finished_runs(folders, averages=True), "model", model or ())
    runs = _only(runs, "method", method or ())
    options: dict[str, Any] = {"metrics": metric or (), "tasks": task or ()}
    if x is not None:
        options["x"] = x
    if kind is Kind.classes:
        options |= {"by": by and by.value, "ranked_by": ranked_by} | ({} if most is None else {"most": most})
    figures = _builder(kind)(runs, **options)
    few = "--task and --metric choose some"
    _figures.write(figures, out, ending, width=width, title=one_line(title), fewer=few)
    _say_what(figures, out)


def _say_what(figures: Sequence[Figure], out: Path) -> None:
    """Say what was drawn and what a caption has to say of it."""
    n, titles = len(figures), list(dict.fromkeys(f"{figure.y} of {figure.title}" for figure in figures))
    shown = ", ".join(titles[:6]) + (f" and {n - 6} more" if n > 6 else "")
    levels = {figure.confidence for figure in figures}
    level = levels.pop() if len(levels) == 1 else None
    say(f"{out}: {shown}")
    if any(point.low is not None for figure in figures for series in figure.series for point in series.points):
        say("intervals of several levels" if level is None else f"{100 * level:.10g} % intervals")
    for figure in figures:
        for note in figure.notes:
            say(f"{figure.title}: {note}")


def _only(runs: list[FinishedRun], what: str, names: Sequence[str]) -> list[FinishedRun]:
    """Return the runs of some models or methods, all where none is named.

    Raises
    ------
    UserError
        There is no run of a name.
    """
    from zsbench.core.errors import unknown_name

    known = list(dict.fromkeys(run.result[what] for run in runs))
    for name in names:
        if name not in known:
            raise unknown_name(f"--{what}", f"result of {what}", name, known, listed_by=f"here: {', '.join(known)}")
    return [run for run in runs if not names or run.result[what] in names]


def _builder(kind: Kind) -> Any:
    import importlib

    return getattr(importlib.import_module(f"zsbench.report.figures.{kind.value}"), kind.value)
