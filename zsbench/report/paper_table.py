"""A paper's own table: every published value in its place, and beside it what was measured, where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.metrics import naming
from zsbench.report.entries import Entry
from zsbench.report.tables import Published, rows
from zsbench.results.finished_run import FinishedRun

ANY = "any"
"""The name of a model or method that a published value leaves open, where nothing was measured."""


def entries_of_paper(
    measured: Sequence[Entry], published: Published, types: Mapping[str, str], suite: str
) -> list[Entry]:
    """Return the entries of a paper's table, in the order in which the paper's config names them.

    A task with published values shows their metrics, others their first one. Published values without a measured one
    are entries of their own.

    Parameters
    ----------
    types : the type of each task.
    suite : the paper's name.
    """
    by_key: dict[tuple[str, str], list[Entry]] = {}
    for entry in measured:
        by_key.setdefault((entry.row.metric, entry.row.task), []).append(entry)
    with_values = {task for _, task in published}
    table: list[Entry] = []
    for (metric, task), values in published.items():
        of_key = by_key.get((metric, task), [])
        table += of_key
        told = {id(entry.published) for entry in of_key}
        alone = [value for value in values if id(value) not in told]
        table += [_published(metric, task, value, types.get(task, ""), suite) for value in alone]
    firsts: dict[str, str] = {}
    for entry in measured:
        first = firsts.setdefault(entry.row.task, entry.row.metric)
        if entry.row.task not in with_values and entry.row.metric == first:
            table.append(entry)
    return table


def _published(metric: str, task: str, value: Any, task_type: str, suite: str) -> Entry:
    """Return a published value that nothing was measured for."""
    unit, better = _declared(metric, task_type)
    score = {"value": None, "low": None, "high": None, "unit": unit, "n": 0, "better": better}
    result = {
        "task": task,
        "task_type": task_type,
        "model": value.model or ANY,
        "method": value.method or ANY,
        "metrics": {metric: score},
    }
    [row] = rows([result], {(metric, task): [_for_all(value)]})
    return Entry(row, FinishedRun(Path(), result), suite, measured=False, published=value)


def _for_all(value: Any) -> Any:
    return value.model_copy(update={"model": "", "method": ""})


def _declared(metric: str, task_type: str) -> tuple[str, str]:
    """Return unit and direction of a metric; of a mean of several, those of shares."""
    kinds = catalog.load_module("tasks", task_type).Task.metric_kinds if task_type else None
    try:
        known = naming.resolve(metric, kinds=kinds)
    except UserError:
        return "%", "higher"
    return known.unit, known.better
