"""Components that are not zsbench's own: those of installed packages, and those in a folder that the user names.

An installed package lists its modules under entry-point groups (`zsbench.methods`, `.models`, `.data`, `.tasks`,
`.metrics`, `.modifiers`), each under the component's name; metrics under their kind (`ranking`). A folder is laid out
like zsbench (`methods/`, `models/`, `data/`, `tasks/`, `metrics/`, `modifiers/`) and is read only when the command
line (`--plugins DIR`) or `$ZSBENCH_PLUGINS` names it, because its code runs with the rights of whoever started zsbench.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from zsbench.core.errors import UserError

VARIABLE = "ZSBENCH_PLUGINS"
KINDS = ("methods", "models", "data", "tasks", "metrics", "modifiers")
_PACKAGE = "zsbench_plugins"


def folders() -> tuple[Path, ...]:
    """Return the plugin folders that the user names, in order.

    Raises
    ------
    UserError
        One of them is no folder, or holds no kind of components.
    """
    parts = filter(None, os.environ.get(VARIABLE, "").split(os.pathsep))
    named = tuple(dict.fromkeys(Path(part).resolve() for part in parts))
    for folder in named:
        if not any((folder / kind).is_dir() for kind in KINDS):
            problem = (
                f"nothing of {', '.join(KINDS)} in '{folder}'" if folder.is_dir() else f"no such folder '{folder}'"
            )
            raise UserError(f"--plugins or ${VARIABLE}", problem, "a folder that holds methods/, models/, ...")
    return named


def modules_below(folder: Path, kind: str) -> Iterator[tuple[Path, str]]:
    """Yield (file, module's full name) of every Python file of a kind in a plugin folder; none is imported."""
    package = _package(folder)
    for path in sorted((folder / kind).rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if not any(part.startswith(("_", ".")) for part in parts):
            yield path, ".".join((package, *parts))


def without_component(kind: str, name: str) -> Path | None:
    """Return the file of a plugin folder that has a component's name, and nothing in it that makes it one."""
    stems = {name, name.replace("-", "_")}
    files = (path for folder in folders() for path in sorted((folder / kind).rglob("*.py")))
    return next((path for path in files if path.stem in stems), None)


def packages() -> list[str]:
    """Return the names under which the plugin folders are importable packages."""
    return [_package(folder) for folder in folders()]


def _package(folder: Path) -> str:
    """Make a folder an importable package, so that its files may import each other (`from ._shared import x`)."""
    number = folders().index(folder)
    name = f"{_PACKAGE}_{number}" if number else _PACKAGE
    if list(getattr(sys.modules.get(name), "__path__", [])) != [str(folder)]:
        for stale in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[stale]
        package = ModuleType(name, "Components of a folder that the user named.")
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def modules_installed(kind: str) -> Iterator[tuple[str, Path | None, str]]:
    """Yield (name, file, module's full name) of the modules that installed packages list; None where none is found.

    Looking for a file runs the packages around the module, not the module; a broken package says why when it is used.
    """
    from importlib.metadata import entry_points

    for point in entry_points(group=f"zsbench.{kind}"):
        try:
            spec = importlib.util.find_spec(point.module)
            yield point.name, Path(spec.origin) if spec and spec.origin else None, point.module
        except Exception:
            yield point.name, None, point.module
