"""A run's metric within each class, group or label, with an interval for each, from what its files hold.

class   the gold class of each item, whose number a metric's statistics hold (`mean-per-class.0`); its name is in column
        `gold` of items.parquet, and in files of earlier versions that number is all there is
label   metrics of single labels in the result: `F1(label=person)`, which a task has by `F1(label=*)`
group   column `group` of items.parquet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics import shares
from zsbench.metrics.intervals import cluster_numbers, interval
from zsbench.metrics.metric import Metric, mean
from zsbench.report.figures.chosen import Entry, finite
from zsbench.report.tables import confidence

By = Literal["class", "label", "group"]
WAYS: tuple[By, ...] = ("class", "label", "group")

# So many resamples are enough to draw an interval, and there is one for every class.
_RESAMPLES = 1000


class NotByClass(UserError):
    """A metric that means nothing within a class."""


@dataclass(frozen=True)
class Part:
    """The metric of the items of one class: value, interval, and the number of items."""

    value: float
    low: float | None
    high: float | None
    n: int


def ways(entry: Entry) -> list[By]:
    """Return by what a run's metric can be taken apart, the most telling first."""
    known: list[By] = []
    if not entry.run.is_average:
        if labels_of(entry):
            known.append("label")
        columns = _columns(entry)
        if _numbered(columns) and _class_names(entry) is not None:
            known.append("class")
        if "group" in columns:
            known.append("group")
    return sorted(known, key=WAYS.index)


def parts(entry: Entry, by: By) -> dict[str, Part]:
    """Return the parts of a run's metric by the name of the class, label or group.

    Raises
    ------
    NotByClass
        The metric is one of all items together (a rank statistic, a mean over classes).
    UserError
        items.parquet is damaged.
    """
    if by == "label":
        scores = {label: entry.run.result["metrics"][name] for label, name in labels_of(entry).items()}
        return {
            label: Part(score["value"], finite(score["low"]), finite(score["high"]), score["n"])
            for label, score in scores.items()
            if finite(score["value"]) is not None
        }
    names = np.asarray(entry.run.items["group"] if by == "group" else _class_names(entry))
    statistics, resolved = _statistics(entry)
    is_defined = ~np.isnan(statistics).any(axis=1)
    clusters = entry.run.clusters
    level = confidence(entry.run.result)
    split = {}
    for name in dict.fromkeys(names.tolist()):
        chosen = (names == name) & is_defined
        if chosen.any():
            of_class = None if clusters is None else clusters[chosen]
            split[str(name)] = _part(resolved, statistics[chosen], of_class, level)
    return split


def labels_of(entry: Entry) -> dict[str, str]:
    """Return the metrics of single labels that share the base name of the entry's metric, by label."""
    head = f"{entry.metric.partition('(')[0]}(label="
    return {
        name.removeprefix(head).removesuffix(")"): name for name in entry.run.result["metrics"] if name.startswith(head)
    }


def _columns(entry: Entry) -> Sequence[str]:
    """Return the names of the columns of items.parquet, none where there is no such file (an average, old results)."""
    path = entry.run.folder / "items.parquet"
    return list(entry.run.items) if path.is_file() else []


def _numbered(columns: Sequence[str]) -> str:
    """Return the column of a metric's statistics that holds the number of the gold class, if there is one."""
    known = [f"{metric}.0" for metric in ("mean-per-class", "per-class-std", "F1-over-classes")]
    return next((name for name in known if name in columns), "")


def _class_names(entry: Entry) -> list[str] | None:
    """Return the name of every item's class, or None where one number has several names: sets of labels are no classes.

    Classes that share a name are told apart by their numbers.
    """
    columns = entry.run.items
    numbers = [f"class {number:.0f}" for number in columns[_numbered(list(columns))]]
    if "gold" not in columns:  # a file that an earlier version wrote
        return numbers
    pairs = set(zip(numbers, map(str, columns["gold"]), strict=True))
    name_of = dict(pairs)
    if len(name_of) < len(pairs):
        return None
    named = Counter(name_of.values())
    return [f"{name_of[n]} ({n})" if named[name_of[n]] > 1 else name_of[n] for n in numbers]


def _statistics(entry: Entry) -> tuple[DoubleArray, Metric]:
    """Return a metric's statistics (n_items, n_statistics), of which those of some items alone mean something."""
    metric = entry.run.metric(entry.metric)
    statistics = entry.run.statistics(metric)
    if metric.of_items is not None:
        if metric.strata != 0 or statistics.shape[1] != 2:
            found = f"'{entry.metric}' is a number of all items together, not one of each class"
            raise NotByClass("--metric", found, "a mean over items, such as acc@1")
        # (class, whether it is right): within a class, a share.
        return statistics[:, 1:], metric
    return statistics, metric


def _part(metric: Metric, statistics: DoubleArray, clusters: Any, level: float) -> Part:
    """Return value and interval of some items; a share has Wilson's, whatever the metric's own is."""
    n = len(statistics)
    is_mean = statistics.shape[1] == 1 and (metric.of_sums is mean or metric.of_items is not None)
    if is_mean and np.isin(statistics, (0.0, 1.0)).all():
        numbers = None if clusters is None else cluster_numbers(clusters)
        ends = shares.of_values(statistics[:, 0], numbers, confidence=level)
        return Part(float(statistics.mean()), *ends, n)
    drawn = interval(metric, statistics, clusters=clusters, resamples=_RESAMPLES, confidence=level)
    return Part(metric.reduce(statistics), finite(drawn.low), finite(drawn.high), n)


def refused(entries: Sequence[Entry], by: By | None) -> UserError:
    """Return the error for runs of which nothing tells the classes apart."""
    where = shown(entries[0].run.folder)
    lacking = {
        None: (
            "nothing tells classes, labels or groups apart",
            "a task of classes, `F1(label=*)`, or data with groups",
        ),
        "class": ("nothing tells the class of an item", "a task whose items have one class each"),
        "label": ("no metric of single labels", "`F1(label=*)` among the task's metrics"),
        "group": ("items have no group", "data with groups, such as a `group:` column"),
    }
    return UserError(where, *lacking[by])
