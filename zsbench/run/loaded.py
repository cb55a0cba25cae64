"""What the jobs of one command share: models and data are loaded, files listed and code hashed once for all of them."""

from __future__ import annotations

import copy
import os
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zsbench.core.records import Cost, TaskData
from zsbench.plan import identity
from zsbench.plan.identity import Asked
from zsbench.plan.job import Job
from zsbench.results.store import describe_inputs, digest_inputs

if TYPE_CHECKING:
    from zsbench.tasks.base import BaseTask

# The share of the machine's memory up to which data wait for a later job instead of being read again.
_ROOMY = 0.25


@dataclass(frozen=True)
class Read:
    """A task with its data.

    Attributes
    ----------
    task : the task as reading has left it.
    data : items and gold.
    inputs : the files that they come from, with size, time stamp and digest, and a digest of them all.
    test_fingerprint : digest of the items' ids and gold.
    """

    task: BaseTask[Any]
    data: TaskData
    inputs: list[dict[str, Any]]
    inputs_digest: str
    test_fingerprint: str

    def copied(self, *, cost: Cost) -> Read:
        """Return what another job may use: what jobs change (the task, counts) is its own, items and gold are not."""
        data = replace(self.data, counts=dict(self.data.counts), cost=cost)
        return replace(self, task=_copied(self.task), data=data)


class Loaded:
    """Models and data, each kept for as long as a job of the command still needs it.

    Parameters
    ----------
    jobs : all that will run.
    note : is told in a few words what takes long.
    """

    def __init__(self, jobs: Iterable[Job] = (), note: Callable[[str], None] = lambda _: None) -> None:
        self._note = note
        self._keys = {id(job): identity.data_key(job) for job in jobs}
        self._waiting = Counter(self._keys.values())
        self._read: dict[str, Read] = {}
        self._files: dict[str, list[str]] = {}
        self._asked: dict[int, Asked] = {}
        self._codes: dict[tuple[str, ...], str] = {}
        self._model_key, self._model = "", None

    def asked(self, job: Job) -> Asked:
        """Return what the job asks, by which code and over which files."""
        if id(job) not in self._asked:
            key = self._key(job)
            if key not in self._files:
                self._files[key] = job.unread.files()
            others = (job.model.files() if job.model else []) + job.method.files()
            code = identity.code(job, self._codes)
            self._asked[id(job)] = Asked(identity.question(job), code, self._files[key], others)
        return self._asked[id(job)]

    def model(self, job: Job) -> Any:
        """Return the job's adapter, None where it has none; one is held at a time."""
        from zsbench.models import runtime

        settings = job.settings
        # A job without a model may still load one: a dense first stage.
        runtime.configure(
            device=settings.device, dtype=settings.dtype, threads=settings.threads, batch_size=settings.batch_size
        )
        if job.model is None:
            return None
        key = identity.model_key(job)
        if key != self._model_key:
            self._note(f"loading {job.model_name}")
            self._model_key, self._model = "", None
            self._model = job.model.build()
            self._model_key = key
        return self._model

    def read(self, job: Job) -> Read:
        """Return the job's task and data, for this job alone.

        Raises
        ------
        UserError
            The data are wrong.
        """
        key = self._key(job)
        if key in self._read:
            # What reading asked of a model stands with the job that read.
            return self._read[key].copied(cost=Cost())
        if _crowded():
            self._read.clear()
        read = _read(job, self.asked(job).data_files)
        if self._waiting[key] > 1:
            self._read[key] = read.copied(cost=Cost())
        return read

    def done(self, job: Job) -> None:
        """Let go of what no later job needs."""
        key = self._key(job)
        self._asked.pop(id(job), None)
        self._waiting[key] -= 1
        if self._waiting[key] <= 0:
            self._read.pop(key, None)
            self._files.pop(key, None)

    def _key(self, job: Job) -> str:
        return self._keys.get(id(job)) or identity.data_key(job)


def _read(job: Job, files: list[str]) -> Read:
    task = _copied(job.unread)
    data = task.load(limit=job.settings.limit, seed=job.settings.seed)
    inputs = describe_inputs(files)
    return Read(task, data, inputs, digest_inputs(inputs), identity.test_fingerprint(data))


def _copied(task: BaseTask[Any]) -> BaseTask[Any]:
    """Return a task of the same config and data with a state of its own."""
    return copy.deepcopy(task, {id(part): part for part in (task.config, task.source)})


def _crowded() -> bool:
    """Say whether the process has ever held so much that data should not wait in memory for a later job."""
    unit = 1 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return peak > _ROOMY * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
