"""Runs whose title has changed with an option in it: `span-threshold` then, `span-threshold(threshold=0.3)` now.

A changed option is what a gate is for, so such a run is compared with what it was, and not reported as one that is
missing and one that is new. Labels are names that people chose: another label is another run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from zsbench.analysis.gate.baseline import Baseline, KeptRun
from zsbench.analysis.gate.kept import method_of, options_of
from zsbench.analysis.gate.results import Suite
from zsbench.results.finished_run import FinishedRun

Key = tuple[str, ...]

_OPTIONS = re.compile(r"\([^()]*\)")


def under_kept_titles(baseline: Baseline, suite: Suite) -> Suite:
    """Return a suite with its runs under the titles that the baseline has for them.

    A new run and a missing one are the same where task, model and rules are, and no other run could be meant; rows
    over tasks where their tasks are.
    """
    missing = {name: kept for name, kept in baseline.runs.items() if name not in (suite.runs.keys() | suite.unusable)}
    new = {name: run for name, run in suite.runs.items() if name not in baseline.runs}
    then = _single((_key(kept.task, kept.model, kept.method, kept.options), name) for name, kept in missing.items())
    now = _single((_key(*run.names, options_of(run.result)), name) for name, run in new.items())
    titles = {now[key]: then[key] for key in now.keys() & then.keys()}
    _add_averages(titles, missing, new, suite)
    return replace(suite, runs={titles.get(name, name): run for name, run in suite.runs.items()})


def _add_averages(
    titles: dict[str, str], missing: Mapping[str, KeptRun], new: Mapping[str, FinishedRun], suite: Suite
) -> None:
    """Add the rows over tasks whose parts are the same; a row may be over other such rows."""
    names = {run.result.get("config_hash", ""): name for name, run in suite.runs.items()}
    rows = {(kept.task, kept.model, *kept.of): name for name, kept in missing.items() if kept.of}
    averages = {name: run for name, run in new.items() if run.is_average}
    before = -1
    while before != len(titles):
        before = len(titles)
        for name, run in averages.items():
            parts = [names.get(part, "") for part in run.result["config"]["of"]]
            key = (*run.names[:2], *(titles.get(part, part) for part in parts))
            if key in rows:
                titles[name] = rows[key]


def _key(task: str, model: str, method: str, options: Mapping[str, Any]) -> Key:
    """Return what stays the same about a run when options in its title change; empty where the title is a label."""
    rules = tuple(str(link.get("name", "")) for link in method_of(options))
    plain = _OPTIONS.sub("", method)
    return (task, model, plain, *rules) if rules and set(plain.split("+")) <= set(rules) else ()


def _single(keyed: Iterable[tuple[Key, str]]) -> dict[Key, str]:
    """Return the name of every key that exactly one run has."""
    names: dict[Key, list[str]] = {}
    for key, name in keyed:
        names.setdefault(key, []).append(name)
    return {key: listed[0] for key, listed in names.items() if key and len(listed) == 1}
