"""The interval of what a row over tasks gained: all tasks are resampled, in both runs alike, and averaged anew.

Tasks over the same test items share their resamples, so that what they gain together is not taken for chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from zsbench.analysis.comparison import Settings
from zsbench.analysis.comparison.judge import replicates
from zsbench.analysis.gate.baseline import Baseline, KeptRun
from zsbench.analysis.gate.kept import Ordered, Past
from zsbench.analysis.gate.results import Suite
from zsbench.analysis.gate.tables import Ends, joined, units_of
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.bootstrap import percentile
from zsbench.results.combination import Combination
from zsbench.results.finished_run import FinishedRun

Draws = tuple[DoubleArray, DoubleArray]

_APART = 1_000_003
"""Between the seeds of two test sets, so that their draws have nothing in common."""


def interval(baseline: Baseline, path: Path, kept: KeptRun, suite: Suite, run: FinishedRun, settings: Settings) -> Ends:
    """Return the 95 % interval of now minus then of a row over tasks; NaN where its tasks are not all there.

    Its units are those of all test sets, each counted once.
    """
    averaging = _Averaging(baseline, path, suite, settings)
    draws = averaging.of_row(kept, run)
    return Ends() if draws is None else Ends(*percentile(draws[1] - draws[0]), sum(averaging.units.values()))


@dataclass(frozen=True)
class _Averaging:
    baseline: Baseline
    path: Path
    suite: Suite
    settings: Settings
    seeds: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)

    def of_row(self, kept: KeptRun, run: FinishedRun) -> Draws | None:
        """Return the resampled values (B,) then and now of a row over tasks, or None where a task lacks them."""
        average = run.result["config"]["average"]
        parts: list[Draws] = []
        for name in kept.of:
            part, present = self.baseline.runs[name], self.suite.runs.get(name)
            if present is None:
                return None
            draws = self.of_row(part, present) if part.of else self._of_task(part, present, average["metric"])
            if draws is None:
                return None
            parts.append(draws)
        drawn = min(len(part[0]) for part in parts)
        then, now = (np.stack([part[side][:drawn] for part in parts]) for side in (0, 1))
        of = Combination("harmonic" if average["kind"] == "harmonic" else "mean", tuple(range(len(parts))))
        return of.values(then), of.values(now)

    def _of_task(self, kept: KeptRun, run: FinishedRun, wanted: str) -> Draws | None:
        name = wanted or next(iter(kept.metrics), "")
        if name not in kept.metrics or name not in run.result["metrics"]:
            return None
        items = Ordered.of(run)
        known = self.baseline.items[kept.test_fingerprint]
        if items.kept().ids != known.ids:
            return None
        metric, past = run.metric(name), Past(self.path, kept, known, items)
        before, after = past.statistics(name), run.statistics(metric)[items.rows]
        if before.shape != after.shape:
            return None
        tables = joined(metric, before, after, past.clusters)
        if not tables.is_defined.any():
            return None
        self.units[kept.test_fingerprint] = units_of(tables)
        number = self.seeds.setdefault(kept.test_fingerprint, len(self.seeds))
        [draws] = replicates([tables], replace(self.settings, seed=self.settings.seed + _APART * number))
        return draws
