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
from zsbench.core.words import number_of
from zsbench.metrics.intervals import cluster_numbers
from zsbench.metrics.metric import Metric
from zsbench.results.finished_run import FinishedRun


class Unalike(UserError):
    """A metric whose statistics two runs do not keep in one way, so that it cannot be compared."""


@dataclass(frozen=True)
class Tables:
    """One metric's statistics of both sides, of the items that all runs have a value for.

    Attributes
    ----------
    first, second : (n_items, n_statistics) of each run of a side, row by row the same item. A table of counts label by
        label (macro F1) has columns for each label that its run predicted, so that runs differ in width.
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
    def n_units(self) -> int:
        """What is drawn: items, or clusters where items come in any."""
        return len(self.first[0]) if self.clusters is None else int(self.clusters.max()) + 1

    @property
    def values(self) -> tuple[DoubleArray, DoubleArray]:
        """The first statistic of each item, its mean over a side's seeds, (n_items,) for either side."""
        return self.values_of(0)

    @property
    def means(self) -> tuple[DoubleArray, DoubleArray] | None:
        """Values of the items whose mean the metric is, their mean over a side's seeds; None where it is no mean."""
        sides = [[self.metric.values(table) for table in side] for side in (self.first, self.second)]
        known = [[values for values in side if values is not None] for side in sides]
        if [len(side) for side in known] != [len(side) for side in sides]:
            return None
        first, second = (np.asarray(np.mean(side, axis=0)) for side in known)
        return first, second

    def values_of(self, column: int) -> tuple[DoubleArray, DoubleArray]:
        """Return a statistic of each item, its mean over a side's seeds, (n_items,) for either side."""
        first, second = (np.mean([table[:, column] for table in side], axis=0) for side in (self.first, self.second))
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

    def can_compare(self, name: str) -> bool:
        """Say whether a metric's statistics are alike in all runs, and any item has a value in all of them."""
        try:
            return bool(self.tables(name).is_defined.any())
        except Unalike:
            return False

    def tables(self, name: str) -> Tables:
        """Return a metric's statistics.

        Raises
        ------
        Unalike
            Runs keep other statistics of the metric.
        """
        metric, n_first = self.first.first.metric(name), len(self.first.runs)
        runs = [*self.first.runs, *self.second.runs]
        every = [run.statistics(metric)[place] for run, place in zip(runs, self._places, strict=True)]
        widths = sorted({table.shape[1] for table in every})
        if not are_alike(metric, widths):
            where = shown(self.second.first.folder / "items.parquet")
            listed = " and ".join(map(str, widths))
            raise Unalike(where, f"runs keep {listed} statistics an item of metric '{name}'", "the same in all runs")
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
    rows = _rows(first), _rows(second)
    for known, run, others, other in ((rows[1], second, rows[0], first), (rows[0], first, rows[1], second)):
        missing = [key for key in others if key not in known]
        if missing:
            are = "is" if len(missing) == 1 else "are"
            problem = (
                f"{number_of(len(missing), 'item')} of {shown(other.folder)} {are} missing (first: '{missing[0]}')"
            )
            raise UserError(shown(run.folder), problem, "the same items in both runs")
    return np.fromiter((rows[1][key] for key in rows[0]), dtype=np.int64, count=len(rows[0]))


def _rows(run: FinishedRun) -> dict[Any, int]:
    """Return the row of each item of a run by its id, in their order.

    Raises
    ------
    UserError
        An id stands twice.
    """
    ids = run.items["id"]
    rows = {key: row for row, key in enumerate(ids)}
    if len(rows) < len(ids):
        again = next(row for row, key in enumerate(ids) if rows[key] != row)
        problem = f"id '{ids[again]}' stands twice (rows {again + 1} and {rows[ids[again]] + 1})"
        raise UserError(shown(run.folder / "items.parquet"), problem, "each id once")
    return rows


def are_alike(metric: Metric, widths: Collection[int]) -> bool:
    """Say whether tables of these widths are statistics of one metric.

    They are of one width, or groups of the counts that the metric names: each run of a macro average has its labels,
    those in gold and those that it alone predicted, and the metric of each follows from its own.

    Examples
    --------
    >>> from zsbench.metrics import naming
    >>> are_alike(naming.resolve("F1(average=macro)"), [6, 9]), are_alike(naming.resolve("mean-per-class"), [2, 3])
    (True, False)
    """
    of_group = len(metric.columns)
    return len(set(widths)) == 1 or (of_group > 0 and all(width % of_group == 0 for width in widths))
