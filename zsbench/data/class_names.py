"""Names of classes as they are compared, renamed, ordered and listed in messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

from zsbench.core.errors import UserError, did_you_mean

LabelOrder = Literal["numeric", "text"]
_SHOWN = 10


def plain(name: str) -> str:
    """Return a class name as it is compared: underscores are blanks, accents are parts of their letters."""
    # Folders of some file systems come with letters and accents apart.
    return unicodedata.normalize("NFC", name).replace("_", " ")


def loose(name: str) -> str:
    """Return a name without what two spellings of one class differ in: case, hyphens, blanks."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def listed(names: Sequence[str]) -> str:
    """Return the first names as messages list them."""
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, ..." if len(names) > _SHOWN else shown


def mapped(names: Sequence[str], class_map: Mapping[str, str] | None) -> list[str]:
    """Return names under their names in a class map, those that it lacks as they are."""
    by_plain = {plain(key): name for key, name in (class_map or {}).items()}
    return [by_plain.get(plain(name), name) for name in names]


def renamed(
    names: Sequence[str], class_map: Mapping[str, str] | None, task: Sequence[str] | None, where: str, what: str
) -> list[str]:
    """Return the data's names under their names in `class_map`.

    Raises
    ------
    UserError
        A key of the map is no class of the data and its name none of the task's.
    """
    data_names, task_names = {plain(name) for name in names}, {plain(name) for name in task or ()}
    for key, name in (class_map or {}).items():
        if plain(key) not in data_names and plain(name) not in task_names:
            found = f"`class_map:` names '{key}', which {what} does not have"
            raise UserError(where, found, f"its classes: {listed(names)}", did_you_mean(key, names))
    return mapped(names, class_map)


def are_numbers(names: Sequence[str]) -> bool:
    """Return whether all names are whole numbers."""
    return bool(names) and all(re.fullmatch(r"[0-9]{1,18}", name) for name in names)


def ordered_labels(
    names: Sequence[str], order: LabelOrder | None, task: Sequence[str] | None, where: str, what: str
) -> list[int]:
    """Return the data's labels in the order that their names stand for: as they are, or by number.

    Raises
    ------
    UserError
        Whole-number names, sorted as texts, in another order than that of the numbers, and nothing says which.
    """
    as_text = list(range(len(names)))
    if not are_numbers(names):
        return as_text
    by_number = sorted(as_text, key=lambda i: int(names[i]))
    by_name = task is not None and {plain(name) for name in names} <= {plain(name) for name in task}
    if order is None and by_number != as_text and list(names) == sorted(names) and not by_name:
        found = f"the classes of {what} are whole numbers in the order of texts: {listed(names)}"
        raise UserError(where, found, "`label_order: numeric` or `label_order: text` in the task's YAML")
    return by_number if order == "numeric" else as_text
