"""From a suite, paper or task to jobs (task x model x method), everything checked before anything is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench import assignments, catalog, companions, config, method_options, metrics, yamlio
from zsbench.checks import check_job, lacking, missing_data, require_files, require_learnable
from zsbench.config import Block, Chain, Settings, TaskConfig
from zsbench.errors import Mistakes, UnsetVariable, UserError, UserErrors, unknown_name
from zsbench.job import Job, safe_name
from zsbench.modified import model_block
from zsbench.yamlio import Document, Loc

if TYPE_CHECKING:
    from zsbench.suites import Average, Expected, SuiteConfig


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


@dataclass(frozen=True)
class Choices:
    """What the command line may change: other models or methods, settings, `--set` pairs."""

    models: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    assignments: tuple[str, ...] = ()
    embedded: bool = False


def make(name: str, choices: Choices = Choices()) -> Plan:
    """Return the plan for a suite, paper or task, by name or path.

    Raises
    ------
    UserError
        Anything in any of the configs is wrong; every mistake is reported at once.
    """
    path = find(name)
    document = config.load(path)
    if choices.embedded and "embedded" not in document.value:
        raise UserError(yamlio.shown(path), "has no `embedded:` variant", "a paper config with `embedded: {runs: ...}`")
    if "adapter" in document.value and "runs" not in document.value:
        raise UserError(yamlio.shown(path), "a model's config", "a suite, a paper or a task", "name it with --model")
    if "type" in document.value:
        return _finish(path.stem, document.value.get("description", ""), [{"tasks": str(path)}], document, choices, {})
    from zsbench import published
    from zsbench.suites import PaperConfig, SuiteConfig

    schema = PaperConfig if "paper" in document.value else SuiteConfig
    suite: SuiteConfig = config.check(schema, document)
    runs: list[Any] = [run.model_dump() for run in suite.runs]
    settings, expected = dict(suite.settings), {}
    loc: Loc = ()
    if isinstance(suite, PaperConfig):
        expected = published.as_written(suite, document)
        if choices.embedded and (embedded := suite.embedded):
            runs, settings = [run.model_dump() for run in embedded.runs], {**settings, **embedded.settings}
            suite, loc = suite.model_copy(update={"averages": embedded.averages}), ("embedded",)
    title = path.stem + ("-embedded" if choices.embedded else "")
    plan = _finish(title, suite.description, runs, document, choices, settings, expected, loc)
    known = {job.task_name: job.task.metrics for job in plan.jobs}
    averages = published.averages(suite.averages, known, document, loc)
    expected = published.by_results(expected, known, document, every_task=not choices.embedded)
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
    expected: dict[tuple[str, str], list[Expected]] | None = None,
    loc: Loc = (),
) -> Plan:
    mistakes = Mistakes()
    for key, value in choices.settings.items():
        with mistakes.noted():
            option = Document(Path.cwd() / f"--{key.replace('_', '-')}", {key: value})
            config.check(Settings, option)
    mistakes.refuse()
    shared = config.check(Settings, document, ("settings",), {**settings, **choices.settings})
    jobs: list[Job] = []
    with catalog.unset_variables():
        for number, run in enumerate(runs):
            jobs += _jobs(name, run, document, (*loc, "runs", number), choices, shared, mistakes)
        mistakes.refuse()
        links = {link.name for job in jobs for link in job.method.links}
        assignments.require_used(choices.assignments, links | {job.model_name for job in jobs})
        jobs = _distinct(jobs)
        return Plan(name, description, jobs, expected or {}, missing=missing_data(jobs))


def _distinct(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs, each question once: lines of a paper fall together when `--model` stands in for their models.

    Raises
    ------
    UserError
        Two jobs have the names of suite, task, model and method in common and ask different questions.
    """
    from zsbench.identity import question

    folders: dict[Path, Job] = {}
    for job in jobs:
        first = folders.setdefault(job.folder(Path()), job)
        if first is not job and question(first) != question(job):
            hint = "give one of them a `label:`, or `--model LABEL=NAME` on the command line"
            raise UserError(job.where, f"two runs are both named {job.title}", "different names", hint)
    return list(folders.values())


def refuse_collisions(plans: Iterable[Plan]) -> None:
    """Refuse plans of one command whose rows could not be told apart; asking the same thing twice is no mistake.

    Raises
    ------
    UserError
        As `_distinct`.
    """
    with catalog.unset_variables():
        _distinct(job for plan in plans for job in plan.jobs)


