"""Which items make a difference: what each run scored on them, and what it predicted.

A metric that is a mean over items has a value for each. One that is not, but keeps whether each item is right (class
means), has that. Any other (F1 of summed counts) has the influence of each item instead: the metric of all items minus
the metric of all others. Influence moves with all other items, so where nothing changed on an item, nothing is said of
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zsbench.analysis.comparison.joined import Joined, Tables
from zsbench.core.errors import UserError
from zsbench.core.lazy import BoolArray, DoubleArray, IntArray, np
from zsbench.metrics.metric import Metric
from zsbench.metrics.tallies import weights_type

_MOST_WORK = 4_000_000_000
"""Numbers that the influences of one metric may touch: half a minute."""
_AT_ONCE = 8_000_000

SideName = Literal["first", "second"]
Kind = Literal["value", "right", "influence"]


@dataclass(frozen=True)
class ItemValues:
    """What one metric says of each item of two entrants.

    Attributes
    ----------
    first, second : (n_items,), the mean over a side's seeds; NaN where the metric is undefined on either side.
    kind : what these are: the metric's values, whether items are right (1 or 0), or influences.
    is_same : (n_items,), whether both sides say the same of an item.
    """

    metric: Metric
    first: DoubleArray
    second: DoubleArray
    kind: Kind
    is_same: BoolArray

    @property
    def is_influence(self) -> bool:
        """Whether these are influences, which are no values of the items."""
        return self.kind == "influence"

    @property
    def is_right_or_wrong(self) -> bool:
        """Whether an item is either right or wrong."""
        return self.kind == "right" or (self.kind == "value" and self.metric.interval == "wilson")

    @property
    def name(self) -> str:
        """The name of the values in files: that of the metric, with what they are where they are no values of it."""
        return self.metric.name if self.kind == "value" else f"{self.metric.name}.{self.kind}"

    @property
    def change(self) -> DoubleArray:
        """Second minus first, (n_items,); 0 where both sides say the same of an item, however its influence moved."""
        return np.where(self.is_same & ~np.isnan(self.second - self.first), 0.0, self.second - self.first)

    @property
    def sides(self) -> list[tuple[SideName, DoubleArray]]:
        """The values of either side with its name."""
        return [("first", self.first), ("second", self.second)]

    def won_by(self, side: SideName) -> BoolArray:
        """Return which items a side gets right and the other wrong, (n_items,).

        Where a metric is no matter of right and wrong: on which items it is the better one. An item of which both
        sides say the same is won by neither.
        """
        ahead = self.change * (1 if self.metric.better == "higher" else -1)
        return np.asarray(ahead > 0 if side == "second" else ahead < 0)

    def most_changed(self, side: SideName | None = None) -> IntArray:
        """Return the rows of the items by how much they changed, most first; those of one side's wins alone."""
        changes = np.nan_to_num(np.abs(self.change), nan=-1.0)
        order = np.argsort(-changes, kind="stable")
        return order if side is None else order[self.won_by(side)[order]]


def item_values(joined: Joined, name: str) -> ItemValues:
    """Return what a metric says of each item: its value, whether it is right, or else its influence.

    Raises
    ------
    UserError
        Influences would take too long: the metric can only be computed anew without each item.
    """
    tables = joined.tables(name)
    kind = _kind(tables)
    sides = _influences(tables) if kind == "influence" else tables.values_of(tables.metric.right or 0)
    columns = []
    for values in sides:
        column = np.full(len(tables.is_defined), np.nan)
        column[tables.is_defined] = values
        columns.append(column)
    return ItemValues(tables.metric, columns[0], columns[1], kind, _is_same(joined, tables))


def _kind(tables: Tables) -> Kind:
    if tables.first[0].shape[1] == 1 and tables.metric.of_sums is not None:
        return "value"
    return "influence" if tables.metric.right is None else "right"


