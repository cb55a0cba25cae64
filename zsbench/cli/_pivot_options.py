"""From the options of `zsbench table` to a table with rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.core.errors import UserError, unknown_name

if TYPE_CHECKING:
    from zsbench.plan.planning import Plan
    from zsbench.report.entries import Entry
    from zsbench.report.grid import Grid
    from zsbench.report.pivot import Layout

_LEAST_DIGITS, _MOST_DIGITS = 0, 12


@dataclass(frozen=True)
class Wanted:
    """What was asked for; None and empty where nothing was said."""

    rows: tuple[str, ...]
    cols: tuple[str, ...]
    average: Sequence[str]
    sort: str
    stat: Any
    digits: int | None
    mark: str | None
    baseline: Sequence[str]
    cost: tuple[str, ...]
    caption: str
    label: str
    expected: bool
    metrics: Sequence[str]

    @property
    def pivots(self) -> bool:
        """Whether anything was asked for that only a table with rows and columns has."""
        asked = (self.rows, self.cols, self.average, self.sort, self.stat, self.mark, self.baseline, self.cost)
        return any(asked)


def read_digits(text: str | None) -> int | None:
    """Return a number of decimals; None for `auto`, or where nothing is written.

    Raises
    ------
    UserError
        Neither `auto` nor a number from 0 to 12.
    """
    if text in (None, "auto"):
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_DIGITS):
        raise UserError("--digits", f"'{text}'", f"auto, or a number from {_LEAST_DIGITS} to {_MOST_DIGITS}")
    return int(text)


def read_entries(folders: Sequence[Path], *, expected: bool) -> list[Entry]:
    """Return the entries of all results under folders, each result once.

    Raises
    ------
    UserError
        No result, or published values are asked for and none of the suites is a paper.
    """
    from zsbench.report.entries import entries
    from zsbench.results.finished_run import finished_runs

    runs = finished_runs(folders, averages=True)
    if not expected:
        return entries(runs)
    from zsbench.plan import papers

    suites = list(dict.fromkeys(run.suite for run in runs))
    published = papers.published(suites)
    if not published:
        hint = "--paper NAME lays results out beside a paper's values, whatever their suite"
        raise UserError("--expected", f"no paper is named {', '.join(suites)}", "results of papers", hint)
    return entries(runs, published)


def without_published(table: Sequence[Entry]) -> str:
    """Return what to say where published values were asked for and no row has one; nothing where some have."""
    from zsbench.plan.papers import EMBEDDED

    if any(entry.row.published is not None for entry in table):
        return ""
    embedded = list(dict.fromkeys(entry.suite for entry in table if entry.suite.endswith(EMBEDDED)))
    ours = f"; {', '.join(embedded)} ran other models on other data" if embedded else ""
    return f"--expected: none of these rows has a published value, which belong to the full paper's own runs{ours}"


def of_metrics(table: list[Entry], metrics: Sequence[str]) -> list[Entry]:
    """Return the entries of metrics, however they are spelled.

    Raises
    ------
    UserError
        A metric that the table does not have.
    """
    from zsbench.metrics import naming

    if not metrics:
        return table
    known = list(dict.fromkeys(entry.row.metric for entry in table))
    wanted = {name: naming.named(name, known) for name in metrics}
    for name, spelled in wanted.items():
        if spelled is None:
            raise unknown_name("--metric", "metric", name, known, listed_by=f"here: {', '.join(known)}")
    return [entry for entry in table if entry.row.metric in wanted.values()]


def grid(table: list[Entry], wanted: Wanted) -> Grid:
    """Return the table with rows and columns."""
    from zsbench.cli._significance import significance
    from zsbench.report import pivot, table_averages

    layout = _layout(wanted, published=any(entry.row.published is not None for entry in table))
    averages = table_averages.of_table(table, wanted.average, wanted.metrics)
    table = [*table, *averages.entries]
    ties = wanted.mark == "significant"
    tests = significance(table, wanted.baseline, ties=ties) if wanted.baseline or ties else pivot.Significance()
    return pivot.pivot(table, layout, tests, averages.notes)


def paper_grid(folders: Sequence[Path], name: str, where: Sequence[str], wanted: Wanted) -> Grid:
    """Return a paper's own table: published values in their places, measured ones and differences beside them."""
    from dataclasses import replace

    from zsbench.plan import papers
    from zsbench.report import entries
    from zsbench.report.paper_table import entries_of_paper

    config, plan = papers.read(name), papers.planned(name)
    measured = of_metrics(_of_paper(folders, plan), wanted.metrics)
    types = {job.task_name: job.task.type for job in plan.jobs}
    table = entries_of_paper(measured, plan.expected, types, plan.name)
    if not table:
        raise UserError("--paper", f"{plan.name} has no published values", "results of it", "name folders with results")
    about = f"{config.paper.title} ({' '.join(filter(None, (config.paper.venue, str(config.paper.year))))})"
    wanted = replace(
        wanted,
        rows=wanted.rows or tuple(config.table.rows),
        cols=wanted.cols or tuple(config.table.cols),
        caption=wanted.caption or about,
        expected=True,
        mark=wanted.mark or "none",
    )
    made = grid(entries.chosen(table, where), wanted)
    finished = {(e.row.task, e.row.model, e.row.method) for e in measured}
    run = sum((job.task_name, job.model_name, job.method.title) in finished for job in plan.jobs)
    here = f"{run} of the paper's {len(plan.jobs)} runs are here"
    how = f"; `zsbench eval {name} --out FOLDER` runs them"
    return replace(made, notes=[*made.notes, here + (how if not run else "")])


def _of_paper(folders: Sequence[Path], plan: Plan) -> list[Entry]:
    """Return the entries of a paper's runs, of its offline variant and of its averages, with its published values."""
    from zsbench.plan.papers import EMBEDDED
    from zsbench.report.entries import entries
    from zsbench.results.finished_run import finished_runs

    if not folders:
        return []
    listed = finished_runs(folders, averages=True)
    tasks = {*(job.task_name for job in plan.jobs), *(average.name for average in plan.averages)}
    values = dict.fromkeys((run.suite for run in listed), plan.expected)
    return [
        entry
        for entry in entries(listed, values)
        if entry.suite in (plan.name, plan.name + EMBEDDED) or entry.row.task in tasks
    ]


def _layout(wanted: Wanted, *, published: bool) -> Layout:
    """Return what was asked for with the defaults in the place of the rest.

    Raises
    ------
    UserError
        Names that are none, or that stand in rows and columns.
    """
    from zsbench.report import costs, entries, pivot

    default = pivot.Layout()
    rows = wanted.rows or tuple(name for name in default.rows if name not in wanted.cols)
    cols = wanted.cols or tuple(name for name in default.cols if name not in rows)
    for where, names in (("--rows", rows), ("--cols", cols)):
        for name in names:
            entries.require_dimension(where, name)
        if len(set(names)) < len(names):
            raise UserError(where, f"'{','.join(names)}' names one thing twice", "each once")
    both = [name for name in rows if name in cols]
    if both or not rows:
        found = f"'{both[0]}' in rows and columns" if both else "nothing in rows"
        raise UserError("--rows", found, "each name in one of the two")
    costs.require_known(wanted.cost)
    return pivot.Layout(
        rows=rows,
        cols=cols,
        sort=wanted.sort,
        stat=wanted.stat or default.stat,
        digits=wanted.digits,
        mark=wanted.mark != "none",
        published=wanted.expected and published,
        cost=wanted.cost,
        caption=wanted.caption,
        label=wanted.label,
    )
