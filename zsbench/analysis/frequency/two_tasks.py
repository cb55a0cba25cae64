"""The accuracies of many models on two tasks, from a table or from results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zsbench.analysis.frequency.performance import finite
from zsbench.core import tablefiles
from zsbench.core.errors import UserError, unknown_name
from zsbench.results.finished_run import FinishedRun

Sides = tuple[list[float], list[float]]


def of_table(path: Path, x: str, y: str) -> Sides:
    """Return two columns of a table, as they stand.

    Raises
    ------
    UserError
        There is no such column, or a value is no finite number.
    """
    rows = tablefiles.read(path, (x, y))
    return [finite(row[x], row.place) for row in rows], [finite(row[y], row.place) for row in rows]


def of_runs(runs: Sequence[FinishedRun], x: str, y: str, metric: str) -> Sides:
    """Return a metric of two tasks, in percent where it is a share, of each model and method that ran on both.

    Raises
    ------
    UserError
        No result of a task, none with the metric, or no model with both.
    """
    known = list(dict.fromkeys(run.result["task"] for run in runs))
    of_task: dict[str, dict[tuple[str, str], float]] = {}
    for task in (x, y):
        if task not in known:
            raise unknown_name("--x" if task == x else "--y", "result of task", task, known, listed_by=", ".join(known))
        scores = {run.names[1:]: run.result["metrics"].get(metric) for run in runs if run.result["task"] == task}
        of_task[task] = {
            names: score["value"] * (100 if score["unit"] == "%" else 1)
            for names, score in scores.items()
            if score is not None and score["value"] is not None
        }
    common = [names for names in of_task[x] if names in of_task[y]]
    if not common:
        raise UserError("--metric", f"no model with {metric} of both {x} and {y}", "results of both tasks")
    return [of_task[x][names] for names in common], [of_task[y][names] for names in common]
