"""YAML that remembers where each key stands and refuses a key written twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from zsbench import textfiles
from zsbench.errors import UserError
from zsbench.errors import shown as shown

Loc = tuple[str | int, ...]

_SCALARS = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader


@dataclass(frozen=True)
class Document:
    """One YAML mapping with the file and line of every key: `marks[("data", "path")] == (mine.yaml, 4)`.

    Line 0 is a place without lines, such as an option of the command line.
    """

    path: Path
    value: dict[str, Any]
    marks: dict[Loc, tuple[Path, int]] = field(default_factory=dict)

    def _mark(self, loc: Loc) -> tuple[Path, int] | None:
        return next((self.marks[loc[:end]] for end in range(len(loc), -1, -1) if loc[:end] in self.marks), None)

    def where(self, loc: Loc) -> str:
        """Return `file:line` of the key at `loc`, or of the nearest key above it."""
        mark = self._mark(loc)
        return shown(self.path) if mark is None else shown(mark[0]) + (f":{mark[1]}" if mark[1] else "")

    def folder(self, loc: Loc) -> Path:
        """Return the folder of the file that wrote the key at `loc`: where its relative paths start."""
        mark = self._mark(loc)
        return (mark[0] if mark else self.path).parent

    def part(self, loc: Loc, value: dict[str, Any]) -> Document:
        """Return the mapping at `loc` as a document of its own; `value` may hold less than what stands there."""
        marks = {place[len(loc) :]: mark for place, mark in self.marks.items() if place[: len(loc)] == loc}
        nearest = self._mark(loc)
        return Document(self.path, value, marks if nearest is None else {(): nearest, **marks})


def read(path: Path) -> Document:
    """Read one YAML file whose top level is a mapping.

    Raises
    ------
    UserError
        The file is missing, not UTF-8, not YAML, not a mapping, or holds a key twice.
    """
    return parse(textfiles.read(path), path)


def parse(text: str, path: Path) -> Document:
    """Parse YAML text; `path` is only used in messages and for relative references."""
    lines: dict[Loc, int] = {}
    loader = _SCALARS(text)
    try:
        node = loader.get_single_node()
        value = None if node is None else _build(loader, node, (), path, lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f"{shown(path)}:{mark.line + 1}" if mark else shown(path)
        problem = getattr(error, "problem", None) or str(error)
        raise UserError(where, f"not valid YAML: {problem}", "", "check indentation, quotes and colons") from None
    finally:
        loader.dispose()
    if not isinstance(value, dict):
        found = "an empty file" if value is None else f"a {type(value).__name__} at the top level"
        raise UserError(shown(path), found, "a mapping of keys to values")
    return Document(path, value, {loc: (path, line) for loc, line in lines.items()})


def places(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    """Yield the place of every key of a mapping, however deep."""
    for key, below in value.items():
        yield (*loc, key)
        if isinstance(below, dict):
            yield from places(below, (*loc, key))


def _build(loader: Any, node: yaml.Node, loc: Loc, path: Path, lines: dict[Loc, int]) -> Any:
    """Turn a node into plain Python, noting lines on the way and refusing duplicate keys."""
    lines.setdefault(loc, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, child, (*loc, i), path, lines) for i, child in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise UserError(
                f"{shown(path)}:{line}", f"key {key!r} is a {type(key).__name__}", "text", "put it in quotes"
            )
        place = (*loc, key)
        if key in mapping:
            found = f"key '{key}' stands twice (first in line {lines[place]})"
            raise UserError(f"{shown(path)}:{line}", found, "it once")
        lines[place] = line
        mapping[key] = _build(loader, value_node, place, path, lines)
    return mapping
