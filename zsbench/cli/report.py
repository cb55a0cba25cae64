"""`zsbench report`: results as a page to look through, which opens from disk and asks no network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._screen import console, say

if TYPE_CHECKING:
    from zsbench.results.finished_run import FinishedRun
    from zsbench.run.reopened import Reopened

Tell = Callable[[str, int, int], None]


def report(
    results: Annotated[list[Path], typer.Argument(help="Folders with results, or single result.json files.")],
    html: Annotated[Path, typer.Option("--html", help="Folder to write the page into: index.html and data/.")],
    title: Annotated[str, typer.Option(help="What stands at the top of the page.")] = "Results",
    pairs: Annotated[
        int,
        typer.Option(min=0, help="Pairs of runs that are compared beforehand; those with a task's first run first."),
    ] = 300,
    resamples: Annotated[
        int, typer.Option(min=100, max=10_000_000, help="Resamples of the bootstrap of a comparison.")
    ] = 10_000,
    items: Annotated[bool, typer.Option("--items/--no-items", help="With the items, or the table and figures.")] = True,
    max_items: Annotated[
        int, typer.Option(min=1, help="Items of a run at most; a fixed sample of them where there are more.")
    ] = 50_000,
) -> None:
    """Write a page with sortable tables, comparisons, figures and the items themselves; it opens from disk."""
    from zsbench.analysis.every_pair import every_pair
    from zsbench.report.html.drawn_figures import figures
    from zsbench.report.html.folder import ReportFolder
    from zsbench.report.html.page import page
    from zsbench.report.html.summary import by_task, summary
    from zsbench.results.finished_run import finished_runs

    runs = by_task(finished_runs(results, averages=True))
    folder = ReportFolder(html)
    folder.claim()
    folder.clear()
    data = {"title": title, **summary(runs)}
    with _progress() as tell:
        tell("drawing figures", 0, 0)
        data["figures"] = figures(runs)
        data["pairs"], data["pairs_left_out"] = every_pair(runs, most=pairs, resamples=resamples, tell=tell)
        if items:
            _add_items(data, folder, runs, max_items, tell)
    written = folder.write_page(page(data))
    folder.forget_pictures()
    n_items = sum(run["items"]["n"] for run in data["runs"] if run["items"])
    counted = {
        "run": len(runs), "comparison": len(data["pairs"]), "figure": len(data["figures"]), "item": n_items,
    }  # fmt: skip
    if others := folder.others():
        named = ", ".join(map(str, others[:3])) + (", ..." if len(others) > 3 else "")
        say(f"left as they are, no part of the report: {named}", error=True)
    say(f"{written}: " + ", ".join(f"{n} {what}{'s' * (n > 1)}" for what, n in counted.items() if n))


def _add_items(data: dict[str, Any], folder: Any, runs: list[FinishedRun], most: int, tell: Tell) -> None:
    """Write the items of all runs beside the page, and say in its data where they are."""
    from zsbench.report.html.drawn_items import item_files

    about, notes = item_files(folder, runs, _shared_reading(), most, tell)
    for run, items in zip(data["runs"], about, strict=True):
        run["items"] = items
    data["notes"] += notes
    for note in notes:
        say(note, error=True)


def _shared_reading() -> Callable[[FinishedRun], Reopened]:
    """Return what reads a run's data, those of the run before again without reading them twice."""
    from zsbench.core.records import canonical_json
    from zsbench.run.reopened import reopened

    kept: dict[str, Reopened] = {}

    def read(run: FinishedRun) -> Reopened:
        config = run.result.get("config", {})
        keys = [run.result["task"], config.get("task"), config.get("settings"), run.result.get("test_fingerprint")]
        key = canonical_json([*keys, run.result.get("data_fingerprint")])
        if key not in kept:
            kept.clear()
            kept[key] = reopened(run)
        return kept[key].copied()

    return read


@contextmanager
def _progress() -> Iterator[Tell]:
    """Yield what shows how far the work is; a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from zsbench.report.plain import one_line

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        bar = progress.add_task("reading results", total=None)
        yield lambda title, done, total: progress.update(
            bar, description=one_line(title), completed=done, total=total or None
        )
