"""From a suite, paper or task to jobs (task x model x method), everything checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.config import assignments, catalog, overlay, validate
from zsbench.config.paths import unset_variables
from zsbench.config.schema import Settings
from zsbench.core import yamlio
from zsbench.core.errors import Mistakes, UserError, unknown_name
from zsbench.core.yamlio import Document, Loc
from zsbench.plan.checks import check_job, missing_data
from zsbench.plan.job import Job

if TYPE_CHECKING:
    from zsbench.config.suites import Average, Expected, SuiteConfig


from zsbench.plan import references, task_configs
from zsbench.plan.choices import Choices


@dataclass(frozen=True)
class Plan:
    """All jobs of one command, with the published values to put beside them."""

    name: str
    description: str
    jobs: list[Job]
    expected: dict[tuple[str, str], list[Expected]] = field(default_factory=dict)
    averages: list[Average] = field(default_factory=list)
    missing: dict[int, list[UserError]] = field(default_factory=dict)
    """The local files and variables that jobs wait for, by the number of the job."""


def make(name: str, choices: Choices = Choices()) -> Plan:
    """Return the plan for a suite, paper or task, by name or path.

    Raises
    ------
    UserError
        Anything in any of the configs is wrong; every mistake is reported at once.
    """
    path = find(name)
    document = overlay.load(path)
    if choices.embedded and "embedded" not in document.value:
        raise UserError(yamlio.shown(path), "has no `embedded:` variant", "a paper config with `embedded: {runs: ...}`")
    if "adapter" in document.value and "runs" not in document.value:
        raise UserError(yamlio.shown(path), "a model's config", "a suite, a paper or a task", "name it with --model")
    if "type" in document.value:
        return _finish(path.stem, document.value.get("description", ""), [{"tasks": str(path)}], document, choices, {})
    from zsbench.config.suites import PaperConfig, SuiteConfig
    from zsbench.plan import published

    schema = PaperConfig if "paper" in document.value else SuiteConfig
    suite: SuiteConfig = validate.check(schema, document)
    runs: list[Any] = [run.model_dump() for run in suite.runs]
    settings, expected = dict(suite.settings), {}
    loc: Loc = ()
    if isinstance(suite, PaperConfig):
        expected = published.as_written(suite, document)
        if choices.embedded and (embedded := suite.embedded):
            runs, settings = [run.model_dump() for run in embedded.runs], {**settings, **embedded.settings}
            suite, loc = suite.model_copy(update={"averages": embedded.averages, "models": None}), ("embedded",)
    title = path.stem + ("-embedded" if choices.embedded else "")
    models = references.written({"models": suite.models}, "models", document, ())
    plan = _finish(title, suite.description, runs, document, choices, settings, models, loc)
    known = {job.task_name: job.task.metrics for job in plan.jobs}
    averages = published.averages(suite.averages, known, document, loc)
    expected = published.by_results(expected, known, document, every_task=not choices.embedded)
    if any(not entry.method for entries in expected.values() for entry in entries):
        as_written = plan if not choices.models + choices.methods else make(name, Choices(embedded=choices.embedded))
        expected = published.with_methods(expected, as_written.jobs, averages, document)
    return replace(plan, averages=averages, expected=expected)


def find(name: str) -> Path:
    """Return the file of a suite, paper or task, by name or path."""
    if name.endswith((".yaml", ".yml")) or "/" in name.removeprefix("papers/"):
        return catalog.find_config("suites", name if name.endswith((".yaml", ".yml")) else name + ".yaml")
    if name.startswith("papers/"):
        return catalog.find_config("papers", name.removeprefix("papers/"))
    for kind in ("suites", "papers", "tasks"):
        known = catalog.configs(kind)  # type: ignore[arg-type]
        if name in known:
            return known[name].path
    names = {n for kind in ("suites", "tasks") for n in catalog.configs(kind)}  # type: ignore[arg-type]
    names |= {f"papers/{n}" for n in catalog.configs("papers")}
    raise unknown_name("", "suite, paper or task", name, names, listed_by="zsbench list configs")


def _finish(
    name: str,
    description: str,
    runs: list[Any],
    document: Document,
    choices: Choices,
    settings: dict[str, Any],
    models: Sequence[references.Entry] = (),
    loc: Loc = (),
) -> Plan:
    """Return the plan of runs; `models` stand in for those that the runs name."""
    mistakes = Mistakes()
    for key, value in choices.settings.items():
        with mistakes.noted():
            option = Document(Path.cwd() / f"--{key.replace('_', '-')}", {key: value})
            validate.check(Settings, option)
    mistakes.refuse()
    shared = validate.check(Settings, document, ("settings",), {**settings, **choices.settings})
    jobs: list[Job] = []
    with unset_variables():
        for number, run in enumerate(runs):
            jobs += _jobs(name, run, document, (*loc, "runs", number), choices, shared, models, mistakes)
        mistakes.refuse()
        links = {link.name for job in jobs for link in job.method.links}
        assignments.require_used(choices.assignments, links | {job.model_name for job in jobs})
        jobs = _distinct(jobs)
        return Plan(name, description, jobs, missing=missing_data(jobs))


def _distinct(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs, each question once: lines of a paper fall together when `--model` stands in for their models.

    Raises
    ------
    UserError
        Two jobs have the names of suite, task, model and method in common and ask different questions.
    """
    folders: dict[Path, Job] = {}
    for job in jobs:
        first = folders.setdefault(job.folder(Path()), job)
        if first is not job and _question(first) != _question(job):
            hint = "give one of them a `label:`, or `--model LABEL=NAME` on the command line"
            raise UserError(job.where, f"two runs are both named {job.title}", "different names", hint)
    return list(folders.values())


