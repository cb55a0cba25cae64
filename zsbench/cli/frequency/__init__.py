"""`zsbench frequency`: how often concepts stand in captions, and how performance follows it."""

from __future__ import annotations

import typer

from zsbench.cli.frequency import count

app = typer.Typer(no_args_is_help=True, help="Count concepts in captions, and set performance against the counts.")
app.command("count")(count.count)


@app.callback()
def _group() -> None:
    """Keep `count` a command of a group, also while it is the only one."""
