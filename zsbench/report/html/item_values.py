"""What each item says of a run: a value a metric, whether it is right, its group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import Metric
from zsbench.results.finished_run import FinishedRun

# Statistics of histograms (pooled pixels) say nothing of a single item.
_FEW = 32


@dataclass(frozen=True)
class ItemValues:
    """The values of a run's items, (n_items,) each.

    Attributes
    ----------
    by_metric : a metric's value on the item alone, NaN where it has none.
    judged_by : the metric that says whether an item is right, empty where none does.
    right : 1, 0, or NaN where `judged_by` has no value.
    is_share : whether it says right or wrong and nothing between.
    """

    by_metric: dict[str, DoubleArray]
    judged_by: str
    right: DoubleArray | None
    is_share: bool


def item_values(run: FinishedRun) -> ItemValues:
    """Return the values of a run's items in the order of items.parquet; metrics without any are left out.

    Raises
    ------
    UserError
        There is no items.parquet, or it is damaged.
    """
    by_metric, facts = {}, {}
    for name in run.result["metrics"]:
        try:
            metric = run.metric(name)
            table = run.statistics(metric)
        except UserError:
            # A metric of a plug-in that is not there today, or one whose column somebody left out.
            continue
        if table.shape[1] <= _FEW and (values := _alone(metric, table)) is not None:
            by_metric[name], facts[name] = values, metric
    judged_by = _judge(facts)
    if not judged_by:
        return ItemValues(by_metric, "", None, False)
    values = by_metric[judged_by]
    right = np.where(np.isnan(values), np.nan, values >= 1 - 1e-9)
    return ItemValues(by_metric, judged_by, right, bool(np.isin(values[~np.isnan(values)], (0, 1)).all()))


def _alone(metric: Metric, table: DoubleArray) -> DoubleArray | None:
    """Return a metric of each item as if there were no other; None for one that no single item has."""
    if table.shape[1] == 1 and metric.of_items is None:
        rows, places = table, np.arange(len(table))
    else:
        rows, places = np.unique(table, axis=0, return_inverse=True)
    values = np.full(len(rows), np.nan)
    for number, row in enumerate(rows):
        try:
            values[number] = row[0] if rows is table else metric.reduce(row[None])
        except (ValueError, ZeroDivisionError, FloatingPointError, IndexError):
            continue
    values = values[np.asarray(places).reshape(-1)]
    return values if np.isfinite(values).any() else None


def _judge(facts: dict[str, Metric]) -> str:
    """Return the metric whose full value means that an item is right: the first share of right items, else the first.

    The first of all counts only where it is a share of which more is better: no depth map is right or wrong.
    """
    shares = [name for name, metric in facts.items() if metric.interval == "wilson" and metric.better == "higher"]
    if shares:
        return shares[0]
    first = next(iter(facts), "")
    return first if first and facts[first].unit == "%" and facts[first].better == "higher" else ""


def numbered(texts: Sequence[str]) -> dict[str, Any]:
    """Return texts as numbers of the distinct ones: `{"names": [...], "of": [...]}`."""
    names = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return {"names": list(names), "of": [names[text] for text in texts]}


def rounded(values: DoubleArray) -> list[float | None]:
    """Return numbers as JSON has them, with the digits that anybody reads."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in values.tolist()]
