"""What makes a finished result the answer to a question that is asked again.

Three parts, each a digest. All have to agree before a result is shown again instead of being computed:

    question   the resolved config, and the places that its paths lead to
    code       the modules of task, source, method, adapter and metrics, with all they import from their own packages
    inputs     every local file behind data, model and method

Another question has a folder of its own; other code or files for the same question are computed again in the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import zsbench
from zsbench.config import catalog
from zsbench.core.records import TaskData, canonical_json, digest, digest_file
from zsbench.metrics import naming
from zsbench.plan import _code_digest

if TYPE_CHECKING:
    from zsbench.config.blocks import Block
    from zsbench.plan.job import Job

# Every task's predictions become numbers here.
_ALWAYS = ("zsbench.run.judge",)


@dataclass(frozen=True)
class Asked:
    """What a job asks, by which code, and over which local files: those of the task, those of model and method."""

    question: str
    code: str
    data_files: list[str]
    other_files: list[str]


def question(job: Job) -> str:
    """Return the digest of the job's config and of the places its relative paths lead to.

    Two configs that read alike in two folders ask about different files.
    """
    places = [canonical_json(block.asked()) for block in blocks(job)]
    return digest([canonical_json(job.config()), str(job.task.folder().resolve()), *places])


def code(job: Job, known: dict[tuple[str, ...], str] | None = None) -> str:
    """Return the digest of the code that the job's numbers pass through, and of zsbench's version.

    `known` keeps what was found for the modules of earlier jobs.
    """
    return _code(job.task.type, [(block.kind, block.name) for block in blocks(job)], job.task.metrics, known)


def code_of(config: dict[str, Any], known: dict[tuple[str, ...], str] | None = None) -> str:
    """Return what `code` returns for the job that a finished result's `config` describes, by the code that is here.

    Raises
    ------
    UserError
        A component that it names is not here.
    KeyError, TypeError, AttributeError
        It is not what `Job.config` returns.
    """
    task, model, method = config["task"], config["model"], config["method"]
    schema = catalog.load_module("tasks", task["type"]).Config
    keys = ("data", *(key for key in schema.data_keys if isinstance(task.get(key), dict)))
    components: list[tuple[catalog.ComponentKind, str]] = [("data", task[key]["name"]) for key in keys]
    if model is not None:
        components += [("models", model["name"]), *(("modifiers", each["name"]) for each in model.get("modify", ()))]
    components += [("methods", link["name"]) for link in (method if isinstance(method, list) else [method])]
    return _code(task["type"], components, task["metrics"], known)


def version() -> str:
    """Return the version of zsbench that is here, which every digest of code holds."""
    return zsbench.__version__


def _code(
    task_type: str,
    components: Iterable[tuple[catalog.ComponentKind, str]],
    metrics: Iterable[str],
    known: dict[tuple[str, ...], str] | None,
) -> str:
    known = {} if known is None else known
    modules = {module.__name__: module for module in _modules(task_type, components, metrics)}
    names = tuple(sorted(modules))
    if names not in known:
        known[names] = _code_digest.closure_digest(modules.values())
    return digest([version(), known[names]])


def data_key(job: Job) -> str:
    """Return the digest of all that reading a job's data depends on: jobs that have it in common can share them."""
    blocks = (job.source, *job.task.sources().values())
    marks = job.task.document.marks
    return digest(
        canonical_json(part)
        for part in (
            [job.config()["task"], job.settings.model_dump(exclude={"resamples", "confidence"})],
            [[str(block.base), block.resolved()] for block in blocks],
            # Where relative paths of its keys start.
            [
                str(job.task.folder()),
                *sorted([".".join(map(str, loc)), str(path.parent)] for loc, (path, _) in marks.items()),
            ],
        )
    )


def model_key(job: Job) -> str:
    """Return the digest of all that loading a job's model depends on; empty where it has none."""
    if job.model is None:
        return ""
    return digest(
        [canonical_json([job.model.resolved(), job.model.described(), job.settings.device, job.settings.dtype])]
    )


def test_fingerprint(data: TaskData) -> str:
    """Return the digest of the test items' ids and gold alone.

    Two tasks over the same queries at two depths have one test set: what their averages' intervals have to know.
    """
    return digest(f"{item.id}\0{_stable(gold)}" for item, gold in zip(data.items, data.gold, strict=True))


def _stable(value: Any) -> str:
    """Return a text that depends on the value only, the same on every machine.

    Sets are sorted; functions, whose text is an address, are left out, and so are fields that do not count when values
    are compared; a file stands for its content, wherever it lies.
    """
    if isinstance(value, Path):
        return digest_file(value)
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(map(_stable, value)))}}}"
    if callable(value):
        return ""
    if is_dataclass(value):
        counting = (field.name for field in fields(value) if field.compare)
        return ", ".join(f"{name}={_stable(getattr(value, name))}" for name in counting)
    return repr(value)


def blocks(job: Job) -> Iterator[Block]:
    """Yield every component that the job's config names: sources, model with its modifiers, the method's links."""
    yield job.source
    yield from job.task.sources().values()
    if job.model is not None:
        yield job.model
        yield from getattr(job.model, "modifiers", ())
    yield from job.method.links


def _modules(
    task_type: str, components: Iterable[tuple[catalog.ComponentKind, str]], metrics: Iterable[str]
) -> list[ModuleType]:
    """Return the modules of all components of a job, and those that every job runs through."""
    kinds = catalog.load_module("tasks", task_type).Task.metric_kinds
    functions = [catalog.load_component(kind, name) for kind, name in components]
    statistics = [naming.resolve(name, kinds=kinds).statistics for name in metrics]
    functions += [getattr(bound, "func", bound) for bound in statistics]
    names = dict.fromkeys([*_ALWAYS, *(function.__module__ for function in functions)])
    return [catalog.load_module("tasks", task_type), *map(_code_digest.imported, names)]
