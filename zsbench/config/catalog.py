"""Names to files, lazily: the folder is the registry, and listing it imports nothing.

A component is a Python file with a function of the file's own name; dashes in names are underscores in files.
A config is a YAML file; its name is the file's stem. What is not zsbench's own joins through `_outside`.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from zsbench.config import _outside
from zsbench.config.paths import PACKAGE
from zsbench.core.errors import UserError, shown, unknown_name

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
    module: str = ""
    """The full name of the module that a component or metric is in."""

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
    files: list[tuple[str, ...]] = []
    for place, _, names in os.walk(folder):
        parts = Path(place).relative_to(folder).parts
        files += [(*parts, name) for name in names if name.endswith(suffix)]
    return sorted(files)


def configs(kind: ConfigKind) -> dict[str, Entry]:
    """Return every config of a kind by name; none is read before its summary is asked for."""
    return _configs(kind, os.getcwd(), os.environ.get("ZSBENCH_CONFIGS", ""))


@lru_cache
def _configs(kind: ConfigKind, _here: str, _named: str) -> dict[str, Entry]:
    # Which files there are depends on where the process stands and on the environment; both may change in its life.
    entries: dict[str, Entry] = {}
    for root in config_roots():
        for *folders, file in _below(root / kind, ".yaml"):
            name = file.removesuffix(".yaml")
            entries.setdefault(name, Entry(name, Path(root, kind, *folders, file), "/".join(folders)))
    return entries


@lru_cache
def own_components(kind: ComponentKind) -> dict[str, Entry]:
    """Return zsbench's own components of a kind by name: files with a function of the file's name."""
    entries: dict[str, Entry] = {}
    for *folders, file in _below(PACKAGE / kind, ".py"):
        path = Path(PACKAGE, kind, *folders, file)
        module = ".".join(("zsbench", kind, *folders, path.stem))
        if not file.startswith("_") and (entry := _entry(kind, path, module)) is not None:
            entries[entry.name] = entry
    return entries


def components(kind: ComponentKind) -> dict[str, Entry]:
    """Return every component of a kind by name, those of plugin folders and of installed packages included.

    Raises
    ------
    UserError
        A plugin has the name of a component of zsbench or of another plugin: a config would mean one or the other.
    """
    return _components(kind, _outside.folders())


@lru_cache
def _components(kind: ComponentKind, folders: tuple[Path, ...]) -> dict[str, Entry]:
    entries = dict(own_components(kind))
    for folder in folders:
        for path, module in _outside.modules_below(folder, kind):
            entry = _entry(kind, path, module)
            if entry is None:
                continue
            if entry.name in entries:
                taken = entries[entry.name].path
                raise UserError(
                    shown(path), f"{SINGULAR[kind]} '{entry.name}' is also in {shown(taken)}", "another name"
                )
            entries[entry.name] = entry
    for name, file, module in _outside.modules_installed(kind):
        if name not in entries:
            text = _text(file) if file else ""
            stated, family = "" if '"""' in text else f"from {module}", _FAMILY.search(text)
            entries[name] = Entry(name, file or Path(module), family[1] if family else "", stated, module)
    return entries


def _entry(kind: ComponentKind, path: Path, module: str) -> Entry | None:
    """Return the component of a file, None for one that only helps others; it is read once and not run.

    What tells a component is the function or the `Config` of its name. A method states its family; that of others is
    the folder within their kind.
    """
    text = _text(path)
    if ("\nclass Config(" if kind == "tasks" else f"\ndef {path.stem}(") not in "\n" + text:
        return None
    stated = _FAMILY.search(text) if kind == "methods" else None
    family = stated[1] if stated else path.parent.name.replace("_", "-").removesuffix(kind)
    return Entry(path.stem.replace("_", "-"), path, family, "", module)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig", errors="replace")


_FAMILY = re.compile(r'^@method\(.*?family="([^"]+)"', re.MULTILINE | re.DOTALL)


def methods_of(family: str) -> list[str]:
    """Return the methods of a family, and those of other packages whose files do not tell theirs."""
    return [name for name, entry in components("methods").items() if entry.family in ("", family)]


def load_component(kind: ComponentKind, name: str, *, where: str = "") -> Callable[..., Any]:
    """Import the file behind a name and return its function (for `data`, `models`, `methods`)."""
    module = load_module(kind, name, where=where)
    function: Callable[..., Any] = getattr(module, name.replace("-", "_"))
    if kind in _DECORATORS and not hasattr(function, "facts"):
        raise UserError(shown(Path(module.__file__)), f"'{function.__name__}' is not declared", _DECORATORS[kind])
    return function


