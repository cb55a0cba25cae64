"""Suites, papers and tasks by name, planned, run and averaged: what `zsbench eval` and `zsbench.evaluate` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from zsbench.core.cache import Cache, default_root
from zsbench.core.errors import Mistakes
from zsbench.engine import local
from zsbench.engine.local import Outcome
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.plan.job import safe_name
from zsbench.plan.planning import Plan
from zsbench.results import averages as over_tasks
from zsbench.results import claim
from zsbench.results.finished_run import FinishedRun
from zsbench.run.context import Options, Progress


@dataclass(frozen=True)
class Watch:
    """Who is told how far the jobs are.

    Attributes
    ----------
    items : called with (job title, items done, items in all).
    note : is told in a few words what takes long.
    finished : called after each job.
    """

    items: Progress = lambda *_: None
    note: Callable[[str], None] = lambda _: None
    finished: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Suite:
    """A plan with what became of its jobs, and its rows over several tasks.

    Attributes
    ----------
    out : the folder of results.
    averages : rows over several tasks whose tasks all have a result.
    incomplete : those that lack some.
    """

    plan: Plan
    out: Path
    outcomes: list[Outcome]
    averages: list[dict[str, Any]] = field(default_factory=list)
    incomplete: list[over_tasks.Incomplete] = field(default_factory=list)

    @property
    def results(self) -> list[dict[str, Any]]:
        """The results of the jobs that have one, and the averages."""
        return [outcome.result for outcome in self.outcomes if outcome.result is not None] + self.averages

    def runs(self) -> list[FinishedRun]:
        """Return the results, each with the folder that it lies in."""
        jobs = [(outcome.job.folder(self.out), outcome.result) for outcome in self.outcomes]
        rows = [(_average_folder(self.plan, self.out, result), result) for result in self.averages]
        located = [(folder, result) for folder, result in (*jobs, *rows) if result is not None]
        return [FinishedRun(claim.place(folder, str(result["question"])), result) for folder, result in located]


def plans(names: Sequence[str], choices: Choices) -> list[Plan]:
    """Plan everything before anything runs, so that a typo in the last name costs nothing.

    Raises
    ------
    UserError
        As `planning.make`; what is wrong with any of the names is reported at once.
    """
    made, mistakes = [], Mistakes()
    for name in names:
        with mistakes.noted():
            made.append(planning.make(name, choices))
    mistakes.refuse()
    planning.refuse_collisions(made)
    return made


def run(planned: Sequence[Plan], out: Path, *, fresh: bool, watch: Watch = Watch()) -> list[Suite]:
    """Run the jobs of all plans together, and average what is to be averaged once they are there.

    Parameters
    ----------
    out : the folder of results.
    fresh : compute everything again.
    """
    options = Options(out, Cache(default_root(), read=not fresh), fresh)
    outcomes = []
    for outcome in local.run_all(planned, options, watch.items, watch.note):
        outcomes.append(outcome)
        watch.finished()
    following = iter(outcomes)
    return [_averaged(plan, out, list(islice(following, len(plan.jobs)))) for plan in planned]


def _averaged(plan: Plan, out: Path, outcomes: list[Outcome]) -> Suite:
    """Return a suite with its rows over several tasks, which are written beside the others."""
    complete, incomplete = over_tasks.averages(plan.averages, Suite(plan, out, outcomes).runs())
    for result in complete:
        over_tasks.write(result, _average_folder(plan, out, result))
    for lacking in incomplete:
        over_tasks.remove(lacking, _folder(plan, out, lacking.name, lacking.model, lacking.method))
    return Suite(plan, out, outcomes, complete, incomplete)


def _average_folder(plan: Plan, out: Path, result: dict[str, Any]) -> Path:
    return _folder(plan, out, result["task"], result["model"], result["method"])


def _folder(plan: Plan, out: Path, *parts: str) -> Path:
    return out.joinpath(*(safe_name(part) for part in (plan.name, *parts)))