def _jobs(
    suite: str,
    run: dict[str, Any],
    document: Document,
    loc: Loc,
    choices: Choices,
    settings: Settings,
    mistakes: Mistakes,
) -> list[Job]:
    """Return the jobs of one line of a suite; what is wrong with any part of it is added to the mistakes."""
    where = document.where(loc)
    jobs = []
    methods = _entries(choices.methods, "methods") or _written(run, "methods", document, loc)
    named = _entries(choices.models, "models") or _written(run, "models", document, loc)
    models = []
    for entry in named:
        with mistakes.noted():
            models.append(_model(*entry, choices))
    for task_ref in _written(run, "tasks", document, loc):
        with mistakes.noted():
            task_name, task_document = _task_document(*task_ref)
            task_document = assignments.assigned(task_document, "task", choices.assignments)
            task, source = read_task(task_document)
            for method_ref in methods or [(task.method, task_document, ("method",))]:
                with mistakes.noted():
                    method = _method(*method_ref, task, choices)
                    # Where models are named and all of them are mistakes, that a method lacks one is none of its own.
                    without = [] if method.facts.needs and named else [("none", None)]
                    for model_name, model in (models if method.facts.needs else ()) or without:
                        job = Job(suite, task_name, task, source, model_name, model, method, settings, where)
                        with mistakes.noted():
                            check_job(job)
                            jobs.append(job)
    return jobs


_Entry = tuple[Any, Document, Loc]
"""What names a task, model or method, with the document and the place where it stands."""


def _written(run: dict[str, Any], key: str, document: Document, loc: Loc) -> list[_Entry]:
    """Return the entries of a line of a suite; one alone needs no list."""
    value = run.get(key)
    if isinstance(value, list):
        return [(entry, document, (*loc, key, number)) for number, entry in enumerate(value)]
    return [] if value is None else [(value, document, (*loc, key))]


_LABELLED = re.compile(r"([\w.-]+)=(.+)")


def _entries(values: tuple[str, ...], key: str) -> list[_Entry]:
    """Return what the command line names; `LABEL=NAME` gives a row a name; relative paths start where the user is."""
    home = Document(Path.cwd() / f"--{key.removesuffix('s')}", {})
    named = "use" if key == "models" else "name"
    entries: list[_Entry] = []
    for value in values:
        match = _LABELLED.fullmatch(value) if isinstance(value, str) else None
        entries.append(({named: match[2], "label": match[1]} if match else value, home, ()))
    return entries


def _task_document(reference: Any, document: Document, loc: Loc) -> tuple[str, Document]:
    """Return a task's name and YAML; `{use: NAME, label: ..., key: value}` lays keys over it."""
    where = document.where(loc)
    overrides: dict[str, Any] = {}
    if isinstance(reference, dict):
        overrides = {key: value for key, value in reference.items() if key not in ("use", "label")}
        label, reference = config.label(reference, document, loc), reference.get("use")
    else:
        label = ""
    if not isinstance(reference, str):
        raise UserError(where, f"task {reference!r}", "a task's name, or a mapping with `use: NAME`")
    path = catalog.find_config("tasks", reference, where=where, base=document.path.parent)
    return label or path.stem, config.overlay(config.load(path), document.part(loc, overrides))


def check_task(document: Document) -> TaskConfig:
    """Return a task's checked config, with its own method, that method's options and every local file looked at.

    Raises
    ------
    UserErrors
        All that is wrong with any of them.
    """
    task, source = read_task(document)
    mistakes, method = Mistakes(), None
    with mistakes.noted():
        method_options.check(task, catalog.load_module("tasks", task.type).Task.family, shipped=True)
    with mistakes.noted():
        method = _method(task.method, document, ("method",), task, Choices())
        require_files(source, *task.sources().values(), method)
    with mistakes.noted():
        built = catalog.load_module("tasks", task.type).Task(task, source)
        if method is not None:
            require_learnable(method, built, document.where(("method",)))
        files = built.files()
        problems = [error for error in lacking(source.where, files) if not isinstance(error, UnsetVariable)]
        if problems:
            raise UserErrors(problems)
    mistakes.refuse()
    return task


def read_task(document: Document) -> tuple[TaskConfig, Block]:
    """Return a task's checked config and its data block.

    Raises
    ------
    UserError
        Unknown type, key, source or metric; the data source gives something the task cannot use.
    """
    kind = document.value.get("type")
    where = document.where(("type",))
    if not isinstance(kind, str):
        raise UserError(where, "key 'type' is missing", f"one of {', '.join(catalog.components('tasks'))}")
    module = catalog.load_module("tasks", kind, where=where)
    task: TaskConfig = config.check(module.Config, document)
    task._document = document
    companions.check_task(task, document)
    method_options.check(task, module.Task.family)
    blocks = {
        key: _source(getattr(task, key), module.Task.gives, document, key)
        for key in ("data", *type(task).data_keys)
        if getattr(task, key) is not None
    }
    source = blocks.pop("data")
    if not task.metrics:
        raise UserError(document.where(("metrics",)), "key 'metrics' is an empty list", "at least one metric")
    named = metrics.resolve_all(
        task.metrics,
        kinds=module.Task.metric_kinds,
        where=lambda number: document.where(("metrics", number)),
    )
    written = "metrics" in task.model_fields_set
    names = [metric.name for metric in named]
    # What is copied in counts as written, and the type's own metrics are not.
    task = task.model_copy(update=blocks if names == task.metrics else {**blocks, "metrics": names})
    if not written:
        # The type's own metrics under their canonical names are still nobody's choice.
        task.model_fields_set.discard("metrics")
    module.Task(task, source)
    return task, source


