"""`zsbench eval`: run suites, papers and tasks, and print one table."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
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
    plans = _plans(names, choices)
    outcomes = _run(plans, out, fresh=fresh, quiet=quiet or json)
    results = [[outcome.result for outcome in found if outcome.result is not None] for found in outcomes]
    results = [found + _averages(plan, found, out) for plan, found in zip(plans, results, strict=True)]
    _print(plans, outcomes, results, out, json=json, quiet=quiet)
    from zsbench.report import failures

    errors = failures.told([outcome for found in outcomes for outcome in found])
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


def _run(plans: list[Plan], out: Path, *, fresh: bool, quiet: bool) -> list[list[Outcome]]:
    """Run all jobs and return their outcomes, a list for each plan."""
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
    return [list(islice(following, len(plan.jobs))) for plan in plans]


def _averages(plan: Plan, results: list[dict[str, Any]], out: Path) -> list[dict[str, Any]]:
    """Return the suite's rows over several tasks, written beside the others; say which of them lack tasks."""
    from zsbench.plan.job import safe_name
    from zsbench.results import averages

    def folder(*parts: str) -> Path:
        return out.joinpath(*(safe_name(part) for part in (plan.name, *parts)))

    found, incomplete = averages.averages(plan.averages, results)
    for result in found:
        averages.write(result, folder(result["task"], result["model"], result["method"]))
    for lacking in incomplete:
        averages.remove(lacking, folder(lacking.name, lacking.model, lacking.method))
        say(f"warning: {plan.name}: {lacking}", error=True)
    return found


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


def _print(
    plans: list[Plan],
    outcomes: list[list[Outcome]],
    results: list[list[dict[str, Any]]],
    out: Path,
    *,
    json: bool,
    quiet: bool,
) -> None:
    from zsbench.report import envelope, tables

    if json:
        say(envelope.as_json(_suites(plans, outcomes, results)), data=True)
        return
    if quiet:
        return
    from rich.text import Text

    from zsbench.report import failures, terminal

    for plan, found, kept in zip(plans, outcomes, results, strict=True):
        own = [failures.row(outcome) if outcome.result is None else outcome.result for outcome in found]
        rows = own + kept[sum(outcome.result is not None for outcome in found) :]
        if not kept and len(found) == 1:  # its error says it all
            continue
        show(Text.assemble("\n", (one_line(plan.name), "bold"), f"  {one_line(plan.description)}"))
        show(terminal.to_rich(tables.rows(rows, plan.expected), columns()))
        reused = sum(outcome.reused for outcome in found)
        note = f"{reused} of {len(found)} runs were there already. " if reused else ""
        say(f"{note}Results in {out / plan.jobs[0].suite}{_beside(found, out)}", error=True)


def _beside(outcomes: list[Outcome], out: Path) -> str:
    """Say which results lie in folders beside those of their names, because another question was there first."""
    from zsbench.results import claim

    pairs = [(o.job.folder(out), str(o.result["question"])) for o in outcomes if o.result is not None]
    moved = [place for folder, question in pairs if (place := claim.place(folder, question)) != folder]
    if not moved:
        return ""
    which = f"{len(moved)} of them beside" if len(outcomes) > 1 else "beside"
    return f", {which} the answer to another question: {moved[0]}" + (", ..." if len(moved) > 1 else "")


def _suites(plans: list[Plan], outcomes: list[list[Outcome]], results: list[list[dict[str, Any]]]) -> list[Suite]:
    from zsbench.report.envelope import Suite

    return [
        Suite(plan.name, kept, plan.expected, {o.job.title: str(o.error) for o in found if o.error is not None})
        for plan, found, kept in zip(plans, outcomes, results, strict=True)
    ]
