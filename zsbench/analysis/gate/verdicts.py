"""What became of every metric of a baseline: the same, better, worse and tolerated, failed, or not to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import Literal, get_args

from zsbench.analysis import comparison
from zsbench.analysis.gate import averages
from zsbench.analysis.gate.baseline import Baseline, KeptRun, title
from zsbench.analysis.gate.kept import Ordered, PastRun, options_of, prompts_of
from zsbench.analysis.gate.results import Suite
from zsbench.analysis.gate.rules import Rule, rounding
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import np
from zsbench.results.finished_run import FinishedRun

Kind = Literal[
    "same", "better", "tolerated", "failed", "undefined", "new", "missing", "incomparable", "unfinished", "damaged"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
PASSES = frozenset({"same", "better", "tolerated"})

_AGREES = 1e-9


@dataclass(frozen=True)
class Verdict:
    """What became of one metric of a run, or of a whole run where `metric` is empty.

    Attributes
    ----------
    reason : why it counts, in words.
    then, now : the values, shares 0-1; None where there is none.
    difference : now minus then, with its interval `low` to `high` where the items gave one.
    tolerance : in the unit of the values; None where none was given.
    """

    suite: str
    task: str
    model: str
    method: str
    metric: str
    kind: Kind
    reason: str = ""
    then: float | None = None
    now: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    tolerance: float | None = None
    unit: str = ""
    better: str = "higher"
    n: int = 0

    @property
    def passes(self) -> bool:
        """Whether the gate stays open."""
        return self.kind in PASSES

    @property
    def run(self) -> str:
        """What the run is called."""
        return title(self.task, self.model, self.method)


@dataclass(frozen=True)
class Checked:
    """A suite beside its baseline.

    Attributes
    ----------
    verdicts : in the order of the baseline, what is new behind them.
    notes : what is worth knowing beside: options that have changed, metrics that are not checked.
    """

    verdicts: list[Verdict]
    notes: list[str]


def check(
    baseline: Baseline, path: Path, suite: Suite, rule: Rule, *, resamples: int = 10_000, seed: int = 0
) -> Checked:
    """Return the verdicts on a suite's runs beside its baseline, which was read from `path`.

    Raises
    ------
    UserError
        The baseline is damaged.
    """
    verdicts: list[Verdict] = []
    notes: list[str] = []
    for name, kept in baseline.runs.items():
        empty = Verdict(suite.name, kept.task, kept.model, kept.method, "", "missing", "no result of this run")
        if name in suite.runs:
            pair = _Pair(baseline, path, suite, kept, suite.runs[name], rule, resamples, seed)
            verdicts += pair.verdicts(empty)
            notes += pair.notes()
        elif name in suite.unusable:
            broken = suite.unusable[name]
            verdicts.append(replace(empty, kind=broken.kind, reason=broken.reason))
        else:
            verdicts.append(empty)
    for name, run in suite.runs.items():
        if name not in baseline.runs:
            reason = "not in the baseline; --update takes it in"
            verdicts.append(Verdict(suite.name, *run.names, "", "new", reason))
    for name, broken in suite.unusable.items():
        if name not in baseline.runs:
            names = (broken.task, broken.model, broken.method)
            verdicts.append(Verdict(suite.name, *names, "", broken.kind, broken.reason))
    return Checked(verdicts, notes)


@dataclass(frozen=True)
class _Pair:
    """A run of the baseline and the run of the same names today."""

    baseline: Baseline
    path: Path
    suite: Suite
    kept: KeptRun
    run: FinishedRun
    rule: Rule
    resamples: int
    seed: int

    def verdicts(self, empty: Verdict) -> list[Verdict]:
        """Return one verdict a metric, or one that says why the runs cannot be compared."""
        differ = self._differ()
        if differ:
            return [replace(empty, kind="incomparable", reason="; ".join(differ))]
        try:
            items = None if self.run.is_average else Ordered.of(self.run)
        except UserError as error:
            return [replace(empty, kind="damaged", reason=str(error))]
        if items is not None:
            known = self.baseline.items[self.kept.test_fingerprint]
            if items.kept().ids != known.ids:
                reason = f"items.parquet holds other items ({known.n} then, {len(items.ids)} now)"
                return [replace(empty, kind="incomparable", reason=reason)]
        return [self._of_metric(name, empty, items) for name in self._names()]

    def notes(self) -> list[str]:
        """Return the options that have changed, and the metrics that have a value neither then nor now."""
        then, now = self.kept.options, options_of(self.run.result)
        changed = [
            f"{key} {then.get(key, 'default')} → {now.get(key, 'default')}"
            for key in dict.fromkeys([*then, *now])
            if then.get(key) != now.get(key)
        ]
        if not changed and self.kept.model_fingerprint != self.run.result.get("model_fingerprint", ""):
            changed = ["the model's weights or files"] if not self.run.is_average else []
        name = title(*self.run.names)
        notes = [f"{name}: changed since the baseline: {', '.join(changed)}"] if changed else []
        metrics = self.run.result["metrics"]
        empty = [key for key in metrics if key not in self.kept.metrics and metrics[key]["value"] is None]
        return notes + ([f"{name}: without a value and not checked: {', '.join(empty)}"] if empty else [])

    def _differ(self) -> list[str]:
        """Return what makes the two runs answers to different questions."""
        result, kept = self.run.result, self.kept
        version = result.get("config", {}).get("task", {}).get("version", kept.version)
        data = (result.get("test_fingerprint", ""), result.get("data_fingerprint", ""))
        facts = (
            ("type of task", kept.task_type, result.get("task_type", "")),
            ("version of the task", str(kept.version), str(kept.version if self.run.is_average else version)),
            ("protocol", kept.protocol, result.get("protocol", "")),
        )
        differ = [f"other {what} ('{then}' then, '{now}' now)" for what, then, now in facts if then != now]
        if data[0] != kept.test_fingerprint:
            differ.append("other data (items or gold)")
        elif data[1] != kept.data_fingerprint:
            differ.append("other data (inputs)")
        return differ + (["other prompts"] if prompts_of(result) != kept.prompts else [])

    def _names(self) -> list[str]:
        """Return the metrics then and now; what never had a value is no new metric."""
        metrics = self.run.result["metrics"]
        return [
            *self.kept.metrics,
            *(n for n in metrics if n not in self.kept.metrics and metrics[n]["value"] is not None),
        ]

    def _of_metric(self, name: str, empty: Verdict, items: Ordered | None) -> Verdict:
        score, kept = self.run.result["metrics"].get(name), self.kept.metrics.get(name)
        row = replace(empty, metric=name)
        if score is None or kept is None:
            kind: Kind = "missing" if score is None else "new"
            reason = "no such metric now" if score is None else "a metric that the baseline lacks"
            return replace(row, kind=kind, reason=reason)
        tolerance = self.rule.tolerances.of(name, self.kept.task, kept.unit)
        row = replace(row, then=kept.value, now=score["value"], unit=kept.unit, better=kept.better, n=score["n"])
        row = replace(row, tolerance=tolerance)
        if (kept.unit, kept.better) != (score["unit"], score["better"]):
            reason = f"other metric ({kept.unit or 'no unit'}, {kept.better} is better, then)"
            return replace(row, kind="incomparable", reason=reason)
        then, now = row.then, row.now
        if then is None or now is None:
            when = "then and now" if then is now else "then" if then is None else "now"
            return replace(row, kind="undefined", reason=f"undefined {when}")
        row = replace(row, difference=now - then)
        if items is None:
            return self._judged(row, then, now, has_interval=True)
        return self._of_items(row, then, now, items)

    def _of_items(self, row: Verdict, then: float, now: float, items: Ordered) -> Verdict:
        """Return the verdict on a metric that is compared item by item."""
        past = PastRun.of(self.baseline, self.kept, items, self.path)
        metric = self.run.metric(row.metric)
        before = past.statistics(metric)
        try:
            after = self.run.statistics(metric)[items.rows]
        except UserError as error:
            return replace(row, kind="damaged", reason=str(error))
        if before.shape != after.shape:
            reason = f"other metric ({before.shape[1]} statistics an item then, {after.shape[1]} now)"
            return replace(row, kind="incomparable", reason=reason)
        if np.array_equal(before, after, equal_nan=True) and abs(now - then) <= _AGREES * max(1.0, abs(then)):
            return replace(row, kind="same", reason="exactly the same items")
        had, has = (~np.isnan(table).any(axis=1) for table in (before, after))
        recomputed = metric.reduce(before) if had.any() else float("nan")
        if not abs(recomputed - then) <= _AGREES * max(1.0, abs(then)):
            reason = f"other metric, or an edited baseline: its items give {recomputed:.6g}, and it says {then:.6g}"
            return replace(row, kind="incomparable", reason=reason)
        lost = int((had & ~has).sum())
        if lost:
            return replace(row, kind="undefined", reason=f"undefined now for {lost} items that had a value")
        return self._judged(row, then, now, has_interval=bool((had & has).any()), past=past)

    def _judged(
        self, row: Verdict, then: float, now: float, *, has_interval: bool, past: PastRun | None = None
    ) -> Verdict:
        """Return the verdict on two values."""
        slack = rounding(row.unit, then, now)
        loss = (then - now) if row.better == "higher" else (now - then)
        if abs(loss) <= slack:
            return replace(row, kind="same", reason="the same value" if loss == 0 else "the same but for rounding")
        low, high = self._interval(row, past) if has_interval else (float("nan"), float("nan"))
        if not isnan(low):
            row = replace(row, low=low, high=high)
        if loss < 0:
            return replace(row, kind="better", reason="better")
        near = -high if row.better == "higher" else low
        if isnan(near) and self.rule.mode != "tolerance":
            return replace(row, kind="undefined", reason="worse, and its difference has no interval")
        reason = self.rule.failure(loss, near, row.tolerance, slack)
        if reason:
            return replace(row, kind="failed", reason=reason)
        is_noise = isnan(near) or near <= 0
        within = ["within noise"] if is_noise and not isnan(near) else []
        within += ["within the tolerance"] if row.tolerance is not None and loss <= row.tolerance + slack else []
        return replace(row, kind="tolerated", reason=" and ".join(within) or "not surely beyond the tolerance")

    def _interval(self, row: Verdict, past: PastRun | None) -> tuple[float, float]:
        """Return the 95 % interval of now minus then."""
        if past is None:
            return averages.interval(
                self.baseline, self.path, self.kept, self.suite, self.run, self.resamples, self.seed
            )
        try:
            [difference] = comparison.differences(
                past, self.run, metrics=[row.metric], resamples=self.resamples, seed=self.seed
            )
        except UserError:  # no item with a value in both
            return float("nan"), float("nan")
        return difference.low, difference.high


def without_baseline(suite: Suite, path: Path) -> Checked:
    """Return the verdicts on a suite that has no baseline at `path`: every run of it is new."""
    reason = f"no baseline {shown(path)}; --update writes it"
    unusable = [
        Verdict(suite.name, run.task, run.model, run.method, "", run.kind, run.reason)
        for run in suite.unusable.values()
    ]
    new = [Verdict(suite.name, *run.names, "", "new", reason) for run in suite.runs.values()]
    return Checked([*new, *unusable], [])


def without_results(baseline: Baseline) -> Checked:
    """Return the verdicts on a baseline of a folder whose suite has no results: every run of it is missing."""
    reason = "no result of this suite; name the file of one baseline to check its suite alone"
    rows = [
        Verdict(baseline.suite, run.task, run.model, run.method, "", "missing", reason)
        for run in baseline.runs.values()
    ]
    return Checked(rows, [])


def distinct_metrics(baseline: Baseline | None, suite: Suite) -> Sequence[tuple[str, str]]:
    """Return (metric, task) of all that a suite and its baseline have."""
    kept = [(name, run.task) for run in baseline.runs.values() for name in run.metrics] if baseline else []
    present = [(name, run.result["task"]) for run in suite.runs.values() for name in run.result["metrics"]]
    return list(dict.fromkeys([*kept, *present]))
