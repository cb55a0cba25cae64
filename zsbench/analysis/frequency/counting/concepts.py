"""Concepts with their names, from a file: one name a line, a JSON list, or JSON {concept: [synonyms]}."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles, textfiles
from zsbench.core.errors import UserError, kind_of, shown

EXPECTED = "one concept a line, a JSON list, or JSON {concept: [synonyms]}"


@dataclass(frozen=True)
class Concepts:
    """What is counted.

    Attributes
    ----------
    names : {concept: its names}, the concept's own name first where it is listed alone.
    repeated : concepts that the file lists again; each is counted once.
    """

    names: dict[str, list[str]]
    repeated: list[str]


def read_concepts(path: Path) -> Concepts:
    """Return the concepts of a file, in its order.

    In `{concept: [synonyms]}` only the listed names are looked for, so that a concept whose own name is to count, too,
    lists it; an empty list stands for the own name alone. The authors of REAL list it.

    Raises
    ------
    UserError
        No concepts, another form, a concept or a name that is empty; with file and line or entry.
    """
    if ".json" in path.suffixes:
        text = textfiles.read(path)
        value = jsonfiles.parse(text, shown(path), EXPECTED)
        if isinstance(value, dict):
            return _with_synonyms(value, path, text)
        if not isinstance(value, list):
            raise UserError(shown(path), kind_of(value), EXPECTED)
        listed = [(f"{shown(path)}: entry {number}", name) for number, name in enumerate(value)]
    else:
        lines = [(number, line.strip()) for number, line in textfiles.lines(path)]
        while lines and not lines[-1][1]:
            lines.pop()  # line ends at the end of a file are no concepts
        listed = [(f"{shown(path)}:{number}", name) for number, name in lines]
    names: dict[str, list[str]] = {}
    repeated = []
    for where, name in listed:
        _require_name(name, where, "concept")
        if name in names:
            repeated.append(name)
        names[name] = [name]
    return _not_empty(Concepts(names, list(dict.fromkeys(repeated))), path)


def _with_synonyms(value: dict[str, Any], path: Path, text: str) -> Concepts:
    names = {}
    for concept, synonyms in value.items():
        where = jsonfiles.place_of_key(shown(path), text, concept)
        _require_name(concept, where, "concept")
        if not isinstance(synonyms, list):
            raise UserError(where, f"concept '{concept}' has {textfiles.short(synonyms)}", "a list of synonyms")
        for synonym in synonyms:
            _require_name(synonym, where, f"synonym of '{concept}'")
        names[concept] = list(dict.fromkeys(synonyms)) or [concept]
    return _not_empty(Concepts(names, []), path)


def _require_name(name: Any, where: str, what: str) -> None:
    if not isinstance(name, str):
        raise UserError(where, f"{textfiles.short(name)}, no text", EXPECTED)
    if not name.strip():
        raise UserError(where, f"an empty {what}", "a name")


def _not_empty(concepts: Concepts, path: Path) -> Concepts:
    if not concepts.names:
        raise UserError(shown(path), "no concepts", EXPECTED)
    return concepts
