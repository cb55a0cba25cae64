"""Names to files, lazily: the folder is the registry, and listing it imports nothing.

A component is a Python file with a function of the file's own name; dashes in names are underscores in files.
A config is a YAML file; its name is the file's stem. Outside packages join through the entry-point groups
`zsbench.tasks`, `zsbench.models`, `zsbench.methods` and `zsbench.data`.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from zsbench.config.paths import PACKAGE
from zsbench.core.errors import UserError, unknown_name

ComponentKind = Literal["tasks", "methods", "models", "modifiers", "data"]
ConfigKind = Literal["tasks", "models", "suites", "papers"]

SINGULAR = {
    "tasks": "task",
    "methods": "method",
    "models": "model",
    "modifiers": "modifier",
    "data": "data source",
    "suites": "suite",
    "papers": "paper",
    "metrics": "metric",
}


@dataclass(frozen=True)
class Entry:
    """One name of the catalogue: where it lives, the family it belongs to and its one-line summary."""

    name: str
    path: Path
    family: str
    stated: str = ""

    @cached_property
    def summary(self) -> str:
        """The summary: what was stated, a config's `description:`, or the first line of a module's docstring."""
        if self.stated:
            return self.stated
        text = self.path.read_text(encoding="utf-8-sig", errors="replace")
        if self.path.suffix == ".py":
            return text.split('"""', 2)[1].strip().splitlines()[0] if '"""' in text else ""
        match = re.search(r"^description: *(.*)$", text, re.MULTILINE)
        return match.group(1).strip().strip("'\"") if match else ""


def _shipped() -> Path:
    inside = PACKAGE / "configs"
    return inside if inside.is_dir() else PACKAGE.parent / "configs"


def is_shipped(folder: Path) -> bool:
    """Say whether a folder is one of zsbench's own configs."""
    return folder.resolve().is_relative_to(_shipped().resolve())


def config_roots() -> list[Path]:
    """Return the config folders in order of precedence: $ZSBENCH_CONFIGS, ./configs, the shipped ones."""
    roots = [Path(part) for part in os.environ.get("ZSBENCH_CONFIGS", "").split(os.pathsep) if part]
    roots += [Path.cwd() / "configs", _shipped()]
    unique = {root.resolve(): root for root in reversed(roots) if root.is_dir()}
    return [root for root in roots if unique.get(root.resolve()) is root]


def _below(folder: Path, suffix: str) -> list[tuple[str, ...]]:
    """Return the files below a folder in order, each as the parts of its path from there."""
    found: list[tuple[str, ...]] = []
    for place, _, names in os.walk(folder):
        parts = Path(place).relative_to(folder).parts
        found += [(*parts, name) for name in names if name.endswith(suffix)]
    return sorted(found)


def configs(kind: ConfigKind) -> dict[str, Entry]:
    """Return every config of a kind by name; none is read before its summary is asked for."""
    return _configs(kind, os.getcwd(), os.environ.get("ZSBENCH_CONFIGS", ""))


@lru_cache
def _configs(kind: ConfigKind, _here: str, _named: str) -> dict[str, Entry]:
    # Which files there are depends on where the process stands and on the environment; both may change in its life.
    found: dict[str, Entry] = {}
    for root in config_roots():
        for *folders, file in _below(root / kind, ".yaml"):
            name = file.removesuffix(".yaml")
            found.setdefault(name, Entry(name, Path(root, kind, *folders, file), "/".join(folders)))
    return found


@lru_cache
def own_components(kind: ComponentKind) -> dict[str, Entry]:
    """Return zsbench's own components of a kind by name: files with a function of the file's name."""
    found: dict[str, Entry] = {}
    for *folders, file in _below(PACKAGE / kind, ".py"):
        stem = file.removesuffix(".py")
        if stem.startswith("_"):
            continue
        path = Path(PACKAGE, kind, *folders, file)
        # What tells a component's file from those that help it.
        mark = "\nclass Config(" if kind == "tasks" else f"\ndef {stem}("
        if mark.encode() in path.read_bytes():
            family = folders[-1].replace("_", "-") if kind == "methods" else ""
            found[stem.replace("_", "-")] = Entry(stem.replace("_", "-"), path, family)
    return found


@lru_cache
def components(kind: ComponentKind) -> dict[str, Entry]:
    """Return every component of a kind by name, those of installed packages included."""
    found = dict(own_components(kind))
    for point in _entry_points(kind):
        if point.name not in found:
            found[point.name] = _outside(point)
    return found


