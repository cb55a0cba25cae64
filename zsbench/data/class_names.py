"""The one join of class names: two lists of classes meet by name wherever both have names, never by place alone.

Data and `classes:`, test and support or validation data, a features file, a hub's labels, tar shards and their
`classnames.txt`: each brings a list in an order of its own. Names are compared with `_` as a blank, case kept.

    all names known       -> by name; a subset of the classes is fine
    as many, none moves   -> by place: other words for the same classes (curated names for the folders of a data set)
    anything else         -> an error that lists both
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from zsbench.core.errors import UserError, did_you_mean

LabelOrder = Literal["numeric", "text"]
_SHOWN = 10


def plain(name: str) -> str:
    """Return a class name as it is compared: underscores are blanks, accents are parts of their letters."""
    # Folders of some file systems come with letters and accents apart.
    return unicodedata.normalize("NFC", name).replace("_", " ")


@dataclass(frozen=True)
class Classes:
    """The classes of a task, and how the labels of its data count them.

    Attributes
    ----------
    names : in label order.
    place : the data's label -> the class's number; None where both are the same.
    known : the class's number by every name it is known under, in the data or in the task.
    numbered : True where labels without names may be taken as the class's numbers.
    """

    names: list[str]
    place: list[int] | None = None
    known: dict[str, int] = field(default_factory=dict)
    numbered: bool = True

    def relabelled(self, labels: Sequence[Any]) -> list[Any]:
        """Return the data's labels (numbers, or lists of them) as numbers of the classes."""
        return moved(labels, self.place)


def moved(labels: Sequence[Any], place: list[int] | None) -> list[Any]:
    """Return labels (numbers, or lists of them) under their new numbers; one label twice is one label."""
    if place is None:
        return list(labels)
    return [place[y] if isinstance(y, int) else sorted({place[one] for one in y}) for y in labels]


def join(
    data: Sequence[str] | None,
    task: Sequence[str] | None,
    where: str,
    *,
    what: str = "the data",
    class_map: Mapping[str, str] | None = None,
    label_order: LabelOrder | None = None,
) -> Classes:
    """Return the classes of a task whose data and whose YAML may both name them.

    Parameters
    ----------
    data : class names in the order of the data's labels, where the data carry names.
    task : class names of the task, in its own order.
    where : the data's place in the YAML, for messages.
    what : what the data are called in messages.
    class_map : names of the data -> names of the task's classes.
    label_order : the order that whole-number names stand for.

    Raises
    ------
    UserError
        Neither names the classes, or the two lists do not fit; both are listed.
    """
    if data is None:
        if task is None:
            raise UserError(where, "neither data nor task name the classes", "`classes:` in the task's YAML")
        idle = "class_map" if class_map else "label_order" if label_order else ""
        if idle:
            found = f"`{idle}:` for {what}, whose labels are numbers"
            raise UserError(where, found, "`classes:` in the order of the numbers")
        return Classes(list(task), None, _places(task))
    own = renamed(data, class_map, task, where, what)
    if label_order and not _are_numbers(own):
        raise UserError(where, f"`label_order: {label_order}` for {what}: {_listed(own)}", "whole numbers as names")
    order = _order(own, label_order, task, where, what)
    ordered = [own[i] for i in order]
    names = list(task) if task is not None else list(dict.fromkeys(ordered)) if class_map else ordered
    merging = bool(class_map)
    places = matched(ordered, names, _places(names), where, what=what, other="`classes:`", merging=merging)
    place = _at_labels(order, places, len(names))
    known = {**_places(data, place), **_places(own, place), **_places(names)}
    return Classes(names, place, known, numbered=task is None or place in (None, list(range(len(own)))))


def join_further(
    classes: Classes,
    own: Sequence[str] | None,
    where: str,
    *,
    what: str,
    class_map: Mapping[str, str] | None = None,
    label_order: LabelOrder | None = None,
) -> list[int] | None:
    """Return where the labels of further data (support, validation) stand among a task's classes; None: as they are.

    Raises
    ------
    UserError
        The names do not fit the task's or the test data's, or the further data have none and the test data's moved.
    """
    if own is None:
        if classes.numbered:
            return None
        found = (
            f"the labels of {what} are numbers, and the names of the test data stand in another order than `classes:`"
        )
        raise UserError(where, found, "class names in both, or in neither")
    mapped = [_mapped(name, class_map) for name in own]
    order = _order(mapped, label_order, list(classes.known), where, what)
    ordered = [mapped[i] for i in order]
    merging = bool(class_map)
    places = matched(ordered, classes.names, classes.known, where, what=what, other="the test data", merging=merging)
    return _at_labels(order, places, len(classes.names))


