"""Rows over several tasks: the mean of a benchmark's data sets, or the harmonic mean of two.

A task that stands in a row twice, by way of another row, counts with both its weights; tasks that share items (three
seeds over one test set, two depths of one set of queries) err together. See `combination` and `joint` for the interval.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import pstdev, stdev
from typing import Any

from zsbench.config.suites import MIXED, Average
from zsbench.core import files
from zsbench.core.records import SCHEMA_VERSION, canonical_json, digest
from zsbench.results import claim, familiar_parts, store
from zsbench.results.combination import Combination, Score, combined
from zsbench.results.finished_run import AVERAGE, FinishedRun
from zsbench.results.joint import correlations

# What the parts of an average have in common, and what identifies each of them.
_SHARED = ("model", "method", "method_kind", "method_uses", "versions", "commit", "device", "dtype")
_FINGERPRINTS = ("data_fingerprint", "test_fingerprint", "model_fingerprint")


@dataclass(frozen=True)
class Incomplete:
    """An average that a model and a method have some of the tasks of, but not all."""

    name: str
    model: str
    method: str
    missing: list[str]
    n_tasks: int
    config_hashes: list[str]

    def __str__(self) -> str:
        """Say which tasks have no result."""
        tasks = f"{len(self.missing)} of its {self.n_tasks} tasks have no result ({', '.join(self.missing)})"
        return f"no row '{self.name}' for {self.model} / {self.method}: {tasks}"


@dataclass(frozen=True)
class _Row:
    """A task's result or an average, with the tasks' runs and metrics that it goes back to and how it combines them."""

    result: dict[str, Any]
    leaves: tuple[tuple[FinishedRun, str], ...]
    of: Combination | None = None


def averages(wanted: Sequence[Average], runs: Sequence[FinishedRun]) -> tuple[list[dict[str, Any]], list[Incomplete]]:
    """Return one result for every average and every (model, method) that has all of its tasks, and what is incomplete.

    A row of a benchmark's 38 tasks over the 37 that ran would be another benchmark.
    """
    rows = {(run.result["model"], run.result["method"], run.result["task"]): _Row(run.result, ()) for run in runs}
    run_of = {id(run.result): run for run in runs}
    complete, incomplete = [], []
    for average in wanted:
        for model, method in dict.fromkeys((run.result["model"], run.result["method"]) for run in runs):
            parts = {task: rows.get((model, method, task)) for task in average.tasks}
            known = [part for part in parts.values() if part is not None]
            if len(known) == len(parts):
                row = _row(average, known, run_of)
                complete.append(row.result)
                # A later average may go over this one, as over a task.
                rows[model, method, average.name] = row
            elif known:
                missing = [task for task, part in parts.items() if part is None]
                hashes = [part.result["config_hash"] for part in known]
                incomplete.append(Incomplete(average.name, model, method, missing, len(parts), hashes))
    return complete, incomplete


def write(result: dict[str, Any], folder: Path) -> None:
    """Write an average where `zsbench table` finds it, beside the results it came from and beside other averages."""
    files.write_json(claim.place(folder, result["question"]) / "result.json", result)


def remove(lacking: Incomplete, folder: Path) -> None:
    """Take away the averages that earlier runs of these very questions left, whose tasks are no longer all there."""
    for path in folder.parent.glob(f"{glob.escape(folder.name)}*/result.json"):
        kept = store.read_result(path)
        if kept.get("task_type") == "average" and set(lacking.config_hashes) <= set(kept["config"]["of"]):
            path.unlink()


def _row(average: Average, parts: Sequence[_Row], run_of: dict[int, FinishedRun]) -> _Row:
    """Return an average over tasks and over other averages, which go back to tasks themselves."""
    names = [average.metric or next(iter(part.result["metrics"])) for part in parts]
    leaves: dict[tuple[int, str], int] = {}
    runs: list[tuple[FinishedRun, str]] = []
    of_parts: list[int | Combination] = []
    for part, name in zip(parts, names, strict=True):
        own = part.leaves if part.of is not None else ((run_of[id(part.result)], name),)
        numbers = []
        for run, metric in own:
            if (id(run), metric) not in leaves:
                leaves[id(run), metric] = len(runs)
                runs.append((run, metric))
            numbers.append(leaves[id(run), metric])
        of_parts.append(numbers[0] if part.of is None else part.of.renumbered(numbers))
    of = Combination(average.kind, tuple(of_parts))
    return _Row(_result(average, [part.result for part in parts], names, of, runs), tuple(runs), of)


def _result(
    average: Average,
    parts: list[dict[str, Any]],
    names: list[str],
    of: Combination,
    leaves: Sequence[tuple[FinishedRun, str]],
) -> dict[str, Any]:
    name = names[0] if len(set(names)) == 1 else MIXED
    first = parts[0]
    kind = "harmonic mean" if average.kind == "harmonic" else "mean"
    inputs = [part["config_hash"] for part in parts]
    settings = first.get("config", {}).get("settings", {})
    config_hash = digest([canonical_json(average.model_dump()), *inputs])
    values = [part["metrics"][each]["value"] for part, each in zip(parts, names, strict=True)]
    return {
        "schema_version": SCHEMA_VERSION,
        **{key: first[key] for key in _SHARED},
        "task": average.name,
        "task_type": AVERAGE,
        "synthetic": any(part["synthetic"] for part in parts),
        "protocol": f"{kind} of {len(parts)} tasks",
        "spread": {} if average.kind == "harmonic" else spread(values),
        "metrics": {name: _score(of, leaves, settings.get("confidence", 0.95))},
        "n_items": sum(part["n_items"] for part in parts),
        "counts": {},
        "cost": _total([part["cost"] for part in parts]),
        "config": {"average": average.model_dump(), "of": inputs, "settings": settings},
        "config_hash": config_hash,
        "question": config_hash,
        "notes": familiar_parts.notes(parts, values),
        "code": digest(part["code"] for part in parts),
        "inputs": [],
        **{key: digest(part[key] for part in parts) for key in _FINGERPRINTS},
        "seeds": first["seeds"],
        "started": first["started"],
        "seconds": round(sum(part["seconds"] for part in parts), 3),
    }


def _score(of: Combination, leaves: Sequence[tuple[FinishedRun, str]], confidence: float) -> Score:
    """Return the combination of the leaves' scores; the notes of their intervals hold for it too."""
    scores: list[Score] = [run.result["metrics"][name] for run, name in leaves]
    known = all(score["value"] is not None for score in scores)
    r = correlations([run for run, _ in leaves], [name for _, name in leaves]) if known else None
    score = combined(scores, of, correlations=r, confidence=confidence)
    notes = [
        f"{run.result['task']}: {note}" for run, name in leaves if (note := run.result["metrics"][name].get("note"))
    ]
    return {**score, "note": "; ".join(dict.fromkeys(notes))} if notes else score


def spread(values: Sequence[float | None]) -> dict[str, float | None]:
    """Return the standard deviation over the parts, of them as a population and as a sample; papers use either."""
    known = [float(value) for value in values if value is not None]
    if len(known) < len(values) or len(known) < 2:
        return {"std_population": None, "std_sample": None}
    return {"std_population": pstdev(known), "std_sample": stdev(known)}


def _total(costs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return counters added up; memory is a peak, not a sum."""
    names = dict.fromkeys(name for cost in costs for name in cost)
    return {n: (max if n == "peak_memory_mb" else sum)([cost.get(n, 0) for cost in costs]) for n in names}
