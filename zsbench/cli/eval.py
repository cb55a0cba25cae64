"""`zsbench eval`: run suites, papers and tasks, and print one table."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._screen import columns, console, say, show
from zsbench.report.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zsbench.engine.local import Outcome
    from zsbench.plan.choices import Choices
    from zsbench.plan.planning import Plan
    from zsbench.report.envelope import Suite


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
    seed: Annotated[int | None, typer.Option(help="Seed of samples, draws and resampling.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for results.")] = Path("runs"),
    offline: Annotated[bool, typer.Option("--offline", help="Never ask a hub.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything again.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print results as JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Evaluate models on tasks and print one table; the same command goes on where the last one stopped."""
    if offline:
        os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    from zsbench.core.errors import UserErrors
    from zsbench.plan.choices import Choices

    settings = {"limit": limit, "device": device, "batch_size": _batch_size(batch_size), "dtype": dtype}
    settings |= {"seed": seed, "threads": threads}
    choices = Choices(
        models=tuple(model or ()),
        methods=tuple(method or ()),
        settings={key: value for key, value in settings.items() if value is not None},
        assignments=tuple(assign or ()),
        embedded=embedded,
    )
    suites = _run(_plans(names, choices), out, fresh=fresh, quiet=quiet or json)
    _print(suites, out, json=json, quiet=quiet)
    from zsbench.report import failures

    errors = failures.distinct([outcome for suite in suites for outcome in suite.outcomes])
    if errors:
        raise UserErrors(errors) if len(errors) > 1 else errors[0]


def _batch_size(text: str | None) -> int | str | None:
    return int(text) if text is not None and re.fullmatch(r"-?[0-9]+", text) else text


def _plans(names: list[str], choices: Choices) -> list[Plan]:
    """Plan everything before anything runs, so that a typo in the last name costs nothing."""
    from zsbench.core.errors import Mistakes
    from zsbench.plan import planning

    plans, mistakes = [], Mistakes()
    for name in names:
        with mistakes.noted():
            plans.append(planning.make(name, choices))
    mistakes.refuse()
    planning.refuse_collisions(plans)
    return plans


@dataclass(frozen=True)
class _Suite:
    """A plan with what became of its jobs, and its rows over several tasks."""

    plan: Plan
    outcomes: list[Outcome]
    averages: list[dict[str, Any]]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [outcome.result for outcome in self.outcomes if outcome.result is not None] + self.averages


def _run(plans: list[Plan], out: Path, *, fresh: bool, quiet: bool) -> list[_Suite]:
    """Run the jobs of all plans together, and average what is to be averaged once they are there."""
    from zsbench.core.cache import Cache, default_root
    from zsbench.engine import local
    from zsbench.run.context import Options

    options = Options(out, Cache(default_root(), read=not fresh), fresh)
    outcomes = []
    with _progress(sum(len(plan.jobs) for plan in plans), quiet=quiet) as (report, note, finished):
        for outcome in local.run_all(plans, options, report, note):
            outcomes.append(outcome)
            finished()
    following = iter(outcomes)
    by_plan = [(plan, list(islice(following, len(plan.jobs)))) for plan in plans]
    return [_Suite(plan, of_plan, _averages(plan, of_plan, out)) for plan, of_plan in by_plan]


def _averages(plan: Plan, outcomes: list[Outcome], out: Path) -> list[dict[str, Any]]:
    """Return the suite's rows over several tasks, written beside the others; say which of them lack tasks."""
    from zsbench.plan.job import safe_name
    from zsbench.results import averages

    def folder(*parts: str) -> Path:
        return out.joinpath(*(safe_name(part) for part in (plan.name, *parts)))

    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    complete, incomplete = averages.averages(plan.averages, results)
    for result in complete:
        averages.write(result, folder(result["task"], result["model"], result["method"]))
    for lacking in incomplete:
        averages.remove(lacking, folder(lacking.name, lacking.model, lacking.method))
        say(f"warning: {plan.name}: {lacking}", error=True)
    return complete


@contextmanager
def _progress(
    n_jobs: int, *, quiet: bool
) -> Iterator[tuple[Callable[[str, int, int], None], Callable[[str], None], Callable[[], None]]]:
    """Yield what reports items, notes and finished jobs; bars on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield (lambda *_: None), (lambda _: None), (lambda: None)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        jobs = progress.add_task("runs", total=n_jobs)
        items = progress.add_task("planning", total=None)

        def report(title: str, done: int, total: int) -> None:
            progress.update(items, description=one_line(title), completed=done, total=total)

        yield (
            report,
            (lambda text: progress.update(items, description=one_line(text), completed=0, total=None)),
            (lambda: progress.advance(jobs)),
        )


def _print(suites: list[_Suite], out: Path, *, json: bool, quiet: bool) -> None:
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


def _enveloped(suite: _Suite) -> Suite:
    """Return a suite as `--json` prints it."""
    from zsbench.report.envelope import Suite

    errors = {outcome.job.title: str(outcome.error) for outcome in suite.outcomes if outcome.error is not None}
    return Suite(suite.plan.name, suite.results, suite.plan.expected, errors)
