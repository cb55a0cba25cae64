"""A task's YAML, read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config import blocks, catalog, companions, overlay, validate
from zsbench.config.blocks import Block
from zsbench.config.schema import TaskConfig
from zsbench.core.errors import Mistakes, UnsetVariable, UserError, UserErrors, shown
from zsbench.core.yamlio import Document
from zsbench.metrics import naming
from zsbench.plan import _method_options, references
from zsbench.plan.checks import lacking_of_task, require_files, require_learnable
from zsbench.plan.choices import Choices


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
        _method_options.check(task, catalog.load_module("tasks", task.type).Task.family, shipped=True)
    with mistakes.noted():
        method = references.method(task.method, document, ("method",), task, Choices())
        require_files(source, *task.sources().values(), method)
    with mistakes.noted():
        built = catalog.load_module("tasks", task.type).Task(task, source)
        if method is not None:
            require_learnable(method, built, document.where(("method",)))
        built.require_readable()
        problems = [error for error in lacking_of_task(built) if not isinstance(error, UnsetVariable)]
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
    _require_whole(module)
    task: TaskConfig = validate.check(module.Config, document)
    task._document = document
    companions.check_task(task, task.requires, task.type, document)
    _method_options.check(task, module.Task.family)
    blocks = {
        key: _source(getattr(task, key), module.Task.gives, document, key)
        for key in ("data", *type(task).data_keys)
        if getattr(task, key) is not None
    }
    source = blocks.pop("data")
    if not task.metrics:
        raise UserError(document.where(("metrics",)), "key 'metrics' is an empty list", "at least one metric")
    named = naming.resolve_all(
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


def of_model(document: Document, model: Block | None) -> Document:
    """Return a task's YAML with what a model's YAML says of its training labels under the task's own `familiarity:`.

    The task stays as it is where its type has no such key, or where the model says nothing.

    Raises
    ------
    UserError
        Neither of both names training labels, so that what the model says would have no effect.
    """
    part: Document | None = getattr(model, "familiarity", None)
    key, kind = "familiarity", document.value.get("type")
    if part is None or not isinstance(kind, str) or key not in catalog.load_module("tasks", kind).Config.model_fields:
        return document
    own = document.value.get(key)
    if "training" not in part.value and not (isinstance(own, dict) and "training" in own):
        raise UserError(part.where(()), f"key '{key}' names no training labels", "training: FILE, in it or in the task")
    marks = {(key, *loc): mark for loc, mark in part.marks.items()}
    return overlay.overlay(Document(part.path, {key: part.value}, marks), document)


def _require_whole(module: Any) -> None:
    """Refuse a type of task that lacks what the runner asks of it, as one of another package may.

    Raises
    ------
    UserError
        The attributes and methods that are missing.
    """
    asked = ("family", "gives", "metric_kinds", "shard_size")
    lacking = [name for name in asked if not hasattr(module.Task, name)] + sorted(module.Task.__abstractmethods__)
    if lacking:
        problem = f"class Task lacks {', '.join(lacking)}"
        raise UserError(shown(Path(module.__file__)), problem, "all that `zsbench.tasks.base.BaseTask` names")


def _source(value: Any, gives: str, document: Document, key: str) -> Block:
    """Return a checked data block that gives what the task type uses."""
    block = blocks.block("data", value, "source", document, (key,))
    if block.facts.gives != gives:
        others = {name: catalog.load_component("data", name) for name in catalog.components("data")}
        fits = [name for name, load in others.items() if getattr(load, "facts").gives == gives]  # noqa: B009
        raise UserError(block.where, f"source '{block.name}' gives {block.facts.gives}", f"one of {', '.join(fits)}")
    return block
