"""The items of two entrants beside each other: joined by id, in the order of the first run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zsbench.analysis.comparison.comparable import require_comparable
from zsbench.analysis.comparison.entrants import Entrant
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import BoolArray, DoubleArray, IntArray, np
from zsbench.metrics.intervals import cluster_numbers
from zsbench.metrics.metric import Metric
from zsbench.results.finished_run import FinishedRun


@dataclass(frozen=True)
class Tables:
    """One metric's statistics of both sides, of the items that all runs have a value for.

    Attributes
    ----------
    first, second : (n_items, n_statistics) of each run of a side, row by row the same item.
    is_defined : (all items,) which of them these are.
    clusters : (n_items,) numbers 0..G-1, or None where items are independent.
    left_out, undefined : items without a value on one side only, and on both.
    """

    metric: Metric
    first: list[DoubleArray]
    second: list[DoubleArray]
    is_defined: BoolArray
    clusters: IntArray | None
    left_out: int
    undefined: int

    @property
    def values(self) -> tuple[DoubleArray, DoubleArray]:
        """The first statistic of each item, its mean over a side's seeds, (n_items,) for either side."""
        first, second = (np.mean([table[:, 0] for table in side], axis=0) for side in (self.first, self.second))
        return first, second


class Joined:
    """Two entrants over the same items.

    Raises
    ------
    UserError
        Their runs do not answer one question, or are not over the same items; a file of items is damaged.
    """

    def __init__(self, first: Entrant, second: Entrant, allow: Collection[str] = ()) -> None:
        self.first, self.second = first, second
        every = [*first.runs, *second.runs]
        notes = [note for run in every[1:] for note in require_comparable(first.first, run, allow)]
        self.notes = list(dict.fromkeys(notes))
        self._places = [places(first.first, run) for run in every]

    @property
    def ids(self) -> Any:
        """The ids of the items, (n_items,)."""
        return self.first.first.items["id"]

    @cached_property
    def clusters(self) -> Any:
        """The name of each item's cluster (n_items,), or None; a run made before clusters were kept has none.

        Raises
        ------
        UserError
            Runs disagree about them.
        """
        names = None
        for run, place in zip([*self.first.runs, *self.second.runs], self._places, strict=True):
            if run.clusters is None:
                continue
            here = np.asarray(run.clusters, dtype=str)[place]
            if names is not None and not np.array_equal(names, here):
                row = int(np.flatnonzero(names != here)[0])
                problem = f"item '{self.ids[row]}' is of cluster '{here[row]}', elsewhere of '{names[row]}'"
                raise UserError(shown(run.folder / "items.parquet"), problem, "the same clusters in both runs")
            names = here
        return names

    def column(self, name: str) -> tuple[Any, Any]:
        """Return a column of both sides' first runs, row by row the same item; None where a side lacks it."""
        n_first = len(self.first.runs)
        first, second = self.first.first.items.get(name), self.second.first.items.get(name)
        return first, None if second is None else second[self._places[n_first]]

    def tables(self, name: str) -> Tables:
        """Return a metric's statistics."""
        metric, n_first = self.first.first.metric(name), len(self.first.runs)
        runs = [*self.first.runs, *self.second.runs]
        every = [run.statistics(metric)[place] for run, place in zip(runs, self._places, strict=True)]
        widths = {table.shape[1] for table in every}
        if len(widths) > 1:
            where = shown(self.second.first.folder / "items.parquet")
            raise UserError(where, f"metric '{name}' has {sorted(widths)} statistics an item", "the same in all runs")
        lacks = [np.isnan(table).any(axis=1) for table in every]
        lacks_first, lacks_second = (np.any(part, axis=0) for part in (lacks[:n_first], lacks[n_first:]))
        both = ~(lacks_first | lacks_second)
        defined = [table[both] for table in every]
        clusters = None if self.clusters is None or not both.any() else cluster_numbers(self.clusters[both])
        left_out, undefined = int((lacks_first ^ lacks_second).sum()), int((lacks_first & lacks_second).sum())
        return Tables(metric, defined[:n_first], defined[n_first:], both, clusters, left_out, undefined)


def places(first: FinishedRun, second: FinishedRun) -> IntArray:
    """Return the row of each of the first run's items in the second's table.

    Raises
    ------
    UserError
        An item stands on one side only, or twice.
    """
    ids = first.items["id"], second.items["id"]
    row_of = {key: row for row, key in enumerate(ids[1])}
    if first is not second and not np.array_equal(*ids):
        missing = [key for key in ids[0] if key not in row_of]
        if missing:
            problem = f"{len(missing)} items of {shown(first.folder)} are missing (first: '{missing[0]}')"
            raise UserError(shown(second.folder), problem, "the same items in both runs")
    if not len(row_of) == len(ids[0]) == len(ids[1]):
        raise UserError(shown(second.folder), "more items, or one twice", "the same items in both runs")
    return np.fromiter((row_of[key] for key in ids[0]), dtype=np.int64, count=len(ids[0]))
