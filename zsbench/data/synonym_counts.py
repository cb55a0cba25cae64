"""How often the names of each class stand in captions, in REAL's form, and the name that REAL chooses by them.

    {"0": {"name": "tiger cat", "alternates": {"tiger cat": 10, "tabby": 400}, "actual_freq": 405, ...}, ...}

That is `metrics-<corpus>.json` of the authors, and what `zsbench frequency count --synonym-counts` writes.
Source: Parashar et al. 2024, arXiv:2401.12425, sections 3 and 4.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from zsbench.core import jsonfiles, textfiles
from zsbench.core.errors import UserError, did_you_mean, shown

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
    """Return the classes of a file by their official names, in its order.

    Raises
    ------
    UserError
        Another form, a class without name or names, two classes of one name, a count that is no whole number from 0.
    """
    value = jsonfiles.read(path, EXPECTED)
    if not is_counted(value):
        raise UserError(shown(path), "no counts of names", EXPECTED)
    classes: dict[str, SynonymCounts] = {}
    for key, entry in value.items():
        one = _class(entry, f"{shown(path)}: class '{key}'")
        if one.name in classes:
            raise UserError(f"{shown(path)}: class '{key}'", f"name '{one.name}' stands twice", "each name once")
        classes[one.name] = one
    return classes


def _class(entry: Any, where: str) -> SynonymCounts:
    if not isinstance(entry, dict):
        raise UserError(where, textfiles.short(entry), EXPECTED)
    name, alternates = entry.get("name"), entry.get("alternates")
    if not isinstance(name, str) or not name.strip():
        raise UserError(where, f"name {textfiles.short(name)}", "a text under `name`")
    if not isinstance(alternates, dict) or not alternates:
        raise UserError(where, f"alternates {textfiles.short(alternates)}", "{name: captions} under `alternates`")
    counts = {other: _count(alternates, other, where) for other in alternates}
    total, relevant = (_count(entry, key, where) if key in entry else None for key in ("actual_freq", "relevant_total"))
    return SynonymCounts(name, counts, total, relevant)


def _count(held: Mapping[str, Any], key: str, where: str) -> int:
    value = held[key]
    if type(value) is not int or value < 0:
        raise UserError(where, f"'{key}' has {textfiles.short(value)} captions", "a whole number from 0 on")
    return value


def _words(name: str) -> set[str]:
    return set(cleaned(name).translate(_PUNCTUATION).split())
