"""YAML that remembers where each key stands and refuses a key written twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from zsbench.core import _yamlvalues, textfiles
from zsbench.core.errors import UserError, kind_of
from zsbench.core.errors import shown as shown

Loc = tuple[str | int, ...]

_CHECK = "check indentation, quotes and colons"


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
        The file is missing, not UTF-8, not YAML, not a mapping, holds a key twice or a tag, or grows through aliases.
    """
    return parse(textfiles.read(path), path)


def parse(text: str, path: Path) -> Document:
    """Parse YAML text; `path` is only used in messages and for relative references."""
    lines: dict[Loc, int] = {}
    value = _value(text, lambda line: f"{shown(path)}:{line}", lines)
    if not isinstance(value, dict):
        problem = "an empty file" if value is None else f"{kind_of(value)} at the top level"
        raise UserError(shown(path), problem, "a mapping of keys to values")
    return Document(path, value, {loc: (path, line) for loc, line in lines.items()})


def parse_value(text: str, where: str) -> Any:
    """Return what YAML makes of a text that stands outside of any file, such as an option's; `where` names it.

    Raises
    ------
    UserError
        As `read`.
    """
    return _value(text, lambda _line: where, {})


def _value(text: str, where: Callable[[int], str], lines: dict[Loc, int]) -> Any:
    """Return the value of a text and note the line of every place in it."""
    loader = _yamlvalues.Loader(text)

    def place(node: yaml.Node) -> str:
        return where(node.start_mark.line + 1)

    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _yamlvalues.require_small(node, place)
        return _build(node, (), place, lines)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UserError(where(line), f"not valid YAML: character #x{error.character:04x}", "", _CHECK) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise UserError(where(mark.line + 1 if mark else 1), f"not valid YAML: {problem}", "", _CHECK) from None
    except RecursionError:  # only of the parser that stands in where PyYAML has no libyaml
        raise UserError(where(1), "lists or mappings too deep inside each other") from None
    finally:
        loader.dispose()


def places(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    """Yield the place of every key of a mapping, however deep."""
    for key, below in value.items():
        yield (*loc, key)
        if isinstance(below, dict):
            yield from places(below, (*loc, key))


def _build(node: yaml.Node, loc: Loc, where: Callable[[yaml.Node], str], lines: dict[Loc, int]) -> Any:
    """Turn a node into plain Python, noting lines on the way and refusing duplicate keys."""
    lines.setdefault(loc, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return _yamlvalues.scalar(node, where)
    if _yamlvalues.is_tagged(node):
        raise _yamlvalues.unknown_tag(node, where)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*loc, i), where, lines) for i, child in enumerate(node.value)]
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _key(key_node, where)
        place = (*loc, key)
        if key in mapping:
            problem = f"key '{key}' stands twice (first in line {lines[place]})"
            raise UserError(where(key_node), problem, "it once")
        lines[place] = key_node.start_mark.line + 1
        mapping[key] = _build(value_node, place, where, lines)
    return mapping


def _key(node: yaml.Node, where: Callable[[yaml.Node], str]) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise UserError(where(node), "a key that is a list or a mapping", "text")
    key = _yamlvalues.scalar(node, where)
    if not isinstance(key, str):
        raise UserError(where(node), f"key {key!r} is {kind_of(key)}", "text", "put it in quotes")
    return key