def matched(
    own: Sequence[str],
    names: Sequence[str],
    known: Mapping[str, int],
    where: str,
    *,
    what: str,
    other: str,
    merging: bool,
) -> list[int]:
    """Return the number of each of `own` among `names`, by name; by place where they are as many and none moves.

    `merging` allows two of `own` to be one class, which only a class map can mean.

    Raises
    ------
    UserError
        Neither holds; both lists are shown.
    """
    same = len(own) == len(names)
    loose = {_loosely(name): number for name, number in known.items()}
    fits = [loose.get(_loosely(name), i) == i or _at(names, i) == plain(name) for i, name in enumerate(own)]
    if same and all(fits):
        return list(range(len(own)))
    if all(plain(name) in known for name in own) and (merging or len({plain(name) for name in own}) == len(own)):
        return [known[plain(name)] for name in own]
    unknown = next((name for name in own if plain(name) not in known), "")
    count = f"{len(names)} name{'s' * (len(names) != 1)}"
    listed = f"{other} lists {count}: {_listed(names)}; {what} has {len(own)}: {_listed(own)}"
    # A name that fits a class of the other list is no misspelling of a third one.
    near = did_you_mean(unknown, [name for name in names if plain(name) not in map(plain, own)])
    if unknown and not same:
        listed += f"; '{unknown}' is not among the {len(names)}"
    if same:
        i = fits.index(False)
        listed += f"; '{own[i]}' is number {loose[_loosely(own[i])]} in one and {i} in the other"
    expected = "the same names in any order, some of them, or as many others"
    raise UserError(where, listed, expected, near or "`class_map:` gives names of the data other names")


def strangers(classes: Classes, own: Sequence[str] | None, class_map: Mapping[str, str] | None = None) -> int:
    """Return how many classes of further data (`own`) bear no name of the task's or the test data's.

    They stand for classes by their place alone, which nothing but their number vouches for.
    """
    known = {*classes.known, *map(plain, classes.names)}
    return sum(plain(_mapped(name, class_map)) not in known for name in own or ())


def renamed(
    data: Sequence[str], class_map: Mapping[str, str] | None, task: Sequence[str] | None, where: str, what: str
) -> list[str]:
    """Return the data's names under their names in `class_map`.

    Raises
    ------
    UserError
        A key of the map is no class of the data and its name none of the task's.
    """
    there = {plain(name) for name in data}
    asked = {plain(name) for name in task or ()}
    idle = next(
        (k for k, name in (class_map or {}).items() if plain(k) not in there and plain(name) not in asked), None
    )
    if idle is not None:
        found = f"`class_map:` names '{idle}', which {what} does not have"
        raise UserError(where, found, f"its classes: {_listed(list(data))}", did_you_mean(idle, data))
    return [_mapped(name, class_map) for name in data]


def _mapped(name: str, class_map: Mapping[str, str] | None) -> str:
    plainly = {plain(key): value for key, value in (class_map or {}).items()}
    return plainly.get(plain(name), name)


def _order(
    own: list[str], label_order: LabelOrder | None, task: Sequence[str] | None, where: str, what: str
) -> list[int]:
    """Return the data's labels in the order that their names stand for: as they are, or by number.

    Raises
    ------
    UserError
        Whole-number names, sorted as texts, in another order than that of the numbers, and nothing says which.
    """
    as_text = list(range(len(own)))
    if not _are_numbers(own):
        return as_text
    by_number = sorted(as_text, key=lambda i: int(own[i]))
    by_name = task is not None and {plain(name) for name in own} <= {plain(name) for name in task}
    if label_order is None and by_number != as_text and own == sorted(own) and not by_name:
        found = f"the classes of {what} are whole numbers in the order of texts: {_listed(own)}"
        raise UserError(where, found, "`label_order: numeric` or `label_order: text` in the task's YAML")
    return by_number if label_order == "numeric" else as_text


def _are_numbers(names: Sequence[str]) -> bool:
    return bool(names) and all(re.fullmatch(r"[0-9]{1,18}", name) for name in names)


def _at_labels(order: Sequence[int], places: Sequence[int], n_classes: int) -> list[int] | None:
    """Return the class of each label from the labels in some order and their classes; None where both are the same."""
    place = [0] * len(order)
    for label, number in zip(order, places, strict=True):
        place[label] = number
    return None if place == list(range(n_classes)) else place


def _places(names: Sequence[str], place: Sequence[int] | None = None) -> dict[str, int]:
    """Return the number of every name that stands for one class only."""
    numbers: dict[str, set[int]] = {}
    for i, name in enumerate(names):
        numbers.setdefault(plain(name), set()).add(i if place is None else place[i])
    return {name: next(iter(own)) for name, own in numbers.items() if len(own) == 1}


def _loosely(name: str) -> str:
    """Return a name without what two spellings of one class differ in: case, hyphens, blanks."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def _at(names: Sequence[str], number: int) -> str:
    return plain(names[number]) if number < len(names) else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, ..." if len(names) > _SHOWN else shown
