"""How often the names of each class stand in captions, in REAL's form, and the name that REAL chooses by them.

    {"0": {"name": "tiger cat", "alternates": {"tiger cat": 10, "tabby": 400}, "actual_freq": 405, ...}, ...}

That is `metrics-<corpus>.json` of the authors, and what `zsbench frequency count --synonym-counts` writes.
Source: Parashar et al. 2024, arXiv:2401.12425, sections 3 and 4.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from zsbench.core import jsonfiles, outputs, textfiles
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.data.class_names import loose
from zsbench.data.unmatched_names import unmatched

EXPECTED = 'JSON {"class id": {"name": ..., "alternates": {name: captions}}}'
Choice = Literal["relaxed", "strict"]
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class SynonymCounts:
    """A class by its names.

    Attributes
    ----------
    name : the official one.
    alternates : captions that hold a name, {name: captions}, in the order of the file; mostly the official one, too.
    total : captions with any of the names (`actual_freq`), None where the file has none.
    relevant : of them, those that mean the class, as a language model found (`relevant_total`), None likewise.
    """

    name: str
    alternates: dict[str, int]
    total: int | None = None
    relevant: int | None = None

    def best_name(self, choice: Choice, where: str) -> str:
        """Return the name to call the class by.

        `strict` takes the most frequent name if it is more frequent than the official one. `relaxed` leaves out a name
        whose words are some of the official name's, which mostly means something wider, and then no less frequent name
        is taken instead.

        Raises
        ------
        UserError
            The official name is not among those that were counted.
        """
        official = next((self.alternates[n] for n in (self.name, cleaned(self.name)) if n in self.alternates), None)
        if official is None:
            hint = did_you_mean(self.name, self.alternates)
            raise UserError(where, f"no count of the official name '{self.name}'", "it among `alternates`", hint)
        most = max(self.alternates, key=lambda name: self.alternates[name])
        if self.alternates[most] <= official:
            return self.name
        words, own = _words(most), _words(self.name)
        return most if choice == "strict" or words == own or not words <= own else self.name


def cleaned(name: str) -> str:
    """Return a name as REAL looks it up: without quotes, `-` and `_` as blanks, in small letters.

    Examples
    --------
    >>> cleaned(" Night_snake's")
    'night snakes'
    """
    name = name.strip().replace('"', "").replace("'", "").replace("-", " ").replace("_", " ")
    return name.replace("  ", " ").lower()


def is_counted(value: Any) -> bool:
    """Return whether a JSON value is a file of counts rather than one of names."""
    return isinstance(value, dict) and any(isinstance(entry, dict) for entry in value.values())


def read_synonym_counts(path: Path) -> dict[str, SynonymCounts]:
    """Return the classes of a file by its keys, in its order.

    Raises
    ------
    UserError
        Another form, a class without name or names, a count that is no whole number from 0.
    """
    text = textfiles.read(path)
    value = jsonfiles.parse(text, shown(path), EXPECTED)
    if not is_counted(value):
        raise UserError(shown(path), "no counts of names", EXPECTED)
    return {key: _class(entry, _Place(shown(path), text, key)) for key, entry in value.items()}


@dataclass(frozen=True)
class _Place:
    """Where a class stands in the text of a file, for messages."""

    file: str
    text: str
    key: str

    def of(self, *keys: str) -> str:
        """Return file, line and class of keys within the class."""
        return f"{jsonfiles.place_of_keys(self.file, self.text, (self.key, *keys))}: class '{self.key}'"


def of_classes(counted: Mapping[str, SynonymCounts], class_names: Sequence[str], where: str) -> list[SynonymCounts]:
    """Return the counts of each class, in label order.

    Where the keys are the numbers of all classes, they count, provided that most names agree and no other one stands
    at another number: REAL calls some classes otherwise than their data sets do ("Persian cat"), and ImageNet has two
    of one name. Else classes are found by name. Letter case, hyphens, `_` and blanks make no difference to names.

    Raises
    ------
    UserError
        A class has no counts (all are named, with the nearest names), or two counts have its name.
    """
    if set(counted) == set(map(str, range(len(class_names)))):
        numbered = [counted[str(number)] for number in range(len(class_names))]
        others = [name for name, one in zip(class_names, numbered, strict=True) if loose(name) != loose(one.name)]
        known = {loose(one.name) for one in numbered}
        if 2 * len(others) < len(numbered) and not any(loose(name) in known for name in others):
            return numbered
    by_name: dict[str, list[SynonymCounts]] = {}
    for one in counted.values():
        by_name.setdefault(loose(one.name), []).append(one)
    missing = [name for name in dict.fromkeys(class_names) if loose(name) not in by_name]
    if missing:
        found = unmatched(missing, [one.name for one in counted.values()], "class")
        raise UserError(where, found, "an entry for each class")
    twice = next((name for name in class_names if len(by_name[loose(name)]) > 1), None)
    if twice is not None:
        raise UserError(where, f"name '{twice}' stands twice", "each name once, or the numbers of all classes as keys")
    return [by_name[loose(name)][0] for name in class_names]


def unused(counted: Mapping[str, SynonymCounts], chosen: Sequence[SynonymCounts]) -> list[str]:
    """Return the names of the entries that no class took."""
    taken = {id(one) for one in chosen}
    return [one.name for one in counted.values() if id(one) not in taken]


def with_relevance(path: Path, shares: Mapping[str, float]) -> dict[str, Any]:
    """Return a file's value with the captions that are about each class, `{key: share of those with any of its names}`.

    Raises
    ------
    UserError
        What reading refuses, or a class that does not say how many captions hold any of its names.
    """
    value: dict[str, Any] = {}
    read = read_synonym_counts(path)
    for key, entry in jsonfiles.read(path, EXPECTED).items():
        total = read[key].total
        if total is None:
            raise UserError(f"{shown(path)}: class '{key}'", "no `actual_freq`", "captions with any of its names")
        share = shares[key]
        value[key] = {**entry, "llama_relevance_ratio": share, "relevant_total": round(share * total)}
    return value


_OF_RELEVANCE = ("llama_relevance_ratio", "relevant_total")


def require_counts_alone(out: Path, path: Path) -> None:
    """Refuse to write the relevance of counts over a file that holds anything but these counts, before it is asked for.

    Raises
    ------
    UserError
        There is such a file.
    """
    if not out.is_file():
        return
    with outputs.looked_at(out), suppress(UserError):  # no JSON: something else
        there, counts = (_without_relevance(jsonfiles.read(file, EXPECTED)) for file in (out, path))
        if there == counts:
            return
    raise outputs.other_answer("--out", out)


def _without_relevance(value: Any) -> Any:
    if not is_counted(value):
        return value
    return {
        key: {name: held for name, held in entry.items() if name not in _OF_RELEVANCE}
        for key, entry in value.items()
        if isinstance(entry, dict)
    }


def _class(entry: Any, where: _Place) -> SynonymCounts:
    if not isinstance(entry, dict):
        raise UserError(where.of(), textfiles.short(entry), EXPECTED)
    name, alternates = entry.get("name"), entry.get("alternates")
    if not isinstance(name, str) or not name.strip():
        raise UserError(where.of("name"), f"name {textfiles.short(name)}", "a text under `name`")
    if not isinstance(alternates, dict) or not alternates:
        raise UserError(
            where.of("alternates"), f"alternates {textfiles.short(alternates)}", "{name: captions} under `alternates`"
        )
    counts = {other: _count(alternates, where, "alternates", other) for other in alternates}
    total, relevant = (_count(entry, where, key) if key in entry else None for key in ("actual_freq", "relevant_total"))
    return SynonymCounts(name, counts, total, relevant)


def _count(held: Mapping[str, Any], where: _Place, *keys: str) -> int:
    value = held[keys[-1]]
    if type(value) is not int or value < 0:
        found = f"'{keys[-1]}' has {jsonfiles.spelled(value)} captions"
        raise UserError(where.of(*keys), found, "a whole number from 0 on")
    return value


def _words(name: str) -> set[str]:
    return set(cleaned(name).translate(_PUNCTUATION).split())
