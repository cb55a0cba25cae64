"""One job, top to bottom: load, predict in shards, score, write."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.config.components import MethodFacts
from zsbench.core import doubts
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import RunError, UserError, shown
from zsbench.core.records import SCHEMA_VERSION, Cost, TaskData
from zsbench.metrics import naming
from zsbench.plan import identity
from zsbench.plan.job import Job
from zsbench.results import claim, provenance
from zsbench.results.store import Store, describe_inputs, digest_inputs
from zsbench.run import _prompts
from zsbench.run.judge import Judgement, item_columns, judge, without_nan
from zsbench.tasks.base import Task, settle

if TYPE_CHECKING:
    from zsbench.run.judge import Statistics

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """Where results go and whether earlier work counts."""

    out: Path
    cache: Cache
    fresh: bool = False


def finished(job: Job, options: Options) -> dict[str, Any] | None:
    """Return the job's result if an earlier run already holds it; touches neither model nor data."""
    if options.fresh:
        return None
    task, question = job.build_task(), identity.question(job)
    store = Store(claim.place(job.folder(options.out), question), task.suffix)
    return store.finished(question, identity.code(job), identity.input_files(job, task))


def run(job: Job, model: Any, options: Options, progress: Progress) -> dict[str, Any]:
    """Run one job and return its result; the same call after a kill goes on where the last one stopped.

    Parameters
    ----------
    job : what to run.
    model : the loaded adapter, or None.
    progress : called with (job title, items done, items in all).

    Raises
    ------
    UserError
        Data or predictions are wrong. Complete shards stay for the next try.
    """
    question = identity.question(job)
    target = job.folder(options.out)
    with claim.claimed(target, question, fresh=options.fresh, waiting=lambda text: progress(text, 0, 0)) as folder:
        return finished(job, options) or _run(job, question, folder, model, options, progress)


def _run(job: Job, question: str, folder: Path, model: Any, options: Options, progress: Progress) -> dict[str, Any]:
    started, clock = datetime.now(timezone.utc), time.perf_counter()
    task: Task = job.build_task()
    store = Store(folder, task.suffix)
    store.open(question)
    options.cache.use()
    data = task.load(limit=job.settings.limit, seed=job.settings.seed)
    if model is not None and hasattr(task, "reach"):
        data.counts.update(task.reach(model, data))
    inputs = describe_inputs(identity.input_files(job, task))
    facts = {
        "question": question,
        "code": identity.code(job),
        "data_fingerprint": data.fingerprint,
        "test_fingerprint": identity.test_fingerprint(data),
        "model_fingerprint": model.fingerprint if model is not None else "",
    }
    run_identity = {**facts, "inputs": digest_inputs(inputs)}
    done = store.resume(run_identity, fresh=options.fresh)
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
    progress(job.title, min(done * task.shard_size, len(data.items)), len(data.items))
    resumed = _predict(job, task, model, data, store, done, context)
    data.counts |= context.notes.pop("counts", {})
    store.require_own(run_identity, job.title)
    predictions = _Predictions(task, store.shards(), data.items)
    judgement = judge(task, job.task, data, predictions, job.settings, title=job.title)
    warning = doubts.joined(context.notes.get("warning", ""), judgement.warning, doubts.of_answers(cost))
    context.notes |= {"warning": warning} if warning else {}
    _write_items(store, task, data, judgement.statistics, predictions)
    cost.peak_memory_mb = peak_memory_mb()
    result = describe(
        job, task, data, judgement, cost=cost, notes=context.notes, device=getattr(model, "device", "cpu")
    )
    result |= {
        **facts,
        "inputs": inputs,
        "resumed_items": resumed,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
    }
    store.write_result(result)
    return {"schema_version": SCHEMA_VERSION, **result}


# Seconds of work inside a shard that a kill may cost.
FLUSH_SECONDS = 1.0


