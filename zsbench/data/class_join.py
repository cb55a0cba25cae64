"""The one join of class names: two lists of classes meet by name wherever both have names, never by place alone.

Data and `classes:`, test and support or validation data, a features file, a hub's labels, tar shards and their
`classnames.txt`: each brings a list in an order of its own. Names are compared with `_` as a blank, case kept.

    all names known       -> by name; a subset of the classes is fine
    as many, none moves   -> by place: other words for the same classes (curated names for the folders of a data set);
                             of support and validation data only whole numbers, which say their place themselves
    anything else         -> an error that lists both
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zsbench.core.errors import UserError, did_you_mean
from zsbench.data.class_matching import matched, numbers_of
from zsbench.data.class_names import LabelOrder, are_numbers, listed, loose, mapped, ordered_labels, plain, renamed


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
    return [place[label] if isinstance(label, int) else sorted({place[number] for number in label}) for label in labels]


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
        return Classes(list(task), None, numbers_of(task))
    data_names = renamed(data, class_map, task, where, what)
    if label_order and not are_numbers(data_names):
        found = f"`label_order: {label_order}` for {what}: {listed(data_names)}"
        raise UserError(where, found, "whole numbers as names")
    order = ordered_labels(data_names, label_order, task, where, what)
    ordered = [data_names[label] for label in order]
    names = list(task) if task is not None else list(dict.fromkeys(ordered)) if class_map else ordered
    merging = bool(class_map)
    numbers = matched(ordered, names, numbers_of(names), where, what=what, other="`classes:`", merging=merging)
    place = _by_label(order, numbers, len(names))
    known = {**numbers_of(data, place), **numbers_of(data_names, place), **numbers_of(names)}
    return Classes(names, place, known, numbered=task is None or place in (None, list(range(len(data)))))


def join_further(
    classes: Classes,
    data: Sequence[str] | None,
    where: str,
    *,
    what: str,
    class_map: Mapping[str, str] | None = None,
    label_order: LabelOrder | None = None,
) -> list[int] | None:
    """Return where the labels of further data (support, validation) stand among a task's classes; None: as they are.

    Names that neither the task nor the test data have are refused, also where they are as many: a folder of another
    spelling or language sorts otherwise, and every image would teach the wrong class.

    Raises
    ------
    UserError
        The names do not fit the task's or the test data's, or the further data have none and the test data's moved.
    """
    if data is None:
        if classes.numbered:
            return None
        reason = "the names of the test data stand in another order than `classes:`"
        raise UserError(where, f"the labels of {what} are numbers, and {reason}", "class names in both, or in neither")
    data_names = mapped(data, class_map)
    order = ordered_labels(data_names, label_order, list(classes.known), where, what)
    ordered = [data_names[label] for label in order]
    merging = bool(class_map)
    numbers = matched(ordered, classes.names, classes.known, where, what=what, other="the test data", merging=merging)
    if not are_numbers(ordered):
        _require_known(ordered, classes, where, what)
    return _by_label(order, numbers, len(classes.names))


def _require_known(data: Sequence[str], classes: Classes, where: str, what: str) -> None:
    """Refuse names that are joined by their place alone; case, hyphens and blanks make no other name."""
    known = {loose(name) for name in (*classes.known, *classes.names)}
    strange = next((name for name in data if loose(name) not in known), None)
    if strange is not None:
        found = f"class '{strange}' of {what}, which neither the task nor the test data have"
        near = did_you_mean(strange, list(classes.known)) or "`class_map:` gives names of the data other names"
        raise UserError(where, found, f"their names: {listed(classes.names)}", near)


def strangers(classes: Classes, data: Sequence[str] | None, class_map: Mapping[str, str] | None = None) -> int:
    """Return how many classes of further data bear no name of the task's or the test data's, only a whole number.

    They stand for classes by their place, which nothing else vouches for.
    """
    known = {*classes.known, *map(plain, classes.names)}
    return sum(plain(name) not in known for name in mapped(data or (), class_map))


def _by_label(order: Sequence[int], numbers: Sequence[int], n_classes: int) -> list[int] | None:
    """Return the class of each label from the labels in some order and their classes; None where both are the same."""
    place = [0] * len(order)
    for label, number in zip(order, numbers, strict=True):
        place[label] = number
    return None if place == list(range(n_classes)) else place
