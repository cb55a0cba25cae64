"""Templates that stand elsewhere than in the task: in a file, or in another task, by whose name they go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config import catalog, overlay
from zsbench.config.paths import resolve_path
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.templates import require_class
from zsbench.core.yamlio import Document


def files_of_templates(config: Any) -> list[tuple[tuple[str, ...], list[str]]]:
    """Return the file that a task's templates stand in, with the key: a text file, or a task's YAML; none if written.

    Parameters
    ----------
    config : of a task with the key `templates`.
    """
    if not isinstance(config.templates, str):
        return []
    path = config.path("templates")
    document = None if path.exists() else _task(config.templates)
    return [(("templates",), [str(path if document is None else document.marks[("templates",)][0])])]


def read_templates(value: list[str] | str | None, base: Path, where: str) -> list[str] | None:
    """Return templates as written, those of a file (one a line, or a JSON list), or those of a task (`cifar10`).

    Raises
    ------
    UserError
        Neither a text file nor a task with templates, or a template without a place for the class.
    """
    found = value if isinstance(value, list) else None if value is None else _named(value, base, where)
    for template in found or []:
        require_class(template, where)
    return found


def _named(value: str, base: Path, where: str) -> list[str]:
    path = resolve_path(value, base, where=where)
    if path.is_file():
        return jsonfiles.texts(path, "one template a line, or a JSON list of texts")
    document = None if path.exists() else _task(value)
    if document is None:
        expected = "a text file with one template a line, or the name of a task that lists templates"
        raise UserError(where, f"{'a folder' if path.is_dir() else 'no such file'} '{value}'", expected)
    return [str(template) for template in document.value["templates"]]


def _task(name: str) -> Document | None:
    """Return the YAML of a task that lists templates, or None."""
    entry = catalog.configs("tasks").get(name)
    document = overlay.load(entry.path) if entry else None
    return document if document and isinstance(document.value.get("templates"), list) else None