def _is_same(joined: Joined, tables: Tables) -> BoolArray:
    """Return for each item whether both sides say the same of it, (n_items,): statistics, or predictions, are equal.

    Statistics of unequal width are of other labels, and cannot be held against each other.
    """
    first = tables.first[0]
    if len({table.shape for table in (*tables.first, *tables.second)}) > 1:
        texts = joined.column("prediction")
        return np.array([a == b for a, b in zip(*texts, strict=True)], dtype=bool)
    same = np.zeros(len(tables.is_defined), dtype=bool)
    every = (*tables.first[1:], *tables.second)
    same[tables.is_defined] = np.all([(table == first).all(axis=1) for table in every], axis=0)
    return same


def _influences(tables: Tables) -> tuple[DoubleArray, DoubleArray]:
    first, second = (
        np.mean([influences(tables.metric, table) for table in side], axis=0) for side in (tables.first, tables.second)
    )
    return first, second


def influences(metric: Metric, statistics: DoubleArray) -> DoubleArray:
    """Return the metric of all items minus the metric without each of them, (n_items,); NaN for a single item.

    Parameters
    ----------
    statistics : (n_items, n_statistics) without NaN.

    Raises
    ------
    UserError
        There are too many items for a metric that has to be computed anew without each.

    Examples
    --------
    >>> from zsbench.metrics import naming
    >>> counts = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])  # tp, fp, fn of a right and of a wrong sentence
    >>> influences(naming.resolve("F1"), counts).tolist()
    [0.5, -0.5]
    """
    n = len(statistics)
    if n < 2:
        return np.full(n, np.nan)
    if metric.of_sums is not None:
        rest = statistics.sum(axis=0) - statistics
        return np.asarray(metric.reduce(statistics) - metric.of_sums(rest, np.full(n, float(n - 1))))
    weighted = None if metric.of_weights is None else metric.of_weights(statistics)
    if n * (statistics.size if weighted is None else max(weighted.work, n)) > _MOST_WORK:
        problem = f"'{metric.name}' has no value for a single item, and its influence takes too long for {n} items"
        raise UserError("--items", problem, "--metric with a metric that is a mean over items")
    if weighted is None:
        every = np.arange(n)
        return np.array([metric.reduce(statistics) - metric.reduce(statistics[every != i]) for i in range(n)])
    parts = []
    step = max(1, _AT_ONCE // n)
    for start in range(0, n, step):
        size = min(step, n - start)
        weights = np.ones((n, size), dtype=weights_type(n))
        weights[np.arange(start, start + size), np.arange(size)] = 0
        parts.append(weighted.values(weights))
    return np.asarray(metric.reduce(statistics) - np.concatenate(parts))


def frame(joined: Joined, values: list[ItemValues], rows: IntArray) -> dict[str, Any]:
    """Return the columns of a file of items: names, values of both sides metric by metric, gold and predictions."""
    columns: dict[str, Any] = {
        "task": [joined.first.task] * len(rows),
        "first_run": [joined.first.title] * len(rows),
        "second_run": [joined.second.title] * len(rows),
        "id": [str(key) for key in joined.ids[rows]],
    }
    if joined.clusters is not None:
        columns["cluster"] = [str(name) for name in joined.clusters[rows]]
    for each in values:
        columns |= {f"{each.name}.{side}": _numbers(column[rows]) for side, column in each.sides}
    gold = joined.column("gold")[0]
    if gold is not None:
        columns["gold"] = [str(text) for text in gold[rows]]
    for side, texts in zip(("first", "second"), joined.column("prediction"), strict=True):
        columns[f"prediction.{side}"] = [str(text) for text in texts[rows]]
    return columns


def _numbers(values: DoubleArray) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def values_of_metrics(joined: Joined, names: Sequence[str]) -> tuple[list[ItemValues], list[str]]:
    """Return the values of all metrics that have any, and a sentence for each that has none."""
    values, without = [], []
    for name in names:
        try:
            values.append(item_values(joined, name))
        except UserError as error:
            without.append(error.found)
    return values, without
