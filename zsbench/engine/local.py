"""Runs jobs one after another in this process; a model is loaded once for all jobs that share it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from zsbench.core.errors import RunError, UserError, UserErrors
from zsbench.core.records import canonical_json
from zsbench.plan.job import Job
from zsbench.plan.planning import Plan
from zsbench.run import runner
from zsbench.run.runner import Options, Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of one job: its result (fresh or found), or the error that ended it."""

    job: Job
    result: dict[str, Any] | None
    error: UserError | None = None
    reused: bool = False


def run(plan: Plan, options: Options, progress: Progress, note: Callable[[str], None]) -> Iterator[Outcome]:
    """Yield the outcome of every job, in the plan's order; one that fails does not stop the others."""
    loaded = _Loaded(note)
    for number, job in enumerate(plan.jobs):
        if number in plan.missing:
            yield Outcome(job, None, UserErrors(plan.missing[number]))
            continue
        try:
            found = runner.finished(job, options)
            if found is not None:
                yield Outcome(job, found, reused=True)
                continue
            yield Outcome(job, runner.run(job, loaded.model(job), options, progress))
        except UserError as error:
            yield Outcome(job, None, error)
        except Exception as error:
            # Whatever one job runs into is that job's failure; the suite goes on.
            log.debug("job %s failed", job.title, exc_info=True)
            reason = f"{type(error).__name__}: {error}"
            yield Outcome(job, None, RunError(job.title, reason, "", "--debug shows where"))


class _Loaded:
    """Keeps the last model, so that rows that share it pay for loading once."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.key, self.current, self.note = "", None, note

    def model(self, job: Job) -> Any:
        from zsbench.models import runtime

        settings = job.settings
        # A job without a model may still load one: a dense first stage.
        runtime.configure(
            device=settings.device, dtype=settings.dtype, threads=settings.threads, batch_size=settings.batch_size
        )
        if job.model is None:
            return None
        key = canonical_json([job.model.resolved(), job.model.described(), settings.device, settings.dtype])
        if key != self.key:
            self.note(f"loading {job.model_name}")
            self.key, self.current = "", None
            self.current = job.model.build()
            self.key = key
        return self.current