def methods_of(family: str) -> list[str]:
    """Return the methods of a family, and those of other packages whose files do not tell theirs."""
    return [name for name, entry in components("methods").items() if entry.family in ("", family)]


_FAMILY = re.compile(r'^@method\(.*?family="([^"]+)"', re.MULTILINE | re.DOTALL)


def _outside(point: Any) -> Entry:
    """Return the entry of another package's component: family and summary as its file has them, without running it."""
    try:
        spec = importlib.util.find_spec(point.module)  # runs the packages around it, not the module
        path = Path(spec.origin if spec and spec.origin else "")
        text = path.read_text(encoding="utf-8-sig")
    except Exception:  # a broken package says why when it is used; listing names goes on
        return Entry(point.name, Path(point.value), "", f"from {point.value}")
    family = _FAMILY.search(text)
    return Entry(point.name, path, family[1] if family else "", "" if '"""' in text else f"from {point.value}")


def _entry_points(kind: str) -> Iterator[Any]:
    from importlib.metadata import entry_points

    yield from entry_points(group=f"zsbench.{kind}")


def load_component(kind: ComponentKind, name: str, *, where: str = "") -> Callable[..., Any]:
    """Import the file behind a name and return its function (for `data`, `models`, `methods`)."""
    function: Callable[..., Any] = getattr(load_module(kind, name, where=where), name.replace("-", "_"))
    return function


def load_family(family: str) -> Any:
    """Import the package of a method family: its types and, where methods chain, its `compose`."""
    name = f"zsbench.methods.{family.replace('-', '_')}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise UserError("", f"family '{family}' needs {error.name}, which is not installed") from error
        return None  # a family that lives in another package


def load_module(kind: ComponentKind, name: str, *, where: str = "") -> Any:
    """Import the file behind a component's name.

    Raises
    ------
    UserError
        Nothing has that name; the message offers the nearest ones.
    """
    own = own_components(kind)
    known = own if name in own else components(kind)
    if name not in known:
        shown_by = "zsbench list " + {"data": "sources", "modifiers": "models"}.get(kind, kind)
        raise unknown_name(where, SINGULAR[kind] + " type" * (kind == "tasks"), name, known, listed_by=shown_by)
    if name not in own:
        return next(point for point in _entry_points(kind) if point.name == name).load()
    return load_file(own[name].path)


def load_file(path: Path) -> Any:
    """Import the module that a file of the package holds."""
    return importlib.import_module(_module_name(path))


@lru_cache(maxsize=1024)
def _module_name(path: Path) -> str:
    return "zsbench." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


_METRIC = re.compile(r'^@metric\(\s*"([^"]+)".*?^def .*?"""(.*?)(?:"""|\n)', re.MULTILINE | re.DOTALL)


@lru_cache(maxsize=256)
def _metrics_in(path: Path) -> list[Entry]:
    text = path.read_text(encoding="utf-8")
    return [Entry(name, path, path.stem, summary.strip()) for name, summary in _METRIC.findall(text)]


@lru_cache
def metrics(kinds: tuple[str, ...] | None = None) -> dict[str, Entry]:
    """Return metrics by the name used in YAML (`nDCG`, `acc`), read from the decorators without import.

    Parameters
    ----------
    kinds : the metric files that fit a task; None for all, and then a name that several kinds use is `kind:name`.
    """
    paths = sorted((PACKAGE / "metrics").rglob("[a-z]*.py"), key=lambda path: path.stem)
    files = [path for path in paths if kinds is None or path.stem in kinds]
    found = [entry for path in files for entry in _metrics_in(path)]
    names = [entry.name for entry in found]
    named = {e: e.name if names.count(e.name) == 1 else f"{e.family}:{e.name}" for e in found}
    return {key: replace(entry, name=key) for entry, key in named.items()}


def find_config(kind: ConfigKind, name: str, *, where: str = "", base: Path | None = None) -> Path:
    """Return the file behind a config's name, or the file itself when a path is written.

    Raises
    ------
    UserError
        Nothing has that name, or the path does not exist.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name).expanduser()
        path = path if path.is_absolute() or base is None or path.exists() else base / path
        if not path.is_file():
            raise UserError(where, f"no such file '{name}'")
        return path
    known = configs(kind)
    if name not in known:
        raise unknown_name(where, SINGULAR[kind], name, known, listed_by=f"zsbench list {kind}")
    return known[name].path
