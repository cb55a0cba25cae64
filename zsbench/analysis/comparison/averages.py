"""Rows over several tasks compared: the difference of two averages from the differences of their parts.

Every replicate draws the items of all parts and averages them as the row does. Parts that share their items (the same
test set with another model's candidates, another shot count) are drawn together, item by item; parts with items of
their own are drawn independently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from zsbench.analysis.comparison.difference import Difference
from zsbench.analysis.comparison.entrants import Entrant
from zsbench.analysis.comparison.joined import Joined, Tables
from zsbench.analysis.comparison.judge import Settings, replicates, values_of
from zsbench.analysis.comparison.sides import Side
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.bootstrap import percentile
from zsbench.metrics.paired import bootstrap_p
from zsbench.results.finished_run import FinishedRun

_APART = 1_000_003
"""Between the seeds of two test sets, so that their draws have nothing in common."""


@dataclass(frozen=True)
class Meeting:
    """Two averages of one name, and what keeps them from being compared, if anything does."""

    first: FinishedRun
    second: FinishedRun
    obstacle: str = ""


def meetings(first: Side, second: Side) -> list[Meeting]:
    """Return which averages of two sides meet: those of equal names, else the only ones of an average's name."""
    by_names = {average.names: average for average in second.averages}
    same = [Meeting(average, by_names[average.names]) for average in first.averages if average.names in by_names]
    if same:
        return same
    found = []
    for name in dict.fromkeys(average.names[0] for average in first.averages):
        groups = [[a for a in side.averages if a.names[0] == name] for side in (first, second)]
        if groups[1]:
            obstacle = "" if len(groups[0]) == len(groups[1]) == 1 else "several rows of this name on a side"
            found.append(Meeting(groups[0][0], groups[1][0], obstacle))
    return found


def judged_average(meeting: Meeting, first: Side, second: Side, settings: Settings) -> Difference | str:
    """Return the difference of two averages, or a sentence that says why there is none."""
    title = f"no difference of the average '{meeting.first.names[0]}'"
    if meeting.obstacle:
        return f"{title}: {meeting.obstacle}"
    kinds = [_average(run) for run in (meeting.first, meeting.second)]
    if kinds[0] != kinds[1]:
        return f"{title}: the rows are not over the same tasks in the same way"
    of_parts = _parts(meeting, first, second, settings)
    if isinstance(of_parts, str):
        return f"{title}: {of_parts}"
    harmonic = kinds[0].get("kind") == "harmonic"
    values = [_averaged([part.values[side] for part in of_parts], harmonic) for side in (0, 1)]
    shortest = min(len(part.draws[0]) for part in of_parts)
    draws = [_averaged([part.draws[side][:shortest] for part in of_parts], harmonic) for side in (0, 1)]
    low, high = percentile(draws[1] - draws[0], confidence=settings.confidence)
    gains = [(part.values[1] - part.values[0]) * (1 if part.better == "higher" else -1) for part in of_parts]
    wins, losses = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    name, score = next(iter(meeting.first.result["metrics"].items()))
    before, after = (float(value) for value in values)
    return Difference(
        meeting.first.names[0], name, score["unit"], score.get("better", "higher"), before, after, after - before,
        low, high, bootstrap_p(np.nan_to_num(draws[1] - draws[0])), "bootstrap of all parts",
        sum(part.n for part in of_parts), sum(part.left_out for part in of_parts), wins, len(gains) - wins - losses,
        losses, method=f"bootstrap(B={shortest}, seed={settings.seed})", resamples=shortest, seed=settings.seed,
        confidence=settings.confidence,
    )  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """One task of an average: values and replicates of both sides."""

    values: tuple[Any, Any]
    draws: tuple[DoubleArray, DoubleArray]
    better: str
    n: int
    left_out: int


def _average(run: FinishedRun) -> dict[str, Any]:
    config = run.result.get("config")
    average = config.get("average") if isinstance(config, dict) else None
    return average if isinstance(average, dict) else {}


def _parts(meeting: Meeting, first: Side, second: Side, settings: Settings) -> list[_Part] | str:
    """Return the parts in the order of their tasks, or what is lacking."""
    found = []
    for side, run in ((first, meeting.first), (second, meeting.second)):
        by_hash = {each.result.get("config_hash"): each for each in (*side.runs, *side.averages)}
        hashes = run.result["config"].get("of", [])
        lacking = [
            task for task, key in zip(_average(run).get("tasks", []), hashes, strict=False) if key not in by_hash
        ]
        if lacking or not hashes:
            return f"'{side.title}' lacks the results behind it ({', '.join(lacking) or 'none is named'})"
        found.append([by_hash[key] for key in hashes])
    if len(found[0]) != len(found[1]):
        return "they have different numbers of parts"
    if any(part.is_average for parts in found for part in parts):
        return "it is an average of averages"
    seeds: dict[str, int] = {}
    wanted = _average(meeting.first).get("metric")
    parts = []
    for a, b in zip(*found, strict=True):
        test_set = str(a.result.get("test_fingerprint") or len(seeds))
        seed = settings.seed + _APART * seeds.setdefault(test_set, len(seeds))
        name = wanted or next(iter(a.result["metrics"]))
        if any(name not in run.result["metrics"] for run in (a, b)):
            return f"no metric '{name}' on both sides for '{a.names[0]}'"
        tables = Joined(Entrant((a,)), Entrant((b,)), settings.allow).tables(name)
        if not tables.is_defined.any():
            return f"'{name}' is undefined for every item of '{a.names[0]}'"
        parts.append(_part(tables, replace(settings, seed=seed)))
    return parts


def _part(tables: Tables, settings: Settings) -> _Part:
    [draws] = replicates([tables], settings)
    first, second = values_of(tables)
    return _Part((first[0], second[0]), draws, tables.metric.better, len(tables.first[0]), tables.left_out)


def _averaged(parts: Sequence[Any], harmonic: bool) -> DoubleArray:
    """Return the mean or the harmonic mean of parts, (n_parts, ...) -> (...); harmonic, it is 0 where a part is 0."""
    table = np.asarray(parts, dtype=np.float64)
    if not harmonic:
        return np.asarray(table.mean(axis=0))
    is_zero = (table == 0).any(axis=0)
    safe = np.where(table == 0, 1.0, table)
    return np.asarray(np.where(is_zero, 0.0, len(table) / (1 / safe).sum(axis=0)))
