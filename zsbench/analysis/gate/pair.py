"""A run of the baseline and the run of the same names today, metric by metric.

Values that are exactly the same, from exactly the same statistics, need no comparison: deterministic runs end there.
Everything else gets the interval of a paired comparison, from the same resamples of the same items in both runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path

from zsbench.analysis.comparison import Settings
from zsbench.analysis.comparison.joined import Tables
from zsbench.analysis.comparison.judge import replicates
from zsbench.analysis.gate import averages
from zsbench.analysis.gate.baseline import Baseline, KeptRun, title
from zsbench.analysis.gate.kept import Ordered, Past, method_of, options_of, prompts_of
from zsbench.analysis.gate.results import Suite
from zsbench.analysis.gate.rules import LEAST_UNITS, Rule, rounding
from zsbench.analysis.gate.tables import Ends, joined, units_of
from zsbench.analysis.gate.verdict import Kind, Verdict
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.words import number_of
from zsbench.metrics.bootstrap import percentile
from zsbench.results import protocols
from zsbench.results.finished_run import FinishedRun

_AGREES = 1e-9


@dataclass(frozen=True)
class Pair:
    """Two runs of equal names, with all that it takes to judge them."""

    baseline: Baseline
    path: Path
    suite: Suite
    kept: KeptRun
    run: FinishedRun
    rule: Rule
    settings: Settings

    def verdicts(self, empty: Verdict) -> list[Verdict]:
        """Return one verdict a metric, or one that says why the runs cannot be compared; `empty` has their names."""
        differ = self._differ()
        if differ:
            return [replace(empty, kind="incomparable", reason="; ".join(differ))]
        if self.run.is_average:
            rows = [self._with_values(name, empty) for name in self._names()]
            return [row if row.reason else self._judged(row, self._of_average) for row in rows]
        try:
            items = Ordered.of(self.run)
        except UserError as error:
            return [replace(empty, kind="damaged", reason=str(error))]
        known = self.baseline.items[self.kept.test_fingerprint]
        if items.kept().ids != known.ids:
            reason = f"items.parquet holds other items ({known.n} then, {len(items.ids)} now)"
            return [replace(empty, kind="incomparable", reason=reason)]
        return self._of_items([self._with_values(name, empty) for name in self._names()], items)

    def notes(self) -> list[str]:
        """Return the options that have changed, and the metrics that have a value neither then nor now."""
        then, now = self.kept.options, options_of(self.run.result)
        changed = [
            f"{key} {then.get(key, 'default')} → {now.get(key, 'default')}"
            for key in dict.fromkeys([*then, *now])
            if then.get(key) != now.get(key)
        ]
        if not changed and self.kept.model_fingerprint != self.run.result.get("model_fingerprint", ""):
            changed = [] if self.run.is_average else ["the model's weights or files"]
        if self.run.names[2] != self.kept.method:
            changed.insert(0, f"called {self.run.names[2]} now")
        name = title(self.kept.task, self.kept.model, self.kept.method)
        notes = [f"{name}: changed since the baseline: {', '.join(changed)}"] if changed else []
        metrics = self.run.result["metrics"]
        empty = [key for key in metrics if key not in self.kept.metrics and metrics[key]["value"] is None]
        return notes + ([f"{name}: without a value and not checked: {', '.join(empty)}"] if empty else [])

    def _differ(self) -> list[str]:
        """Return what makes the two runs answers to different questions."""
        result, kept = self.run.result, self.kept
        version = result.get("config", {}).get("task", {}).get("version", kept.version)
        facts = (
            ("type of task", kept.task_type, result.get("task_type", "")),
            ("version of the task", kept.version, kept.version if self.run.is_average else version),
            ("protocol", *self._protocols()),
        )
        differ = [f"other {what} ('{then}' then, '{now}' now)" for what, then, now in facts if then != now]
        if result.get("test_fingerprint", "") != kept.test_fingerprint:
            differ.append("other data (items or gold)")
        elif result.get("data_fingerprint", "") != kept.data_fingerprint:
            differ.append("other data (inputs)")
        return differ + (["other prompts"] if prompts_of(result) != kept.prompts else [])

    def _protocols(self) -> tuple[str, str]:
        """Return what the task states then and now; a method's settings may change, and `notes` names them."""
        then, now = self.kept.protocol, self.run.result.get("protocol", "")
        if then == now:
            return then, now
        of_now = self.run.result.get("config", {}).get("method")
        return protocols.of_task(then, method_of(self.kept.options)), protocols.of_task(now, of_now)

    def _names(self) -> list[str]:
        """Return the metrics then and now; what never had a value is no new metric."""
        metrics = self.run.result["metrics"]
        new = [name for name in metrics if name not in self.kept.metrics and metrics[name]["value"] is not None]
        return [*self.kept.metrics, *new]

    def _with_values(self, name: str, empty: Verdict) -> Verdict:
        """Return a metric with its values; its verdict stands where they already give it, else its reason is empty."""
        score, kept = self.run.result["metrics"].get(name), self.kept.metrics.get(name)
        row = replace(empty, metric=name, kind="same", reason="")
        if score is None or kept is None:
            kind: Kind = "missing" if score is None else "new"
            reason = "no such metric now" if score is None else "a metric that the baseline lacks"
            return replace(row, kind=kind, reason=reason)
        tolerance = self.rule.tolerances.of(name, self.kept.task, kept.unit)
        row = replace(row, then=kept.value, now=score["value"], unit=kept.unit, better=kept.better, n=score["n"])
        row = replace(row, tolerance=tolerance)
        if (kept.unit, kept.better) != (score["unit"], score.get("better", "higher")):
            reason = f"other metric ({kept.unit or 'no unit'}, {kept.better} is better, then)"
            return replace(row, kind="incomparable", reason=reason)
        if row.then is None or row.now is None:
            when = "then and now" if row.then is row.now else "then" if row.then is None else "now"
            return replace(row, kind="undefined", reason=f"undefined {when}")
        return replace(row, difference=row.now - row.then)

    def _of_items(self, rows: list[Verdict], items: Ordered) -> list[Verdict]:
        """Return the verdicts on metrics that are compared item by item; all that have moved are resampled together."""
        past = Past(self.path, self.kept, self.baseline.items[self.kept.test_fingerprint], items)
        tables: dict[str, Tables] = {}
        for number, row in enumerate(rows):
            if not row.reason:
                rows[number] = self._exactly(row, past, tables)
        drawn = replicates(list(tables.values()), self.settings)
        ends = {
            name: Ends(*percentile(now - then), units_of(table), table.clusters is not None)
            for (name, table), (then, now) in zip(tables.items(), drawn, strict=True)
        }
        return [row if row.reason else self._judged(row, ends.get(row.metric, Ends())) for row in rows]

    def _exactly(self, row: Verdict, past: Past, tables: dict[str, Tables]) -> Verdict:
        """Return the verdict that the statistics give without any resampling; a row without one leaves its tables."""
        metric, then, now = self.run.metric(row.metric), row.then or 0.0, row.now or 0.0
        before = past.statistics(row.metric)
        try:
            after = self.run.statistics(metric)[past.present.rows]
        except UserError as error:
            return replace(row, kind="damaged", reason=str(error))
        if before.shape != after.shape:
            reason = f"other metric ({before.shape[1]} statistics an item then, {after.shape[1]} now)"
            return replace(row, kind="incomparable", reason=reason)
        if np.array_equal(before, after, equal_nan=True) and _agree(then, now):
            return replace(row, kind="same", reason="exactly the same items")
        had, has = (~np.isnan(table).any(axis=1) for table in (before, after))
        recomputed = metric.reduce(before) if had.any() else float("nan")
        if not _agree(then, recomputed):
            reason = f"other metric, or an edited baseline: its items give {recomputed:.6g}, and it says {then:.6g}"
            return replace(row, kind="incomparable", reason=reason)
        present = metric.reduce(after) if has.any() else float("nan")
        if not _agree(now, present):
            reason = f"its items give {present:.6g} now, and its result says {now:.6g}"
            return replace(row, kind="damaged", reason=reason)
        lost = int((had & ~has).sum())
        if lost:
            reason = f"undefined now for {number_of(lost, 'item')} that had a value"
            return replace(row, kind="undefined", reason=reason)
        if abs(now - then) > rounding(row.unit, then, now) and has.any():
            tables[row.metric] = joined(metric, before, after, past.clusters)
        return row

    def _of_average(self) -> Ends:
        """Return the interval of what a row over tasks gained."""
        return averages.interval(self.baseline, self.path, self.kept, self.suite, self.run, self.settings)

    def _judged(self, row: Verdict, ends: Ends | Callable[[], Ends]) -> Verdict:
        """Return the verdict on two values and the interval of now minus then."""
        then, now = row.then or 0.0, row.now or 0.0
        slack = rounding(row.unit, then, now)
        loss = (then - now) if row.better == "higher" else (now - then)
        if abs(loss) <= slack:
            return replace(row, kind="same", reason="the same value" if loss == 0 else "the same but for rounding")
        ends = ends() if callable(ends) else ends
        row = row if isnan(ends.low) else replace(row, low=ends.low, high=ends.high)
        few = f"few {'clusters' if ends.are_clusters else 'items'} ({ends.units})" if ends.units < LEAST_UNITS else ""
        if loss < 0:
            return replace(row, kind="better", reason=few if few and not isnan(ends.low) else "better")
        near = -ends.high if row.better == "higher" else ends.low
        if isnan(near) and self.rule.mode != "tolerance":
            return replace(row, kind="undefined", reason="worse, and its difference has no interval")
        reason = self.rule.failure(loss, float("nan") if few else near, row.tolerance, slack)
        if reason:
            return replace(row, kind="failed", reason=reason)
        within = [few] if few else ["within noise"] if near <= 0 else []
        within += ["within the tolerance"] if row.tolerance is not None and loss <= row.tolerance + slack else []
        return replace(row, kind="tolerated", reason=" and ".join(within) or "not surely beyond the tolerance")


def _agree(first: float, second: float) -> bool:
    """Say whether two values of one metric are the same, however their items were added up."""
    return abs(first - second) <= _AGREES * max(1.0, abs(first))
