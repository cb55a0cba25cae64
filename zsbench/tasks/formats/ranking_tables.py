"""Rankings of many queries as arrays; what a task calls a prediction is one row of such a table.

A Python dict takes a hundred bytes for an id with its score, an array four to twelve.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from zsbench.core.lazy import AnyFloatArray, BoolArray, IntArray, np


class Ranking(NamedTuple):
    """What one query found: a row of a table of rankings."""

    table: Listed | Matrix
    row: int

    def problem(self) -> str:
        """Return what is wrong: there is no score, or one is NaN; an empty string where nothing is."""
        if self.table.empty[self.row]:
            return "an empty ranking"
        return "a score is NaN" if self.table.undefined[self.row] else ""

    def head(self, n: int) -> list[str]:
        """Return the first n ids."""
        return self.table.head(self.row, n)

    def best(self, n: int) -> list[str]:
        """Return the ids of the n highest scores, the highest first; of equal scores the one that stands first."""
        return self.table.best(self.row, n)


@dataclass(frozen=True, eq=False)
class Listed:
    """Rankings that list a part of the gallery each.

    Attributes
    ----------
    ids : the items that any of the rankings names, (n_ids,), each once.
    numbers : which of them stand in the rankings, one ranking after another, (n_entries,).
    scores : their scores, (n_entries,).
    lengths : entries of each ranking, (n_rankings,).
    """

    ids: Sequence[str]
    numbers: IntArray
    scores: AnyFloatArray
    lengths: IntArray

    @classmethod
    def of(cls, names: Iterable[str], scores: Sequence[float], lengths: Sequence[int]) -> Listed:
        """Return the table of names with their scores, one ranking after another."""
        places: dict[str, int] = {}
        numbers = [places.setdefault(name, len(places)) for name in names]
        return cls(
            list(places),
            np.asarray(numbers, dtype=np.int64),
            np.asarray(scores, dtype=np.float64),
            np.asarray(lengths, dtype=np.int64),
        )

    @cached_property
    def starts(self) -> IntArray:
        """Where the entries of each ranking begin, (n_rankings,)."""
        return np.cumsum(self.lengths) - self.lengths

    @cached_property
    def empty(self) -> BoolArray:
        """Whether a ranking has no entry, (n_rankings,)."""
        return np.asarray(self.lengths == 0)

    @cached_property
    def undefined(self) -> BoolArray:
        """Whether a score of a ranking is NaN, (n_rankings,)."""
        rows = np.repeat(np.arange(len(self.lengths)), self.lengths)
        return np.asarray(np.bincount(rows, np.isnan(self.scores), len(self.lengths)) > 0)

    def head(self, row: int, n: int) -> list[str]:
        """Return the first n ids of a ranking."""
        start = self.starts[row]
        return [self.ids[number] for number in self.numbers[start : start + min(n, self.lengths[row])]]

    def best(self, row: int, n: int) -> list[str]:
        """Return the ids of the n highest scores of a ranking, the highest first."""
        part = slice(self.starts[row], self.starts[row] + self.lengths[row])
        order = np.argsort(-self.scores[part], kind="stable")[:n]
        return [self.ids[number] for number in self.numbers[part][order]]

    def take(self, rows: IntArray) -> Listed:
        """Return some of the rankings, in the order of `rows`."""
        lengths = self.lengths[rows]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        entries = np.repeat(self.starts[rows], lengths) + within
        return Listed(self.ids, self.numbers[entries], self.scores[entries], lengths)


@dataclass(frozen=True, eq=False)
class Matrix:
    """Rankings that score the whole gallery: `ids` (n_gallery,), `scores` (n_rankings, n_gallery)."""

    ids: Sequence[str]
    scores: AnyFloatArray

    @cached_property
    def empty(self) -> BoolArray:
        """Whether a ranking has no entry, (n_rankings,)."""
        return np.full(len(self.scores), not self.ids)

    @cached_property
    def undefined(self) -> BoolArray:
        """Whether a score of a ranking is NaN, (n_rankings,); the least of them is then."""
        return np.asarray(np.isnan(self.scores.min(axis=1)))

    def head(self, row: int, n: int) -> list[str]:
        """Return the first n ids of the gallery, which is in no order."""
        return list(self.ids[:n])

    def best(self, row: int, n: int) -> list[str]:
        """Return the ids of the n highest scores of a ranking, the highest first."""
        return [self.ids[number] for number in np.argsort(-self.scores[row], kind="stable")[:n]]
