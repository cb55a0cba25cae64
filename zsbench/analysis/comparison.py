"""Two runs over the same items, metric by metric: the difference, how sure it is, and which items make it.

Runs are joined by item id. A metric is compared from the per-item statistics that every result keeps:

- shares of items (accuracies): McNemar's exact test;
- means over items (nDCG, average precision): sign flips of the differences;
- everything else (F1, class means, pooled errors): the paired bootstrap of the difference.

The interval of a difference is always that of the paired bootstrap. All differences of one comparison are one family:
p is adjusted by Holm, or by Benjamini and Hochberg.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics import naming
from zsbench.metrics.bootstrap import percentile, resampled
from zsbench.metrics.metric import Metric, mean
from zsbench.metrics.paired import benjamini_hochberg, bootstrap_p, holm, mcnemar, sign_flips
from zsbench.results.finished_run import FinishedRun

Correction = Literal["holm", "fdr"]


@dataclass(frozen=True)
class Difference:
    """What one metric says of two runs; shares are 0-1.

    Attributes
    ----------
    value : second minus first, with the interval `low` to `high` and the p of no difference.
    adjusted : p among all differences of the comparison.
    wins, ties, losses : items on which the second run is better, alike or worse; None where an item has no value.
    left_out : items for which the metric is undefined in one run or both.
    """

    task: str
    metric: str
    unit: str
    better: str
    first: float
    second: float
    value: float
    low: float
    high: float
    p: float
    test: str
    n: int
    left_out: int
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    adjusted: float = field(default=float("nan"))

    @property
    def verdict(self) -> str:
        """`better` or `worse` for the second run where the adjusted p is at most 5 %, else nothing."""
        if not self.adjusted <= 0.05 or self.value == 0:
            return ""
        return "better" if (self.value > 0) == (self.better == "higher") else "worse"


def pairs(first: Sequence[FinishedRun], second: Sequence[FinishedRun]) -> list[tuple[FinishedRun, FinishedRun]]:
    """Return the runs to compare: those of equal task, model and method, else one a side for each task.

    Where a side holds several runs of equal names (other options, another `limit`), those that ask the same question
    on both sides are compared.

    Raises
    ------
    UserError
        No task on both sides, or several runs of which it is not clear which one is meant.
    """
    named = [_grouped(sides, lambda side: side.names) for sides in (first, second)]
    same = [key for key in named[0] if key in named[1]]
    if same:
        return [pair for key in same for pair in _of_equal_names(named[0][key], named[1][key])]
    by_task = [_grouped(sides, lambda side: side.result["task"]) for sides in (first, second)]
    tasks = [task for task in by_task[0] if task in by_task[1]]
    if not tasks:
        known = [", ".join(sorted(sides)) or "none" for sides in by_task]
        raise UserError("", f"no task in common ({known[0]}; {known[1]})", "runs of one task; averages are left out")
    return [(_only(by_task[0][task]), _only(by_task[1][task])) for task in tasks]


def _grouped(sides: Sequence[FinishedRun], key_of: Callable[[FinishedRun], Any]) -> dict[Any, list[FinishedRun]]:
    groups: dict[Any, list[FinishedRun]] = {}
    for side in sides:
        groups.setdefault(key_of(side), []).append(side)
    return groups


def _of_equal_names(first: list[FinishedRun], second: list[FinishedRun]) -> list[tuple[FinishedRun, FinishedRun]]:
    """Return the pairs among runs of equal names: the only ones, or those that ask the same question."""
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    asked = {side.result["config_hash"]: side for side in second}
    same = [(side, asked[side.result["config_hash"]]) for side in first if side.result["config_hash"] in asked]
    return same or [(_only(first), _only(second))]


def _only(sides: list[FinishedRun]) -> FinishedRun:
    if len(sides) > 1:
        listed = ", ".join(f"{side.title} in {shown(side.folder)}" for side in sides)
        problem = f"{len(sides)} runs of '{sides[0].result['task']}': {listed}"
        raise UserError("", problem, "one run of a task on each side, or the same models and methods on both")
    return sides[0]


def differences(
    first: FinishedRun, second: FinishedRun, *, metrics: Sequence[str] = (), resamples: int = 10_000, seed: int = 0
) -> list[Difference]:
    """Return what every common metric says of two runs of one task, in the order of the first; p is not adjusted yet.

    Raises
    ------
    UserError
        The runs are not over the same items and gold, or share no metric.
    """
    require_comparable(first, second)
    common = [name for name in first.result["metrics"] if name in second.result["metrics"]]
    unknown = [name for name in metrics if naming.named(name, common) is None]
    if unknown or not common:
        problem = f"{first.title} and {second.title} have no metric '{', '.join(unknown)}' in common"
        raise UserError("--metric", problem, f"one of: {', '.join(common) or 'none'}")
    wanted = {naming.named(name, common) for name in metrics}
    chosen = [name for name in common if not wanted or name in wanted]
    order = _places(first, second)
    rows = []
    for name in chosen:
        metric = first.metric(name)
        a, b = first.statistics(metric), second.statistics(metric)[order]
        undefined = [np.isnan(table).any(axis=1) for table in (a, b)]
        both = ~(undefined[0] | undefined[1])
        if both.any():
            row = _difference(metric, a[both], b[both], resamples=resamples, seed=seed)
            one_sided = int((undefined[0] != undefined[1]).sum())
            rows.append(replace(row, task=first.result["task"], left_out=one_sided))
    if not rows:
        raise UserError(shown(first.folder), "no metric has a value for an item in both runs", "metrics with values")
    return rows


def require_comparable(first: FinishedRun, second: FinishedRun) -> None:
    """Refuse runs whose numbers do not answer one question.

    Raises
    ------
    UserError
        They differ in type of task, or in items or gold; the keys of the tasks' configs that differ are named.
    """
    for key, what in (("task_type", "types of task"), ("test_fingerprint", "items or gold")):
        if first.result.get(key) == second.result.get(key):
            continue
        tasks = [side.result.get("config", {}).get("task", {}) for side in (first, second)]
        differ = sorted(k for k in {*tasks[0], *tasks[1]} if tasks[0].get(k) != tasks[1].get(k))
        hint = _what_differs(first, second, differ)
        where = f"{shown(first.folder)} and {shown(second.folder)}"
        raise UserError(where, f"different {what}", "runs over the same items and gold", hint)


def _what_differs(first: FinishedRun, second: FinishedRun, keys: Sequence[str]) -> str:
    """Return why two runs are over different items: a sample, keys of the task, or data that have changed."""
    settings = [side.result.get("config", {}).get("settings", {}) for side in (first, second)]
    samples = [(setting.get("limit"), setting.get("seed")) for setting in settings]
    if samples[0] != samples[1] and samples != [(None, samples[0][1]), (None, samples[1][1])]:
        texts = [f"limit {limit or 'none'}, seed {seed}" for limit, seed in samples]
        return f"they are samples of their own: {texts[0]} and {texts[1]}"
    return f"their tasks differ in: {', '.join(keys)}" if keys else "the data behind them have changed"


def _places(first: FinishedRun, second: FinishedRun) -> Any:
    """Return the row of each of the first run's items in the second's table."""
    row_of = {key: row for row, key in enumerate(second.items["id"])}
    missing = [key for key in first.items["id"] if key not in row_of]
    if missing or not len(row_of) == len(first.items["id"]) == len(second.items["id"]):
        problem = (
            f"{len(missing)} items of {shown(first.folder)} are missing" if missing else "more items, or one twice"
        )
        raise UserError(shown(second.folder), problem, "the same items in both runs")
    return np.array([row_of[key] for key in first.items["id"]])


def _difference(metric: Metric, a: DoubleArray, b: DoubleArray, *, resamples: int, seed: int) -> Difference:
    (first, second), drawn = resampled(metric, [a, b], resamples=resamples, seed=seed)
    low, high = percentile(second - first)
    test, p = _test(metric, a, b, second - first, seed=seed, drawn=drawn)
    values = metric.reduce(a), metric.reduce(b)
    row = Difference(
        "", metric.name, metric.unit, metric.better, *values, values[1] - values[0], low, high, p, test, len(a), 0
    )
    if a.shape[1] > 1:
        return row
    gains = (b - a)[:, 0] * (1 if metric.better == "higher" else -1)
    wins, losses = int((gains > 0).sum()), int((gains < 0).sum())
    return replace(row, wins=wins, ties=len(a) - wins - losses, losses=losses)


def _test(
    metric: Metric, a: DoubleArray, b: DoubleArray, resampled_differences: DoubleArray, *, seed: int, drawn: int
) -> tuple[str, float]:
    """Return the name and the p of the paired test that fits a metric."""
    if metric.interval == "wilson":
        return "McNemar", mcnemar(a[:, 0], b[:, 0])
    if metric.of_sums is mean and a.shape[1] == 1:
        return "sign flips", sign_flips((b - a)[:, 0], seed=seed)
    return f"bootstrap(B={drawn})", bootstrap_p(resampled_differences)


_CORRECTIONS: dict[str, Callable[[Sequence[float]], list[float]]] = {"holm": holm, "fdr": benjamini_hochberg}


def adjusted(rows: Sequence[Difference], correction: Correction = "holm") -> list[Difference]:
    """Return all differences of a comparison with their p among each other."""
    values = _CORRECTIONS[correction]([row.p for row in rows])
    return [replace(row, adjusted=value) for row, value in zip(rows, values, strict=True)]


def changed_items(first: FinishedRun, second: FinishedRun, metric: str) -> list[tuple[str, float, float, str, str]]:
    """Return (id, first's value, second's, both previews) of every item, those that changed most first.

    Raises
    ------
    UserError
        The metric has no value for a single item.
    """
    resolved, order = first.metric(metric), _places(first, second)
    a, b = first.statistics(resolved), second.statistics(resolved)[order]
    if a.shape[1] > 1:
        raise UserError("--items", f"'{metric}' has no value for a single item", "a metric that is a mean over items")
    change = np.nan_to_num(np.abs(b - a)[:, 0], nan=-1.0)
    texts = first.items["prediction"], second.items["prediction"][order]
    ids = first.items["id"]
    return [
        (str(ids[i]), float(a[i, 0]), float(b[i, 0]), str(texts[0][i]), str(texts[1][i]))
        for i in np.argsort(-change, kind="stable")
    ]
