"""Rows over several tasks: the mean of a benchmark's data sets, or the harmonic mean of two.

Interval, from the parts' own (v_i, l_i, h_i) and weights c_i (1/k for a mean, the gradient for a harmonic mean):

    low  = value - sqrt( sum_i (c_i (v_i - l_i))^2 )       parts with different test data (independent)
    low  = value - sum_i c_i (v_i - l_i)                   parts that share test data (never too narrow)

and likewise for high. Source: Zou & Donner 2008 (MOVER) for independent parts.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from statistics import pstdev, stdev
from typing import Any

from zsbench.config.suites import MIXED, Average
from zsbench.core import files
from zsbench.core.records import SCHEMA_VERSION, canonical_json, digest
from zsbench.results import claim, store

Score = dict[str, Any]

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


def averages(
    wanted: Sequence[Average], results: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[Incomplete]]:
    """Return one result for every average and every (model, method) that has all of its tasks, and what is incomplete.

    A row of a benchmark's 38 tasks over the 37 that ran would be another benchmark.
    """
    rows = {(r["model"], r["method"], r["task"]): r for r in results}
    complete, incomplete = [], []
    for average in wanted:
        for model, method in dict.fromkeys((r["model"], r["method"]) for r in results):
            parts = {task: rows.get((model, method, task)) for task in average.tasks}
            known = [part for part in parts.values() if part is not None]
            if len(known) == len(parts):
                complete.append(_result(average, known))
                # A later average may go over this one, as over a task.
                rows[model, method, average.name] = complete[-1]
            elif known:
                missing = [task for task, part in parts.items() if part is None]
                hashes = [part["config_hash"] for part in known]
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


def _result(average: Average, parts: list[dict[str, Any]]) -> dict[str, Any]:
    names = [average.metric or next(iter(part["metrics"])) for part in parts]
    scores: list[Score] = [part["metrics"][name] for part, name in zip(parts, names, strict=True)]
    shared = len({part["test_fingerprint"] for part in parts}) < len(parts)
    name = names[0] if len(set(names)) == 1 else MIXED
    first = parts[0]
    kind = "harmonic mean" if average.kind == "harmonic" else "mean"
    inputs = [part["config_hash"] for part in parts]
    settings = first.get("config", {}).get("settings", {})
    config_hash = digest([canonical_json(average.model_dump()), *inputs])
    return {
        "schema_version": SCHEMA_VERSION,
        **{key: first[key] for key in _SHARED},
        "task": average.name,
        "task_type": "average",
        "synthetic": any(part["synthetic"] for part in parts),
        "protocol": f"{kind} of {len(parts)} tasks",
        "spread": {} if average.kind == "harmonic" else spread([score["value"] for score in scores]),
        "metrics": {name: combined(scores, harmonic=average.kind == "harmonic", shared=shared)},
        "n_items": sum(part["n_items"] for part in parts),
        "counts": {},
        "cost": _total([part["cost"] for part in parts]),
        "config": {"average": average.model_dump(), "of": inputs, "settings": settings},
        "config_hash": config_hash,
        "question": config_hash,
        "code": digest(part["code"] for part in parts),
        "inputs": [],
        **{key: digest(part[key] for part in parts) for key in _FINGERPRINTS},
        "seeds": first["seeds"],
        "started": first["started"],
        "seconds": round(sum(part["seconds"] for part in parts), 3),
    }


def spread(values: Sequence[float | None]) -> dict[str, float | None]:
    """Return the standard deviation over the parts, of them as a population and as a sample; papers use either."""
    known = [float(value) for value in values if value is not None]
    if len(known) < len(values) or len(known) < 2:
        return {"std_population": None, "std_sample": None}
    return {"std_population": pstdev(known), "std_sample": stdev(known)}


def combined(scores: Sequence[Score], *, harmonic: bool = False, shared: bool = False) -> Score:
    """Return the (harmonic) mean of scores with its interval; undefined when a part is undefined.

    Parameters
    ----------
    scores : `value`, `low`, `high`, `unit`, `n`, `better` of each part.
    harmonic : the harmonic mean instead of the mean; 0 when a part is 0.
    shared : whether parts share test data, so that their errors may go together.
    """
    first = scores[0]
    known = {"unit": first["unit"], "n": sum(score["n"] for score in scores), "better": first["better"]}
    if any(score["value"] is None for score in scores):
        return {"value": None, "low": None, "high": None, **known, "interval": "undefined"}
    values, k = [float(score["value"]) for score in scores], len(scores)
    if harmonic:
        value = k / sum(1 / v for v in values) if all(values) else 0.0
        weights = [value * value / (k * v * v) if v else 1.0 for v in values]
    else:
        value, weights = sum(values) / k, [1 / k] * k
    below = [c * (v - score["low"]) for c, v, score in zip(weights, values, scores, strict=True)]
    above = [c * (score["high"] - v) for c, v, score in zip(weights, values, scores, strict=True)]
    spread = sum if shared else (lambda parts: hypot(*parts))
    how = "sum of the parts' widths" if shared else "mover"
    return {"value": value, "low": value - spread(below), "high": value + spread(above), **known, "interval": how}


def _total(costs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return counters added up; memory is a peak, not a sum."""
    names = dict.fromkeys(name for cost in costs for name in cost)
    return {n: (max if n == "peak_memory_mb" else sum)([cost.get(n, 0) for cost in costs]) for n in names}
