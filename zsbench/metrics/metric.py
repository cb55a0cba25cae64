"""A metric: `statistics(pred, gold) -> per-item array`, then `reduce(array) -> float`.

    @metric("acc", unit="%", interval="wilson")
    def acc(scores, labels, *, k: int = 1):
        '''Share of items whose label is among the k best classes.'''
        return ...                      # (n_items,) or (n_items, n_statistics); a NaN row is an undefined item

From this one shape come, without further code, per-item files, intervals, and paired comparison of two runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.tallies import Weighted


class Interval(NamedTuple):
    """The two ends, how they were found, and what keeps them from covering the truth as often as they say."""

    low: float
    high: float
    method: str
    note: str = ""


Closed = Callable[[DoubleArray, "IntArray | None", float], "Interval | None"]
"""(defined statistics, numbers of their clusters or None, confidence) -> an interval, or None: the bootstrap's."""


@dataclass(frozen=True)
class Metric:
    """A metric with its parameters bound.

    Attributes
    ----------
    statistics : `(pred, gold) -> (n_items, n_statistics)`; what pred and gold are is the kind's own matter.
    of_sums : `(sums (..., n_statistics), n (...)) -> (...)`, for metrics that depend on sums over items only.
    of_items : `(statistics) -> float`, for the others (rank statistics, class means).
    of_weights : `(statistics) -> Weighted | None`, the same metric of many resamples at once, where `of_items` is slow.
    strata : column of the statistics that holds the stratum for resampling, if any.
    spelled_out : parameters that stand in the name at their defaults too, because it says little without them.
    columns : names of the statistics in files of items; numbers where there are others than these.
    closed : a formula of the metric's own for its interval, where resampling does not give a right one.
    doubt : `(defined statistics) -> str`, what keeps any interval of them from being right, such as classes of a few
        items; empty where nothing does.
    as_mean : `(statistics) -> (n_items,)`, values of the items whose plain mean the metric is, where it weighs items
        otherwise. Paired comparisons exchange and draw these; strata of a few items would hide how
        far they vary.
    top : the greatest possible value, the least being 0, where unit and direction do not say that it is a share.
    right : column of the statistics that says whether the item is answered right (1) or wrong (0), where others stand
        beside it.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    interval: Literal["wilson", "bootstrap", "normal"]
    statistics: Callable[..., DoubleArray]
    of_sums: Callable[[DoubleArray, DoubleArray], DoubleArray] | None
    of_items: Callable[[DoubleArray], float] | None
    strata: int | None = None
    spelled_out: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    of_weights: Callable[[DoubleArray], Weighted | None] | None = None
    closed: Closed | None = None
    doubt: Callable[[DoubleArray], str] | None = None
    top: float | None = None
    as_mean: Callable[[DoubleArray], DoubleArray] | None = None
    right: int | None = None

    def values(self, statistics: DoubleArray) -> DoubleArray | None:
        """Return values of the items (n_items,) whose mean the metric is; None where it is no mean over items."""
        if self.as_mean is not None:
            return self.as_mean(statistics)
        is_mean = self.of_sums is mean and statistics.shape[1] == 1
        return statistics[:, 0] if is_mean else None

    @property
    def greatest(self) -> float | None:
        """The value that cannot be exceeded, by a share or a mean of shares; None where there is none, or none known.

        What has one cannot lie below 0.
        """
        return 1.0 if self.top is None and self.unit == "%" and self.better == "higher" else self.top

    def compute(self, pred: Any, gold: Any) -> float:
        """Return the metric of predictions against gold."""
        return self.reduce(as_table(self.statistics(pred, gold)))

    def reduce(self, statistics: DoubleArray) -> float:
        """Return the metric of per-item statistics; items whose row is NaN are left out.

        Raises
        ------
        ValueError
            There is no defined item: an empty result is not zero.
        """
        unknown = np.isnan(statistics)
        defined = statistics[~unknown.any(axis=1)] if unknown.any() else statistics
        if not len(defined):
            raise ValueError(f"{self.name} of no items is undefined")
        if self.of_items is not None:
            return float(self.of_items(defined))
        assert self.of_sums is not None
        return float(self.of_sums(defined.sum(axis=0), np.float64(len(defined))))


def as_table(statistics: DoubleArray) -> DoubleArray:
    """Return statistics as (n_items, n_statistics) float64."""
    table = np.asarray(statistics, dtype=np.float64)
    return table[:, None] if table.ndim == 1 else table


def mean(sums: DoubleArray, n: DoubleArray) -> DoubleArray:
    """Reduce to the mean of the first statistic."""
    return np.asarray(sums[..., 0] / n)


def total(sums: DoubleArray, n: DoubleArray) -> DoubleArray:  # noqa: ARG001 - the reducer's signature
    """Reduce to the sum of the first statistic, for metrics that count."""
    return np.asarray(sums[..., 0])


def metric(
    name: str,
    *,
    unit: str = "%",
    better: Literal["higher", "lower"] = "higher",
    interval: Literal["wilson", "bootstrap", "normal"] = "bootstrap",
    of_sums: Callable[..., Any] | None = mean,
    of_items: Callable[..., Any] | None = None,
    strata: int | None = None,
    spelled_out: tuple[str, ...] = (),
    columns: tuple[str, ...] = (),
    of_weights: Callable[..., Any] | None = None,
    closed: Callable[..., Interval | None] | None = None,
    doubt: Callable[..., str] | None = None,
    top: float | None = None,
    as_mean: Callable[..., Any] | None = None,
    right: int | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a metric under the name YAML uses; keyword arguments of the function become its parameters.

    A parameter that `of_sums`, `of_items`, `of_weights`, `closed` or `doubt` also takes is handed to it as well.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        sums = None if of_items else of_sums
        facts = Metric(
            name,
            unit,
            better,
            interval,
            function,
            sums,
            of_items,
            strata=strata,
            spelled_out=spelled_out,
            columns=columns,
            of_weights=of_weights,
            closed=closed,
            doubt=doubt,
            top=top,
            as_mean=as_mean,
            right=right,
        )
        function.metric = facts  # type: ignore[attr-defined]
        return function

    return decorate
