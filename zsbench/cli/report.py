"""`zsbench report`: results as a page to look through, which opens from disk and asks no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._screen import say


def report(
    results: Annotated[list[Path], typer.Argument(help="Folders with results, or single result.json files.")],
    html: Annotated[Path, typer.Option("--html", help="Folder to write the page into: index.html and data/.")],
    title: Annotated[str, typer.Option(help="What stands at the top of the page.")] = "Results",
) -> None:
    """Write a page with sortable tables, comparisons, figures and the items themselves; it opens from disk."""
    from zsbench.report.html.folder import ReportFolder
    from zsbench.report.html.page import page
    from zsbench.report.html.summary import by_task, summary
    from zsbench.results.finished_run import finished_runs

    runs = by_task(finished_runs(results, averages=True))
    folder = ReportFolder(html)
    folder.claim()
    folder.clear()
    written = folder.write_page(page({"title": title, **summary(runs)}))
    say(f"{len(runs)} runs in {written}")
