"""What a suite puts beside its results, by the names that results have: published values, rows over several tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zsbench.config import catalog, validate
from zsbench.config.suites import MIXED, Average, Expected, PaperConfig
from zsbench.core.errors import UserError, unknown_name
from zsbench.core.yamlio import Document, Loc
from zsbench.metrics import naming
from zsbench.plan.job import Job

Published = dict[tuple[str, str], list[Expected]]
"""Published values by (metric, task)."""


def as_written(paper: PaperConfig, document: Document) -> Published:
    """Return a paper's published values by metric and task as written; a value may be one mapping or a list of them."""
    published: Published = {}
    for key, value in paper.expected.items():
        loc = ("expected", key)
        metric, on, task = key.partition(" on ")
        if not on:
            raise UserError(document.where(loc), f"key '{key}'", "`METRIC on TASK`")
        entries = value if isinstance(value, list) else [value]
        published[metric, task] = [validate.check(Expected, document, loc, entry) for entry in entries]
    return published


def averages(wanted: Sequence[Average], known: dict[str, list[str]], document: Document, loc: Loc) -> list[Average]:
    """Return a suite's averages with their metrics' names as results have them.

    `known` holds the metrics of each task that runs; every average's own is added to it.

    Raises
    ------
    UserError
        An average of a task or metric that the suite does not run, or under a name that is taken.
    """
    tasks, checked = set(known), []
    for number, average in enumerate(wanted):
        where = document.where((*loc, "averages", number))
        if average.name in known:
            what = "a task" if average.name in tasks else "another average"
            raise UserError(where, f"average '{average.name}' has the name of {what}", "a name of its own")
        unknown = [task for task in average.tasks if task not in known]
        if unknown:
            listed = "its `runs:` and the averages before this one"
            raise unknown_name(where, "task in this suite", unknown[0], known, listed_by=listed)
        if average.metric:
            names = [_of_task(average.metric, task, known[task], where) for task in average.tasks]
            average = average.model_copy(update={"metric": names[0]})
        else:
            names = [known[task][0] for task in average.tasks]
        known[average.name] = [names[0] if len(set(names)) == 1 else MIXED]
        checked.append(average)
    return checked


def by_results(
    values: Published, known: dict[str, list[str]], document: Document, *, every_task: bool = True
) -> Published:
    """Return published values by the names that results have: a metric has one, however a config spells it.

    `known` holds the metrics of each task and average that runs; with `every_task` these are all of the paper's. Values
    of other tasks, which wait for their inputs, keep the name that is written; one whose model is the reader's own may
    name a task of his, too.

    Raises
    ------
    UserError
        There is no such metric or task, a task that runs does not compute it, or two keys name one metric.
    """
    published: Published = {}
    for (written, task), entries in values.items():
        where = document.where(("expected", f"{written} on {task}"))
        waits = all(entry.model and entry.model not in catalog.configs("models") for entry in entries)
        if every_task and task not in known and not waits and task not in catalog.configs("tasks"):
            raise unknown_name(where, "task", task, {*known, *catalog.configs("tasks")}, listed_by="zsbench list tasks")
        if task in known:
            metric = _of_task(written, task, known[task], where)
        elif written == MIXED or naming.spellings(written):
            metric = written
        else:
            raise unknown_name(where, "metric", written, catalog.metrics(), listed_by="zsbench list metrics")
        if (metric, task) in published:
            raise UserError(where, f"'{metric} on {task}' stands under two keys", "a list of values under one")
        published[metric, task] = entries
    return published


def with_methods(values: Published, own: Iterable[Job], averages: Sequence[Average], document: Document) -> Published:
    """Return published values that name their method: one that is left open belongs to the only one the paper runs.

    Else a value would stand beside every row of its task, those of a baseline or of `--method` too. Values of tasks
    that the paper does not run stay as they are.

    Parameters
    ----------
    own : the jobs of the paper as it is written, whatever the command line puts in their place.

    Raises
    ------
    UserError
        The paper runs several methods on the task of a value that names none.
    """
    methods: dict[str, dict[str, list[str]]] = {}
    for job in own:
        methods.setdefault(job.task_name, {}).setdefault(job.model_name, []).append(job.method.title)
    for average in averages:
        methods[average.name] = methods.get(average.tasks[0], {})

    def with_method(metric: str, task: str, entry: Expected) -> Expected:
        by_model = methods.get(task, {})
        of_model = by_model.get(entry.model) or [title for titles in by_model.values() for title in titles]
        titles = list(dict.fromkeys(of_model))
        if entry.method or not titles:
            return entry
        if len(titles) > 1:
            where = document.where(("expected", f"{metric} on {task}"))
            found = f"published value {entry.value:g} without `method:`, where {' and '.join(titles)} run"
            raise UserError(where, found, "the method that it belongs to")
        return entry.model_copy(update={"method": titles[0]})

    return {key: [with_method(*key, entry) for entry in entries] for key, entries in values.items()}


def _of_task(written: str, task: str, known: list[str], where: str) -> str:
    name = naming.named(written, known)
    if name is None:
        raise unknown_name(where, f"metric of '{task}'", written, known, listed_by=", ".join(known))
    return name
