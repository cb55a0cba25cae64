"""Bars that show how far the jobs of a command are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zsbench.engine.suites import Watch
from zsbench.report.plain import one_line


@contextmanager
def bars(n_jobs: int, console: Any) -> Iterator[Watch]:
    """Yield who is told of items, notes and finished jobs, and shows them as two bars on a rich console."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        jobs = progress.add_task("runs", total=n_jobs)
        items = progress.add_task("planning", total=None)

        def report(title: str, done: int, total: int) -> None:
            progress.update(items, description=one_line(title), completed=done, total=total)

        yield Watch(
            report,
            (lambda text: progress.update(items, description=one_line(text), completed=0, total=None)),
            (lambda: progress.advance(jobs)),
        )
