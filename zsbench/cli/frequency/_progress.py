"""How far the counting of captions is: captions a second, and the time left where their number is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from zsbench.cli._screen import console


@contextmanager
def progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """Yield what is told of captions counted; a bar on a terminal, nothing elsewhere."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    screen = console(error=True)
    columns = (TextColumn("captions"), BarColumn(), TextColumn("{task.completed:,}{task.fields[rate]}"))
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, *times, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("captions", total=total, rate="")

        def told(n: int) -> None:
            bar.update(task, advance=n)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f", {speed:,.0f} a second" if speed else "")

        yield told
