"""Which class of a list a name of the data stands for: by name, or by place where the names say nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zsbench.core.errors import UserError, did_you_mean
from zsbench.data.class_names import listed, loose, plain


def matched(
    data: Sequence[str],
    names: Sequence[str],
    known: Mapping[str, int],
    where: str,
    *,
    what: str,
    other: str,
    merging: bool,
) -> list[int]:
    """Return the class of each of the data's names, by name; by place where they are as many and none moves.

    Parameters
    ----------
    data : names in the data, in the order in which they may stand for the classes.
    names : the classes in label order.
    known : the class's number by every name (`plain`) that stands for one class.
    where, what, other : the place in the YAML, and what messages call the data and what lists the classes.
    merging : two names of the data may be one class, which only a class map can mean.

    Raises
    ------
    UserError
        Neither holds; both lists are shown.
    """
    plain_data = [plain(name) for name in data]
    plain_names = [plain(name) for name in names]
    if plain_data == plain_names[: len(data)] and not set(plain_data) & set(plain_names[len(data) :]):
        # A list that goes on behind the data's names: two classes of one name stay two.
        return list(range(len(data)))
    loosely = {loose(name): number for name, number in known.items()}
    stays = [
        loosely.get(loose(name), i) == i or (i < len(names) and plain(names[i]) == plain_name)
        for i, (name, plain_name) in enumerate(zip(data, plain_data, strict=True))
    ]
    if len(data) == len(names) and all(stays):
        return list(range(len(data)))
    if all(name in known for name in plain_data) and (merging or len(set(plain_data)) == len(data)):
        return [known[name] for name in plain_data]
    raise _mismatch(data, names, known, stays, where, what, other)


def _mismatch(
    data: Sequence[str],
    names: Sequence[str],
    known: Mapping[str, int],
    stays: list[bool],
    where: str,
    what: str,
    other: str,
) -> UserError:
    """Return the error that lists both sides and names the first that fits nowhere or moves."""
    unknown = next((name for name in data if plain(name) not in known), "")
    count = f"{len(names)} name{'s' * (len(names) != 1)}"
    found = f"{other} lists {count}: {listed(names)}; {what} has {len(data)}: {listed(data)}"
    if len(data) == len(names):
        i = stays.index(False)
        number = {loose(name): number for name, number in known.items()}[loose(data[i])]
        found += f"; '{data[i]}' is number {number} in one and {i} in the other"
    elif unknown:
        found += f"; '{unknown}' is not among the {len(names)}"
    # A name that fits a class of the other list is no misspelling of a third one.
    fitting = {plain(name) for name in data}
    near = did_you_mean(unknown, [name for name in names if plain(name) not in fitting])
    expected = "the same names in any order, some of them, or as many others"
    return UserError(where, found, expected, near or "`class_map:` gives names of the data other names")


def numbers_of(names: Sequence[str], place: Sequence[int] | None = None) -> dict[str, int]:
    """Return the class of every name (`plain`) that stands for one class only."""
    classes: dict[str, set[int]] = {}
    for label, name in enumerate(names):
        classes.setdefault(plain(name), set()).add(label if place is None else place[label])
    return {name: next(iter(numbers)) for name, numbers in classes.items() if len(numbers) == 1}
