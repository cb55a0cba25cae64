"""A new baseline from results that somebody is content with, and what it changes in the old one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from zsbench.analysis.gate.baseline import SCHEMA_VERSION, Baseline, KeptRun
from zsbench.analysis.gate.kept import Ordered, kept_run
from zsbench.analysis.gate.results import Suite
from zsbench.core.errors import UserError, UserErrors

_FACTS = {
    "protocol": "protocol",
    "version": "version of the task",
    "test_fingerprint": "items or gold",
    "data_fingerprint": "inputs",
    "prompts": "prompts",
    "model_fingerprint": "model",
}


@dataclass(frozen=True)
class Change:
    """What a new baseline changes: a metric of a run, or where `metric` is empty, something else about it.

    Attributes
    ----------
    kind : `added`, `removed` or `changed`.
    then, now : the values, where there are any.
    text : what changed, where it is no value.
    """

    suite: str
    task: str
    model: str
    method: str
    metric: str
    kind: Literal["added", "removed", "changed"]
    then: float | None = None
    now: float | None = None
    unit: str = ""
    better: str = "higher"
    text: str = ""


def baseline_of(suite: Suite) -> Baseline:
    """Return the baseline that a suite's results make; metrics without a value are left out.

    Raises
    ------
    UserErrors
        A run is unfinished or its result is damaged; the items of a run cannot be read.
    """
    errors = [
        UserError("", f"{run.title}: {run.reason}", "finished and sound results") for run in suite.unusable.values()
    ]
    titles = {run.result.get("config_hash", ""): name for name, run in suite.runs.items()}
    baseline = Baseline(schema_version=SCHEMA_VERSION, suite=suite.name, items={}, runs={})
    for name, run in suite.runs.items():
        try:
            items = None if run.is_average else Ordered.of(run)
            kept = kept_run(run, titles, items)
        except UserError as error:
            errors.append(error)
            continue
        defined = {key: metric for key, metric in kept.metrics.items() if metric.value is not None}
        baseline.runs[name] = kept.model_copy(update={"metrics": defined})
        # A run made before its source told clusters does not take them away from those made since.
        if items is not None and (items.clusters or kept.test_fingerprint not in baseline.items):
            baseline.items[kept.test_fingerprint] = items.kept()
    if errors:
        raise UserErrors(errors)
    return baseline


def without_value(suite: Suite) -> list[str]:
    """Return `TASK / MODEL / METHOD: METRIC` of every metric that a new baseline leaves out."""
    return [
        f"{name}: {metric}"
        for name, run in suite.runs.items()
        for metric, score in run.result["metrics"].items()
        if score["value"] is None
    ]


def changes(before: Baseline | None, after: Baseline) -> list[Change]:
    """Return what is added, removed and changed, in the order of the new baseline."""
    old = {} if before is None else before.runs
    found: list[Change] = []
    for name, run in after.runs.items():
        found += _of_run(after.suite, old.get(name), run)
    for name, run in old.items():
        if name not in after.runs:
            found += _of_run(after.suite, run, None)
    return found


def _of_run(suite: str, before: KeptRun | None, after: KeptRun | None) -> Iterator[Change]:
    run = after or before
    assert run is not None
    names = (suite, run.task, run.model, run.method)
    if before is not None and after is not None:
        for text in _facts(before, after):
            yield Change(*names, "", "changed", text=text)
    old, new = ({} if side is None else side.metrics for side in (before, after))
    for name in dict.fromkeys([*new, *old]):
        then, now = old.get(name), new.get(name)
        facts = now or then
        assert facts is not None
        if then is None or now is None:
            old_value, new_value = (None if side is None else side.value for side in (then, now))
            kind: Literal["added", "removed"] = "added" if then is None else "removed"
            yield Change(*names, name, kind, old_value, new_value, facts.unit, facts.better)
        elif then != now:
            text = "the same value from other answers" if then.value == now.value else ""
            yield Change(*names, name, "changed", then.value, now.value, facts.unit, facts.better, text)


def _facts(before: KeptRun, after: KeptRun) -> Iterator[str]:
    """Yield what else has changed about a run."""
    for key, what in _FACTS.items():
        then, now = getattr(before, key), getattr(after, key)
        if then != now:
            yield f"{what}: {then or 'none'} → {now or 'none'}" if key in ("protocol", "version") else f"other {what}"
    for key in dict.fromkeys([*before.options, *after.options]):
        then, now = before.options.get(key, "default"), after.options.get(key, "default")
        if then != now:
            yield f"{key}: {then} → {now}"
