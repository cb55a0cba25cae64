"""`zsbench eval`: run suites, papers and tasks, and print one table."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._screen import columns, console, say, show
from zsbench.report.plain import one_line

if TYPE_CHECKING:
    from zsbench.engine.local import Outcome
    from zsbench.engine.suites import Suite
    from zsbench.report import envelope


def evaluate(
    names: Annotated[list[str], typer.Argument(help="Suites, papers (papers/NAME), tasks, or YAML files.")],
    model: Annotated[
        list[str] | None,
        typer.Option(help="Use this model instead: a name, a YAML file, or ADAPTER:MODEL. Repeatable."),
    ] = None,
    method: Annotated[list[str] | None, typer.Option(help="Use this method instead. Repeatable.")] = None,
    assign: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a key: task.a=1, model.b=x, method.c=[1,2]. Repeatable."),
    ] = None,
    embedded: Annotated[bool, typer.Option("--embedded", help="A paper's offline variant.")] = False,
    limit: Annotated[int | None, typer.Option(help="Only this many items of each task (a seeded sample).")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N, mps.")] = None,
    batch_size: Annotated[str | None, typer.Option(help="Items in a batch, or auto.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, float16 or bfloat16.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of samples, resampling and s3a's clusters; other methods: --set NAME.seed=N."),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for results.")] = Path("runs"),
    offline: Annotated[bool, typer.Option("--offline", help="Never ask a hub.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything again.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print results as JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Evaluate models on tasks and print one table; the same command goes on where the last one stopped."""
    if offline:
        from zsbench.core.offline import go_offline

        go_offline()
    from zsbench.core.errors import UserErrors
    from zsbench.engine import suites
    from zsbench.plan.choices import Choices
    from zsbench.report.progress import bars

    settings = {"limit": limit, "device": device, "batch_size": _batch_size(batch_size), "dtype": dtype}
    settings |= {"seed": seed, "threads": threads}
    choices = Choices(
        models=tuple(model or ()),
        methods=tuple(method or ()),
        settings={key: value for key, value in settings.items() if value is not None},
        assignments=tuple(assign or ()),
        embedded=embedded,
    )
    plans = suites.plans(names, choices)
    n_jobs = sum(len(plan.jobs) for plan in plans)
    silent = quiet or json or not sys.stderr.isatty()
    with nullcontext(suites.Watch()) if silent else bars(n_jobs, console(error=True)) as watch:
        done = suites.run(plans, out, fresh=fresh, watch=watch)
    for suite in done:
        for lacking in suite.incomplete:
            say(f"warning: {suite.plan.name}: {lacking}", error=True)
    _print(done, out, json=json, quiet=quiet)
    from zsbench.report import failures

    errors = failures.distinct([outcome for suite in done for outcome in suite.outcomes])
    if errors:
        raise UserErrors(errors) if len(errors) > 1 else errors[0]


def _batch_size(text: str | None) -> int | str | None:
    return int(text) if text is not None and re.fullmatch(r"-?[0-9]+", text) else text


def _print(suites: list[Suite], out: Path, *, json: bool, quiet: bool) -> None:
    """Print one table a suite, or JSON; a run that failed is a row of the table."""
    from zsbench.report import envelope, failures, tables

    if json:
        say(envelope.as_json([_enveloped(suite) for suite in suites]), data=True)
        return
    if quiet:
        return
    from rich.text import Text

    from zsbench.report import terminal

    for suite in suites:
        plan, outcomes = suite.plan, suite.outcomes
        if not suite.results and len(outcomes) == 1:  # its error says it all
            continue
        rows = [failures.row(outcome) if outcome.result is None else outcome.result for outcome in outcomes]
        show(Text.assemble("\n", (one_line(plan.name), "bold"), f"  {one_line(plan.description)}"))
        show(terminal.to_rich(tables.rows(rows + suite.averages, plan.expected), columns()))
        n_reused = sum(outcome.reused for outcome in outcomes)
        note = f"{n_reused} of {len(outcomes)} runs were there already. " if n_reused else ""
        say(f"{note}Results in {out / plan.jobs[0].suite}{_beside(outcomes, out)}", error=True)


def _beside(outcomes: list[Outcome], out: Path) -> str:
    """Say which results lie in folders beside those of their names, because another question was there first."""
    from zsbench.results import claim

    pairs = [(o.job.folder(out), str(o.result["question"])) for o in outcomes if o.result is not None]
    moved = [place for folder, question in pairs if (place := claim.place(folder, question)) != folder]
    if not moved:
        return ""
    which = f"{len(moved)} of them beside" if len(outcomes) > 1 else "beside"
    return f", {which} the answer to another question: {moved[0]}" + (", ..." if len(moved) > 1 else "")


def _enveloped(suite: Suite) -> envelope.Suite:
    """Return a suite as `--json` prints it."""
    from zsbench.report import envelope

    errors = {outcome.job.title: str(outcome.error) for outcome in suite.outcomes if outcome.error is not None}
    return envelope.Suite(suite.plan.name, suite.results, suite.plan.expected, errors)
