"""What a run's line names: tasks, models and methods, by name, path or mapping."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from zsbench.config import assignments, blocks, catalog, models, overlay, validate
from zsbench.config.blocks import Block, Chain
from zsbench.config.modified import model_block
from zsbench.config.schema import TaskConfig
from zsbench.core.errors import UserError
from zsbench.core.yamlio import Document, Loc
from zsbench.plan.choices import Choices
from zsbench.plan.job import safe_name

Entry = tuple[Any, Document, Loc]
"""What names a task, model or method, with the document and the place where it stands."""


def written(run: dict[str, Any], key: str, document: Document, loc: Loc) -> list[Entry]:
    """Return the entries of a line of a suite; one alone needs no list."""
    value = run.get(key)
    if isinstance(value, list):
        return [(entry, document, (*loc, key, number)) for number, entry in enumerate(value)]
    return [] if value is None else [(value, document, (*loc, key))]


_LABEL = re.compile(r"[\w.-]+")
_LABELLED = re.compile(rf"({_LABEL.pattern})=(.+)")


def entries(values: tuple[str, ...], key: str) -> list[Entry]:
    """Return what the command line names; `LABEL=NAME` gives a row a name; relative paths start where the user is."""
    home = Document(Path.cwd() / f"--{key.removesuffix('s')}", {})
    named = "use" if key == "models" else "name"
    entries: list[Entry] = []
    for value in values:
        match = _LABELLED.fullmatch(value) if isinstance(value, str) else None
        if match:
            _require_label(match[1], key)
        elif isinstance(value, str) and "=" in value and "/" not in (before := value.partition("=")[0]):
            _require_label(before, key)  # it names nothing that there is: a label with letters beyond these
        entries.append(({named: match[2], "label": match[1]} if match else value, home, ()))
    return entries


def _require_label(label: str, key: str) -> None:
    """Refuse a label that no folder could be named by, or that the command line has no place for.

    Raises
    ------
    UserError
        It has other characters than letters, digits and `_ . -`, or none but marks, or begins like an option or a
        hidden file.
    """
    if not (_LABEL.fullmatch(label) and any(c.isalnum() for c in label) and not label.startswith(("-", "."))):
        accepted = "LABEL=NAME, a label of letters, digits and _ . -, at least one letter or digit, no . or - in front"
        raise UserError(f"--{key.removesuffix('s')}", f"label '{label}'", accepted, "a suite's `label:` takes any text")


def task_document(reference: Any, document: Document, loc: Loc) -> tuple[str, Document]:
    """Return a task's name and YAML; `{use: NAME, label: ..., key: value}` lays keys over it."""
    where = document.where(loc)
    overrides: dict[str, Any] = {}
    if isinstance(reference, dict):
        overrides = {key: value for key, value in reference.items() if key not in ("use", "label")}
        label, reference = validate.label(reference, document, loc), reference.get("use")
    else:
        label = ""
    if not isinstance(reference, str):
        raise UserError(where, f"task {reference!r}", "a task's name, or a mapping with `use: NAME`")
    path = catalog.find_config("tasks", reference, where=where, base=document.path.parent)
    return label or path.stem, overlay.overlay(overlay.load(path), document.part(loc, overrides))


def method(reference: Any, home: Document, loc: Loc, task: TaskConfig, choices: Choices) -> Chain:
    """Return the method, or the chain of methods: a list, `a+b`, or a mapping with `chain:` (and a `label:`)."""
    value, label = reference, ""
    if isinstance(value, dict) and "chain" in value:
        label, value, loc = validate.label(value, home, loc, beside=("chain",)), value["chain"], (*loc, "chain")
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
        problem = f"a chain of {len(links)} methods"
        raise UserError(home.where(loc), problem, f"one method: {family} methods do not chain")
    for link, forgotten in zip(links[1:], links, strict=False):
        if not link.facts.after:
            problem = f"method '{link.name}' starts anew, so '{forgotten.name}' before it would count for nothing"
            raise UserError(link.where, problem, "it as the first of a chain")
    first = links[0].facts.after
    implied = _link(first, home, loc, task, choices, last=False) if first else None
    return Chain(tuple(links), implied, label, links[0].where)


def _link(value: Any, home: Document, loc: Loc, task: TaskConfig, choices: Choices, *, last: bool) -> Block:
    """Return one method's block, with the task's own options for it under what is written.

    `--set method.key=value` speaks of the last link, the one a row is usually about; `--set NAME.key=value` of any.
    """
    value = {"name": value} if isinstance(value, str) else value
    if not isinstance(value, dict):
        return blocks.block("methods", value, "name", home, loc)  # refused, with its place
    document = home.part(loc, value)
    name = str(value.get("name"))
    if given := task.method_options.get(name):
        below = task.document.part(("method_options", name), given)
        # Options are replaced whole, never mixed key by key.
        document = Document(home.path, {**given, **value}, {**below.marks, **document.marks})
    for prefix in ("method", name) if last else (name,):
        document = assignments.assigned(document, prefix, choices.assignments)
    block = blocks.block("methods", document.value, "name", document, ())
    family = catalog.load_module("tasks", task.type).Task.family
    if block.facts.family != family:
        fits = [
            name for name, entry in catalog.components("methods").items() if entry.family.replace("_", "-") == family
        ]
        problem = f"method '{block.name}' is for {block.facts.family} tasks"
        raise UserError(block.where, problem, f"one of {', '.join(fits)}")
    return block


def model(reference: Any, home: Document, loc: Loc, choices: Choices) -> tuple[str, Block | None]:
    """Return the model's name and block: a config's name or path, `ADAPTER:MODEL`, or a mapping with `adapter:`."""
    if reference is None:
        return "none", None
    label, overrides = "", {}
    if isinstance(reference, dict) and "use" in reference:
        label, overrides = validate.label(reference, home, loc), reference
        reference = str(reference["use"])
    if isinstance(reference, dict):
        name, document = safe_name(str(reference.get("model", "model"))), home.part(loc, reference)
    else:
        name, document = models.read(str(reference), home, loc)
        name = safe_name(name)
        written = {key: value for key, value in overrides.items() if key not in ("use", "label")}
        document = overlay.overlay(document, home.part(loc, written)) if written else document
    for prefix in ("model", label or name):
        document = assignments.assigned(document, prefix, choices.assignments)
    label = validate.label(document.value, document, ()) or label
    return label or name, model_block(document.value, document, ())