_DECORATORS = {"methods": "@method(family=...)", "models": "@model(offers=...)", "data": "@source(gives=...)"}


def load_family(family: str) -> Any:
    """Import the package of a method family: its types and, where methods chain, its `compose`."""
    for package in ("zsbench", *_outside.packages()):
        name = f"{package}.methods.{family.replace('-', '_')}"
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not name.startswith(f"{error.name}"):
                raise UserError("", f"family '{family}' needs {error.name}, which is not installed") from error
    return None  # a family of an installed package, which has no types of its own to compose


def load_module(kind: ComponentKind, name: str, *, where: str = "") -> Any:
    """Import the file behind a component's name.

    Raises
    ------
    UserError
        Nothing has that name (the message offers the nearest ones), or a plugin's file cannot be imported.
    """
    own = own_components(kind)
    known = own if name in own else components(kind)
    if name not in known:
        if file := _outside.without_component(kind, name):
            what = "`class Config(...)`" if kind == "tasks" else f"`def {name.replace('-', '_')}(...)`"
            hint = f"a file named {name.replace('-', '_')}.py with {what} at its top level"
            raise UserError(where, f"{shown(file)} is no {SINGULAR[kind]} '{name}'", hint)
        shown_by = "zsbench list " + {"data": "sources", "modifiers": "models"}.get(kind, kind)
        raise unknown_name(where, SINGULAR[kind] + " type" * (kind == "tasks"), name, known, listed_by=shown_by)
    return load(known[name])


def load(entry: Entry) -> Any:
    """Import the module that holds a component or metric.

    Raises
    ------
    UserError
        It is not zsbench's own and cannot be imported.
    """
    if entry.module.startswith("zsbench."):
        return importlib.import_module(entry.module)
    _outside.packages()  # which makes plugin folders importable
    try:
        return importlib.import_module(entry.module)
    except Exception as error:
        problem = f"'{entry.name}' cannot be imported ({type(error).__name__}: {error})"
        raise UserError(shown(entry.path), problem) from error


_METRIC = re.compile(r'^@metric\(\s*"([^"]+)".*?^def .*?"""(.*?)(?:"""|\n)', re.MULTILINE | re.DOTALL)


@lru_cache(maxsize=256)
def _metrics_in(path: Path, kind: str, module: str) -> list[Entry]:
    return [Entry(name, path, kind, summary.strip(), module) for name, summary in _METRIC.findall(_text(path))]


def metrics(kinds: tuple[str, ...] | None = None) -> dict[str, Entry]:
    """Return metrics by the name used in YAML (`nDCG`, `acc`), read from the decorators without import.

    Parameters
    ----------
    kinds : the kinds of metrics that fit a task; None for all, and then a name that several kinds use is `kind:name`.

    Raises
    ------
    UserError
        A plugin's metric has the name of another one of its kind.
    """
    return _metrics(kinds, _outside.folders())


@lru_cache
def _metrics(kinds: tuple[str, ...] | None, folders: tuple[Path, ...]) -> dict[str, Entry]:
    entries = [entry for entry in _every_metric(folders) if kinds is None or entry.family in kinds]
    names = [entry.name for entry in entries]
    keyed: dict[str, Entry] = {}
    for entry in entries:
        key = entry.name if names.count(entry.name) == 1 or kinds == (entry.family,) else f"{entry.family}:{entry.name}"
        if key in keyed:
            problem = f"metric '{entry.name}' of kind '{entry.family}' is also in {shown(keyed[key].path)}"
            raise UserError(shown(entry.path), problem, "another name")
        keyed[key] = replace(entry, name=key)
    return keyed


@lru_cache
def _every_metric(folders: tuple[Path, ...]) -> tuple[Entry, ...]:
    """Return all metrics; a file's name is their kind, in plugin folders too; installed packages state the kind."""
    own = sorted((PACKAGE / "metrics").rglob("[a-z]*.py"), key=lambda path: path.stem)
    files = [(path, path.stem, ".".join(("zsbench", *path.relative_to(PACKAGE).with_suffix("").parts))) for path in own]
    for folder in folders:
        files += [(path, path.stem, module) for path, module in _outside.modules_below(folder, "metrics")]
    files += [(path, kind, module) for kind, path, module in _outside.modules_installed("metrics") if path is not None]
    return tuple(entry for path, kind, module in files for entry in _metrics_in(path, kind, module))


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
