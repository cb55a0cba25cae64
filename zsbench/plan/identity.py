"""What makes a finished result the answer to a question that is asked again.

Three parts, each a digest. All have to agree before a result is shown again instead of being computed:

    question   the resolved config, and the places that its paths lead to
    code       the modules of task, source, method, adapter and metrics, with all they import from their own packages
    inputs     every local file behind data, model and method

Another question has a folder of its own; other code or files for the same question are computed again in the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import zsbench
from zsbench.config import catalog
from zsbench.core.records import TaskData, canonical_json, digest
from zsbench.metrics import naming
from zsbench.plan import _module_sources

if TYPE_CHECKING:
    from zsbench.config.blocks import Block
    from zsbench.plan.job import Job

# Every task's predictions become numbers here.
_ALWAYS = ("zsbench.run.judge",)


def question(job: Job) -> str:
    """Return the digest of the job's config and of the places its relative paths lead to.

    Two configs that read alike in two folders ask about different files.
    """
    places = [canonical_json(block.resolved()) for block in blocks(job)]
    return digest([canonical_json(job.config()), str(job.task.folder().resolve()), *places])


def code(job: Job) -> str:
    """Return the digest of the code that the job's numbers pass through, and of zsbench's version."""
    return digest([zsbench.__version__, _module_sources.closure_digest(_modules(job))])


def input_files(job: Job, task: Any) -> list[str]:
    """Return every local file that the job's numbers depend on."""
    return [*task.files(), *(job.model.files() if job.model else []), *job.method.files()]


def test_fingerprint(data: TaskData) -> str:
    """Return the digest of the test items' ids and gold alone.

    Two tasks over the same queries at two depths have one test set: what their averages' intervals have to know.
    """
    return digest(f"{item.id}\0{_stable(gold)}" for item, gold in zip(data.items, data.gold, strict=True))


def _stable(value: Any) -> str:
    """Return a text that depends on the value only, also for sets, whose order differs from process to process."""
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(map(_stable, value)))}}}"
    if is_dataclass(value):
        return ", ".join(f"{field.name}={_stable(getattr(value, field.name))}" for field in fields(value))
    return repr(value)


def blocks(job: Job) -> Iterator[Block]:
    """Yield every component that the job's config names: sources, model with its modifiers, the method's links."""
    yield job.source
    yield from job.task.sources().values()
    if job.model is not None:
        yield job.model
        yield from getattr(job.model, "modifiers", ())
    yield from job.method.links


def _modules(job: Job) -> list[ModuleType]:
    """Return the modules of all components of a job, and those that every job runs through."""
    kinds = type(job.build_task()).metric_kinds
    functions = [catalog.load_component(block.kind, block.name) for block in blocks(job)]
    statistics = [naming.resolve(name, kinds=kinds).statistics for name in job.task.metrics]
    functions += [getattr(bound, "func", bound) for bound in statistics]
    names = dict.fromkeys([*_ALWAYS, *(function.__module__ for function in functions)])
    return [catalog.load_module("tasks", job.task.type), *map(_module_sources.imported, names)]
