"""Runs jobs one after another in this process; what several of them need is loaded once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.errors import RunError, UserError, UserErrors
from zsbench.plan import identity
from zsbench.plan.job import Job
from zsbench.plan.planning import Plan
from zsbench.results import order, written
from zsbench.run import runner
from zsbench.run.context import Options, Progress
from zsbench.run.loaded import Loaded

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of one job: its result (new, or of an earlier command), or the error that ended it."""

    job: Job
    result: dict[str, Any] | None
    error: UserError | None = None
    reused: bool = False


def run(plan: Plan, options: Options, progress: Progress, note: Callable[[str], None]) -> Iterator[Outcome]:
    """Yield the outcome of every job of a plan, in its order; one that fails does not stop the others."""
    return run_all([plan], options, progress, note)


def run_all(
    plans: Sequence[Plan], options: Options, progress: Progress, note: Callable[[str], None]
) -> Iterator[Outcome]:
    """Yield the outcomes of all jobs in the order of the plans; those of one model run together, so it is loaded once.

    Parameters
    ----------
    progress : called with (job title, items done, items in all).
    note : is told in a few words what takes long.
    """
    jobs = [job for plan in plans for job in plan.jobs]
    was_there, suites = options.out.exists(), {job.folder(options.out).parents[2] for job in jobs}
    order.keep([job.folder(options.out) for job in jobs])
    lacking = [plan.missing.get(number) for plan in plans for number in range(len(plan.jobs))]
    outcomes = {n: Outcome(jobs[n], None, UserErrors(errors)) for n, errors in enumerate(lacking) if errors}
    by_model = _by_model([n for n in range(len(jobs)) if n not in outcomes], jobs)
    loaded = Loaded([jobs[n] for n in by_model], note)
    waiting = iter(by_model)
    for number in range(len(jobs)):
        while number not in outcomes:
            following = next(waiting)
            outcomes[following] = _outcome(jobs[following], options, progress, loaded)
            loaded.done(jobs[following])
        yield outcomes.pop(number)
    for suite in suites:  # where every job has failed before it predicted anything, nothing stays
        order.drop_unused(suite)
        written.remove_empty(suite)
    if not was_there:
        written.remove_empty(options.out)


def _by_model(numbers: Sequence[int], jobs: Sequence[Job]) -> list[int]:
    """Return the numbers of jobs so that those of one model follow each other, the models as they first appear."""
    groups: dict[str, list[int]] = {}
    for number in numbers:
        groups.setdefault(identity.model_key(jobs[number]), []).append(number)
    return [number for group in groups.values() for number in group]


def _outcome(job: Job, options: Options, progress: Progress, loaded: Loaded) -> Outcome:
    try:
        result = runner.finished(job, options, loaded)
        if result is not None:
            return Outcome(job, result, reused=True)
        return Outcome(job, runner.run(job, loaded.model(job), options, progress, loaded))
    except UserError as error:
        return Outcome(job, None, error)
    except Exception as error:
        # Whatever one job runs into is that job's failure; the suite goes on.
        log.debug("job %s failed", job.title, exc_info=True)
        return Outcome(job, None, RunError(job.title, f"{type(error).__name__}: {error}", "", "--debug shows where"))
