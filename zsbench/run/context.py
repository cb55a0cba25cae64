"""A job that is about to predict: its data read, its folder opened, its identity written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.records import TaskData, digest
from zsbench.plan.job import Job
from zsbench.results.progress import write_progress
from zsbench.results.store import Store, describe_inputs, digest_inputs
from zsbench.run.loaded import Loaded

if TYPE_CHECKING:
    from zsbench.tasks.base import BaseTask

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """Where results go and whether earlier work counts."""

    out: Path
    cache: Cache
    fresh: bool = False


@dataclass(frozen=True)
class Run:
    """One job at work.

    Attributes
    ----------
    identity : what result.json says of question, code, data and model.
    owner : what run.json says of the run that the shards belong to: its identity and a digest of its inputs.
    inputs : every local file that the numbers depend on, with size, time stamp and digest.
    context : what the task needs while it predicts; notes, prompts and cost go on from those of an interrupted run.
    n_shards : how many shards an interrupted run has completed.
    """

    job: Job
    task: BaseTask[Any]
    data: TaskData
    model: Any
    store: Store
    identity: dict[str, str]
    owner: dict[str, str]
    inputs: list[dict[str, Any]]
    context: RunContext
    n_shards: int

    def require_own_shards(self) -> None:
        """Refuse to go on where another run has written into the folder.

        Raises
        ------
        RunError
            It has.
        """
        self.store.require_own(self.owner, self.job.title)


def opened(job: Job, folder: Path, model: Any, options: Options, progress: Progress, loaded: Loaded) -> Run:
    """Return the run of a job in its claimed folder, with what an interrupted run has left there.

    Raises
    ------
    UserError
        The data are wrong.
    """
    asked = loaded.asked(job)
    store = Store(folder, job.unread.format.suffixes[0])
    store.open(asked.question)
    options.cache.use()
    read = loaded.read(job)
    task, data = read.task, read.data
    if model is not None:
        data.counts.update(task.reach(model, data))
    others = describe_inputs(asked.other_files)
    inputs = {row["path"]: row for row in (*read.inputs, *others)}
    identity = {
        "question": asked.question,
        "code": asked.code,
        "data_fingerprint": data.fingerprint,
        "test_fingerprint": read.test_fingerprint,
        "model_fingerprint": model.fingerprint if model is not None else "",
    }
    owner = {**identity, "inputs": digest([read.inputs_digest, digest_inputs(others)])}
    n_shards = store.resume(owner, fresh=options.fresh)
    write_progress(folder, n_items=len(data.items), shard_size=task.shard_size)
    cost = store.cost()
    cost.add(data.cost)  # a first stage may have asked a model already
    if model is not None:
        model.cost = cost
    context = RunContext(
        job.settings.batch_size,
        options.cache,
        job.settings.seed,
        cost,
        lambda done: progress(job.title, done, len(data.items)),
        notes=store.notes(),
        prompts=dict.fromkeys(store.prompts()),
        method=job.method.title,
    )
    context.progress(min(n_shards * task.shard_size, len(data.items)))
    return Run(
        job, task, data, model, store, identity, owner, [inputs[path] for path in sorted(inputs)], context, n_shards
    )
