"""Issues, each with the functions of its repository as candidates, and those that its fix changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from zsbench.core.errors import UserError
from zsbench.data.clusters import taken
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import Document
from zsbench.metrics.rankings.localisation import Changed, file_of


@dataclass(frozen=True)
class Issue:
    """An issue's text, its candidate functions by id (`path/to/file.py/Class/function`), and what its fix changes."""

    id: str
    text: str
    functions: dict[str, Document]
    changed: Changed

    def collection(self) -> Collection:
        """Return the functions as a collection whose one query is the issue and whose pool is all of them."""
        return Collection(
            self.functions, {self.id: self.text}, {}, pool=lambda: {self.id: dict.fromkeys(self.functions, 0.0)}
        )


@dataclass(frozen=True)
class Issues:
    """Issues in the data's order, and what was left out or did not fit, by name.

    `clusters` names what each issue comes from, where the data say it.
    """

    issues: list[Issue]
    counts: dict[str, int]
    clusters: list[str] | None = None


def changed(functions: Iterable[str], files: Iterable[str] | None = None) -> Changed:
    """Return the gold of an issue; its files are those of its functions unless they are given."""
    names = frozenset(functions)
    return Changed(names, frozenset(map(file_of, names)) if files is None else frozenset(files))


def gather(issues: Iterator[Issue], where: str, clusters: Callable[[], list[str] | None]) -> Issues:
    """Return the issues whose fix changes a function that was there; the others are counted and left out.

    Parameters
    ----------
    clusters : returns what each issue comes from, None where the data do not say it; called when all are read.

    Raises
    ------
    UserError
        No issue is left.
    """
    every = list(issues)
    numbers = [number for number, issue in enumerate(every) if issue.changed.functions]
    kept = [every[number] for number in numbers]
    if not kept:
        raise UserError(where, "no instance whose gold names a function", "at least one")
    absent = sum(function not in issue.functions for issue in kept for function in issue.changed.functions)
    counts = {"instances without gold left out": len(every) - len(kept), "gold functions not among candidates": absent}
    return Issues(kept, counts, taken(clusters(), numbers, len(every)))
