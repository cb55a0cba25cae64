"""`zsbench`: the commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import zsbench
from zsbench.cli import _endings
from zsbench.cli._on_demand import on_demand
from zsbench.cli._screen import say

EPILOG = "Exit codes: 0 done, 1 a check failed, 2 the input is wrong, 3 a run failed."

# name: module and function (or Typer app) in `zsbench.cli`; only the command that runs is imported.
COMMANDS = {
    "eval": "eval.evaluate",
    "list": "list.list_names",
    "show": "show.show",
    "validate": "validate.validate",
    "score": "score.score",
    "table": "table.table",
    "papers": "papers.papers",
    "compare": "compare.compare",
    "plot": "plot.plot",
    "report": "report.report",
    "check": "check.check",
    "ls": "ls.ls",
    "rm": "rm.rm",
    "export": "export.export",
    "series": "series.series",
    "bound": "bound.bound",
    "familiarity": "familiarity.familiarity",
    "frequency": "frequency.app",
    "transfer-splits": "transfer_splits.transfer_splits",
    "heads": "heads.heads",
    "locus": "locus.locus",
    "prune": "prune.prune",
    "schema": "schema.schema",
    "corpus": "corpus.app",
}

app = typer.Typer(
    cls=on_demand(COMMANDS, epilog=EPILOG),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Zero-shot benchmarks: one command, every paper's protocol.",
    epilog=EPILOG,
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"zsbench {zsbench.__version__}")
        raise typer.Exit


@app.callback()
def main(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and log messages.")] = False,
    plugins: Annotated[
        list[str] | None,
        typer.Option(
            help="A folder with components of your own (methods/, metrics/, ...). Its code is run. Repeatable."
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Zero-shot benchmarks: one command, every paper's protocol."""
    if debug:
        os.environ["ZSBENCH_DEBUG"] = "1"
    if plugins:
        # Processes that this one starts read the same folders.
        named = [os.path.abspath(folder) for folder in plugins]
        os.environ["ZSBENCH_PLUGINS"] = os.pathsep.join(filter(None, [*named, os.environ.get("ZSBENCH_PLUGINS", "")]))
    from zsbench.cli import _log

    _log.listen(debug=debug)


def run() -> None:
    """Run the command line; every expected error is one message, every exit code means one thing."""
    # Pydantic would look through every installed package for plugins, at each start; zsbench uses none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.exit(_endings.run(app))


if __name__ == "__main__":
    run()