def _question(job: Job) -> str:
    from zsbench.plan import identity  # which most plans need not

    return identity.question(job)


def refuse_collisions(plans: Iterable[Plan]) -> None:
    """Refuse plans of one command whose rows could not be told apart; asking the same thing twice is no mistake.

    Raises
    ------
    UserError
        As `_distinct`.
    """
    with unset_variables():
        _distinct(job for plan in plans for job in plan.jobs)


def _jobs(
    suite: str,
    run: dict[str, Any],
    document: Document,
    loc: Loc,
    choices: Choices,
    settings: Settings,
    shared: Sequence[references.Entry],
    mistakes: Mistakes,
) -> list[Job]:
    """Return the jobs of one line of a suite; what is wrong with any part of it is added to the mistakes."""
    where = document.where(loc)
    jobs = []
    methods = references.entries(choices.methods, "methods") or references.written(run, "methods", document, loc)
    chosen = references.entries(choices.models, "models") or list(shared)
    named = chosen or references.written(run, "models", document, loc)
    models = []
    for entry in named:
        with mistakes.noted():
            models.append(references.model(*entry, choices))
    for task_ref in references.written(run, "tasks", document, loc):
        with mistakes.noted():
            task_name, task_document = references.task_document(*task_ref)
            task_document = assignments.assigned(task_document, "task", choices.assignments)
            task, source = task_configs.read_task(task_document)
            for method_ref in methods or [(task.method, task_document, ("method",))]:
                with mistakes.noted():
                    method = references.method(*method_ref, task, choices)
                    # Where models are named and all of them are mistakes, that a method lacks one is none of its own.
                    without = [] if method.facts.needs and named else [("none", None)]
                    for model_name, model in (models if method.facts.needs else ()) or without:
                        with mistakes.noted():
                            own = task_configs.of_model(task_document, model)
                            pair = (task, source) if own is task_document else task_configs.read_task(own)
                            job = Job(suite, task_name, *pair, model_name, model, method, settings, where)
                            check_job(job)
                            jobs.append(job)
    return jobs
