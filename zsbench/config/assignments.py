"""`--set task.key=value`, `--set model.key=value`, `--set method.key=value`: what the command line lays over YAML.

`--set NAME.key=value` speaks of one method or model of several, by its name.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from zsbench.config import catalog, overlay
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.yamlio import Document, Loc, parse_value, places


def pairs(prefix: str, assignments: tuple[str, ...]) -> dict[str, Any]:
    """Return the `--set prefix.a.b=value` pairs as a nested mapping; values are read as YAML."""
    nested: dict[str, Any] = {}
    for text in assignments:
        key, equals, raw = text.partition("=")
        head, _, rest = key.partition(".")
        known = ["task", "model", "method", *catalog.components("methods"), *catalog.configs("models")]
        if not equals or not rest or head not in known:
            expected = "task.KEY=VALUE, model.KEY=VALUE, method.KEY=VALUE or NAME.KEY=VALUE with a method or model"
            raise UserError(f"--set {text}", "not an assignment", expected, did_you_mean(head, known))
        if head != prefix:
            continue
        value: Any = parse_value(raw, f"--set {text}")
        for part in reversed(rest.split(".")):
            value = {part: value}
        nested = overlay.merge(nested, value)
    return nested


def require_used(assignments: tuple[str, ...], names: Collection[str]) -> None:
    """Refuse an assignment to a method or model that no run has.

    Raises
    ------
    UserError
        `names`, those of all runs, lack the one that is written.
    """
    for text in assignments:
        head = text.partition(".")[0]
        if head not in ("task", "model", "method", *names):
            raise UserError(f"--set {text}", f"no run has '{head}'", f"one of {', '.join(sorted(names))}")


def assigned(document: Document, prefix: str, assignments: tuple[str, ...]) -> Document:
    """Return a document with the pairs of one prefix laid over it; their relative paths start where the user is."""
    nested = pairs(prefix, assignments)
    if not nested:
        return document
    marks: dict[Loc, tuple[Path, int]] = dict.fromkeys(places(nested), (Path.cwd() / "--set", 0))
    top = overlay.overlay(document, Document(document.path, nested, marks))
    return Document(document.path, top.value, top.marks)
