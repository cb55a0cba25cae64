"""Mentions of many sentences as arrays, and what several metrics need of predictions and gold together, found once.

A task hands its metrics two `Mentions`. Each is taken apart once, and what two sides have in common stands in one
`Sides`, so that the twentieth metric of a task costs sums. Plain lists of rows (start, end, label, ...) do as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar

from zsbench.core.lazy import BoolArray, DoubleArray, IntArray, np

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]
"""A sequence of sentences, each a sequence of rows (start, end, label, ...)."""


class Mentions(tuple[Any, ...]):
    """Rows of every sentence, which nobody changes any more."""

    _beside: Sides | None = None

    @cached_property
    def rows(self) -> list[Sequence[Any]]:
        """The rows of all sentences one after the other, (n_rows,)."""
        return list(chain.from_iterable(self))

    @cached_property
    def sentences(self) -> IntArray:
        """The number of each row's sentence, (n_rows,)."""
        return np.repeat(np.arange(len(self)), np.fromiter(map(len, self), np.int64, len(self)))

    @cached_property
    def labels(self) -> list[str]:
        """The labels that occur, sorted."""
        return sorted(set(map(itemgetter(2), self.rows)))

    @cached_property
    def places(self) -> tuple[IntArray, IntArray, BoolArray]:
        """First word, last word and whether there are any, each (n_rows,); 0 where there are none."""
        n, starts, ends = len(self.rows), map(itemgetter(0), self.rows), map(itemgetter(1), self.rows)
        try:
            return np.fromiter(starts, np.int64, n), np.fromiter(ends, np.int64, n), np.ones(n, dtype=bool)
        except TypeError:  # some have no borders
            placed = np.fromiter((row[0] is not None for row in self.rows), bool, n)
            first, last = (np.fromiter((row[i] or 0 for row in self.rows), np.int64, n) for i in (0, 1))
            return first, last, placed

    @cached_property
    def scores(self) -> DoubleArray:
        """The score of each row, (n_rows,).

        Raises
        ------
        ValueError
            A mention has no score, or one that is NaN.
        """
        found = [row[3] if len(row) > 3 else None for row in self.rows]
        if lacking := found.count(None):
            raise ValueError(f"{lacking} of {len(found)} mentions have no score")
        scores = np.asarray(found, dtype=np.float64)
        if np.isnan(scores).any():
            raise ValueError(f"{int(np.isnan(scores).sum())} mentions have NaN scores")
        return scores

    @cached_property
    def texts(self) -> list[str]:
        """How each row is written, (n_rows,).

        Raises
        ------
        ValueError
            A mention says no text.
        """
        found = [row[4] if len(row) > 4 else None for row in self.rows]
        if lacking := found.count(None):
            raise ValueError(f"{lacking} of {len(found)} mentions have no text")
        return found  # type: ignore[return-value]


Columns = tuple[IntArray, IntArray]
"""The same fact of every predicted row (n_pred,) and of every gold row (n_gold,)."""


@dataclass(frozen=True, eq=False)
class Sides:
    """Predictions and gold of the same sentences, their labels numbered alike.

    Attributes
    ----------
    names : the labels of either side, sorted; a label's number is its place here.
    labels : the number of each row's label.
    """

    pred: Mentions
    gold: Mentions
    names: list[str]
    labels: Columns
    _found: dict[Any, Any] = field(default_factory=dict)

    @property
    def sentences(self) -> Columns:
        """The number of each row's sentence."""
        return self.pred.sentences, self.gold.sentences

    @property
    def borders(self) -> tuple[Columns, Columns]:
        """First and last word of each row; 0 where there are none."""
        (first, last, _), (gold_first, gold_last, _) = self.pred.places, self.gold.places
        return (first, gold_first), (last, gold_last)

    @property
    def n(self) -> int:
        """How many sentences there are."""
        return len(self.gold)

    def number(self, label: str | None) -> int | None:
        """Return a label's number, -1 for one that occurs nowhere, None for None."""
        return None if label is None else self.names.index(label) if label in self.names else -1

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Return what `make` returns, made at the first call for this key."""
        if key not in self._found:
            self._found[key] = make()
        found: T = self._found[key]
        return found


def sides(pred: Rows, gold: Rows) -> Sides:
    """Return both sides taken apart; the same object again for the same two `Mentions`.

    Raises
    ------
    ValueError
        They are of different numbers of sentences.
    """
    if len(pred) != len(gold):
        raise ValueError(f"{len(pred)} predicted sentences for {len(gold)} gold ones")
    known = pred._beside if isinstance(pred, Mentions) else None
    if known is not None and known.gold is gold:
        return known
    left, right = (side if isinstance(side, Mentions) else Mentions(side) for side in (pred, gold))
    names = sorted({*left.labels, *right.labels})
    numbers = {name: number for number, name in enumerate(names)}
    labels = (_numbered(left, numbers), _numbered(right, numbers))
    left._beside = Sides(left, right, names, labels)
    return left._beside


def _numbered(side: Mentions, numbers: dict[str, int]) -> IntArray:
    return np.fromiter(map(numbers.__getitem__, map(itemgetter(2), side.rows)), np.int64, len(side.rows))


def joint(*columns: Columns) -> Columns:
    """Return one whole number a row, equal for rows that are equal in every column, and in the order of the columns."""
    n = len(columns[0][0])
    keys = np.zeros(n + len(columns[0][1]), dtype=np.int64)
    for column in columns:
        values = np.concatenate(column)
        values = values - values.min(initial=0)
        above = int(values.max(initial=0)) + 1
        if (int(keys.max(initial=0)) + 1) * above >= 1 << 63:
            keys, values = (np.unique(part, return_inverse=True)[1] for part in (keys, values))
            above = int(values.max(initial=0)) + 1
        keys = keys * above + values
    return keys[:n], keys[n:]