def _predict(job: Job, task: Task, model: Any, data: TaskData, store: Store, done: int, context: RunContext) -> int:
    """Write the missing shards, each as soon as it is complete; a slow shard is kept item by item on the way.

    Returns how many items an earlier run had predicted.
    """
    size, n = task.shard_size, len(data.items)
    if done * size >= n:
        return n
    rule = job.method.build()
    predictions = _kept(task, store.partial(done), data.items[done * size : (done + 1) * size])
    resumed = done * size + len(predictions)
    stream = task.predict(rule, model, data, range(resumed, n), context)
    for number in range(done, -(-n // size)):
        items = data.items[number * size : (number + 1) * size]
        written = time.monotonic()
        for item, prediction in zip(items[len(predictions) :], stream, strict=False):
            problem = task.check(item, prediction)
            if problem:
                raise RunError(job.title, problem)
            predictions.append(prediction)
            if time.monotonic() - written > FLUSH_SECONDS and len(predictions) < len(items):
                store.write_progress(context.notes, _prompts.of_run(job, model, context), context.cost)
                task.write(store.partial(number), items[: len(predictions)], predictions)
                written = time.monotonic()
        if len(predictions) != len(items):
            raise RunError(job.title, f"the method stopped after {number * size + len(predictions)} of {n} items")
        store.write_progress(context.notes, _prompts.of_run(job, model, context), context.cost)
        task.write(store.shard(number), items, predictions)
        store.partial(number).unlink(missing_ok=True)
        predictions = []
    return resumed


def _kept(task: Task, path: Path, items: Sequence[Any]) -> list[Any]:
    """Return the predictions that a killed run had made for the first items of a shard."""
    if not path.is_file():
        return []
    try:
        found = task.read(path, items)
    except Exception:  # a damaged beginning is none
        return []
    first = [item.id for item in items[: len(found)]]
    return [found[key] for key in first] if first == list(found) else []


_AGAIN = "--fresh computes it again"


class _Predictions(Sequence[Any]):
    """Predictions in item order, read back shard by shard, so that large maps are never all in memory."""

    def __init__(self, task: Task, shards: list[Path], items: Sequence[Any]) -> None:
        self.task, self.shards, self.items = task, shards, items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __iter__(self) -> Iterator[Any]:
        size = self.task.shard_size
        for number, path in enumerate(self.shards):
            items = self.items[number * size : (number + 1) * size]
            try:
                yield from settle(self.task.read(path, items), items, self.task.absent, str(path))
            except UserError as error:
                raise UserError(error.where, error.found, error.expected, _AGAIN) from None
            except Exception as error:
                found = f"not a predictions file ({type(error).__name__}: {error})"
                raise UserError(shown(path), found, "", _AGAIN) from error


def _write_items(store: Store, task: Task, data: TaskData, statistics: Statistics, predictions: Sequence[Any]) -> None:
    """Write id, statistics and preview of every item."""
    columns: dict[str, Any] = {"id": [item.id for item in data.items]}
    columns |= {} if data.groups is None else {"group": list(data.groups)}
    for name, table in statistics.items():
        columns |= item_columns(name, table, naming.resolve(name, kinds=type(task).metric_kinds).columns)
    columns["prediction"] = [task.preview(prediction) for prediction in predictions]
    store.write_items(columns)


def describe(
    job: Job,
    task: Task,
    data: TaskData,
    judgement: Judgement,
    *,
    cost: Cost,
    notes: dict[str, Any],
    device: str,
    given: bool = False,
) -> dict[str, Any]:
    """Return what a result says of a job and its scores, whether the predictions were made or given."""
    facts = MethodFacts(task.family) if given else job.method.facts
    left_out = {f"{name} left out": reason for name, reason in judgement.left_out.items()}
    return {
        "task": job.task_name,
        "task_type": job.task.type,
        "model": job.model_name,
        "method": job.method.title,
        "synthetic": job.task.synthetic,
        "protocol": "; ".join(filter(None, (task.protocol(given=given), "" if given else job.method.settings()))),
        "method_kind": facts.kind,
        "method_uses": list(facts.uses),
        "n_items": len(data.items),
        "counts": data.counts,
        "metrics": {name: without_nan(score.as_dict()) for name, score in judgement.scores.items()},
        "cost": cost.as_dict(),
        "notes": {**notes, **judgement.notes, **left_out},
        "config": job.config(),
        "config_hash": job.config_hash(),
        "seeds": {"run": job.settings.seed, "bootstrap": job.settings.seed},
        "versions": provenance.versions(),
        "commit": provenance.commit(),
        "device": device,
        "dtype": job.settings.dtype,
        "batch_size": job.settings.batch_size,
        "threads": job.settings.threads,
    }


def peak_memory_mb() -> float:
    """Return the peak memory of this process, or of the accelerator when one is in use, in MB."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        return round(float(torch.cuda.max_memory_allocated()) / 2**20, 1)
    # Linux counts in kilobytes, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
