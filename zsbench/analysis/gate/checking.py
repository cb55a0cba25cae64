"""A suite beside its baseline: the verdicts on all of its runs, and on those that are on one side only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zsbench.analysis.comparison import Settings
from zsbench.analysis.gate.baseline import Baseline
from zsbench.analysis.gate.pair import Pair
from zsbench.analysis.gate.renamed import under_kept_titles
from zsbench.analysis.gate.results import Suite
from zsbench.analysis.gate.rules import LEAST_UNITS, Rule
from zsbench.analysis.gate.verdict import Verdict
from zsbench.core.errors import shown


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
    suite = under_kept_titles(baseline, suite)
    verdicts: list[Verdict] = []
    notes: list[str] = []
    for name, kept in baseline.runs.items():
        empty = Verdict(suite.name, kept.task, kept.model, kept.method, "", "missing", "no result of this run")
        if name in suite.runs:
            pair = Pair(baseline, path, suite, kept, suite.runs[name], rule, Settings(resamples, seed))
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
    if any(verdict.reason.startswith("few ") for verdict in verdicts):
        less = f"fewer than {LEAST_UNITS} items, or clusters of them,"
        notes.append(f"few items: a difference of {less} may always be noise; only a tolerance fails it")
    return Checked(verdicts, notes)


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
