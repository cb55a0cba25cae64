"""Which values are the best and the second best among those that may be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zsbench.report.entries import Entry
from zsbench.report.grid import Mark

Tied = Callable[[Entry, Entry], bool | None]
"""Whether the interval of the paired difference of two runs holds zero; None where that was not tested."""


def marks(table: Sequence[Entry], cols: Sequence[str], *, tied: Tied | None = None) -> dict[int, Mark]:
    """Return the marks of entries by their `id`.

    Values of one task and metric are compared, within a column where columns are something else than models or methods.
    Where several share the first place, none is the second. Values that no test was possible for have no mark where
    ties are asked for: which of them stand out is not known.

    Parameters
    ----------
    cols : the dimensions of columns.
    tied : values that are tied with the best one are marked like it, and so for the second; without it equal ones are.
    """
    apart = ["task", "metric", *(name for name in cols if name not in ("task", "metric", "model", "method"))]
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for entry in table:
        if entry.measured and entry.row.value is not None:
            groups.setdefault(tuple(entry.names[name] for name in apart), []).append(entry)
    marked: dict[int, Mark] = {}
    for group in groups.values():
        if len(group) > 1:
            marked |= _of_group(group, tied or _equal)
    return marked


def _of_group(group: Sequence[Entry], tied: Tied) -> dict[int, Mark]:
    higher = group[0].row.better != "lower"
    rest = sorted(group, key=lambda entry: entry.row.value or 0.0, reverse=higher)
    marked: dict[int, Mark] = {}
    names: tuple[Mark, Mark] = ("best", "second")
    for name in names:
        if not rest:
            break
        ties = {id(entry): entry is rest[0] or _equal(rest[0], entry) or tied(rest[0], entry) for entry in rest}
        if None in ties.values():
            return {}
        alike = [entry for entry in rest if ties[id(entry)]]
        marked |= {id(entry): name for entry in alike}
        if len(alike) > 1:
            break
        rest = [entry for entry in rest if id(entry) not in marked]
    # Where all are alike, none stands out.
    return {} if len(marked) == len(group) and len(set(marked.values())) == 1 else marked


def _equal(first: Entry, second: Entry) -> bool:
    return first.row.value == second.row.value