def _source(value: Any, gives: str, document: Document, key: str) -> Block:
    """Return a checked data block that gives what the task type uses."""
    block = config.block("data", value, "source", document, (key,))
    if block.facts.gives != gives:
        others = {name: catalog.load_component("data", name) for name in catalog.components("data")}
        fits = [name for name, load in others.items() if getattr(load, "facts").gives == gives]  # noqa: B009
        raise UserError(block.where, f"source '{block.name}' gives {block.facts.gives}", f"one of {', '.join(fits)}")
    return block


def _method(reference: Any, home: Document, loc: Loc, task: TaskConfig, choices: Choices) -> Chain:
    """Return the method, or the chain of methods: a list, `a+b`, or a mapping with `chain:` (and a `label:`)."""
    value, label = reference, ""
    if isinstance(value, dict) and "chain" in value:
        label, value, loc = config.label(value, home, loc, beside=("chain",)), value["chain"], (*loc, "chain")
    entries = [(link, loc) for link in value.split("+")] if isinstance(value, str) else [(value, loc)]
    if isinstance(value, list):
        entries = [(link, (*loc, number)) for number, link in enumerate(value)]
    if not entries:
        raise UserError(home.where(loc), "no method named", "a method's name")
    links = [
        _link(link, home, at, task, choices, last=number == len(entries) - 1)
        for number, (link, at) in enumerate(entries)
    ]
    family = catalog.load_module("tasks", task.type).Task.family
    if len(links) > 1 and not hasattr(catalog.load_family(family), "compose"):
        found = f"a chain of {len(links)} methods"
        raise UserError(home.where(loc), found, f"one method: {family} methods do not chain")
    for link, forgotten in zip(links[1:], links, strict=False):
        if not link.facts.after:
            found = f"method '{link.name}' starts anew, so '{forgotten.name}' before it would count for nothing"
            raise UserError(link.where, found, "it as the first of a chain")
    first = links[0].facts.after
    implied = _link(first, home, loc, task, choices, last=False) if first else None
    return Chain(tuple(links), implied, label, links[0].where)


def _link(value: Any, home: Document, loc: Loc, task: TaskConfig, choices: Choices, *, last: bool) -> Block:
    """Return one method's block, with the task's own options for it under what is written.

    `--set method.key=value` speaks of the last link, the one a row is usually about; `--set NAME.key=value` of any.
    """
    value = {"name": value} if isinstance(value, str) else value
    if not isinstance(value, dict):
        return config.block("methods", value, "name", home, loc)  # refused, with its place
    document = home.part(loc, value)
    name = str(value.get("name"))
    if own := task.method_options.get(name):
        below = task.document.part(("method_options", name), own)
        # Options are replaced whole, never mixed key by key.
        document = Document(home.path, {**own, **value}, {**below.marks, **document.marks})
    for prefix in ("method", name) if last else (name,):
        document = assignments.assigned(document, prefix, choices.assignments)
    block = config.block("methods", document.value, "name", document, ())
    family = catalog.load_module("tasks", task.type).Task.family
    if block.facts.family != family:
        fits = [
            name for name, entry in catalog.components("methods").items() if entry.family.replace("_", "-") == family
        ]
        found = f"method '{block.name}' is for {block.facts.family} tasks"
        raise UserError(block.where, found, f"one of {', '.join(fits)}")
    return block


def _model(reference: Any, home: Document, loc: Loc, choices: Choices) -> tuple[str, Block | None]:
    """Return the model's name and block: a config's name or path, `ADAPTER:MODEL`, or a mapping with `adapter:`."""
    if reference is None:
        return "none", None
    label, overrides = "", {}
    if isinstance(reference, dict) and "use" in reference:
        label, overrides = config.label(reference, home, loc), reference
        reference = str(reference["use"])
    if isinstance(reference, dict):
        name, document = safe_name(str(reference.get("model", "model"))), home.part(loc, reference)
    else:
        name, document = _named_model(str(reference), home, loc)
        written = {key: value for key, value in overrides.items() if key not in ("use", "label")}
        document = config.overlay(document, home.part(loc, written)) if written else document
    for prefix in ("model", label or name):
        document = assignments.assigned(document, prefix, choices.assignments)
    label = config.label(document.value, document, ()) or label
    return label or name, model_block(document.value, document, ())


def _named_model(reference: str, home: Document, loc: Loc) -> tuple[str, Document]:
    adapter, colon, rest = reference.partition(":")
    if colon and adapter in catalog.components("models"):
        name = safe_name(rest.removeprefix("local-dir:").rstrip("/").split("/")[-1])
        return name, home.part(loc, {"adapter": adapter, "model": rest})
    where = home.where(loc)
    if colon and not reference.endswith((".yaml", ".yml")):
        known = catalog.components("models")
        raise unknown_name(where, "model adapter", adapter, known, listed_by="zsbench list models")
    if reference in catalog.components("models") and reference not in catalog.configs("models"):
        raise UserError(where, f"'{reference}' is an adapter", f"{reference}:MODEL, or the name of a model's config")
    path = catalog.find_config("models", reference, where=where, base=home.path.parent)
    return path.stem, config.load(path)
