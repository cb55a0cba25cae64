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

from zsbench import files, metrics
from zsbench.cache import Cache
from zsbench.errors import RunError, UserError
from zsbench.lazy import lazy
from zsbench.metrics import Metric
from zsbench.plan import Job
from zsbench.records import Cost, RunContext, Score, TaskData
from zsbench.results import provenance
from zsbench.results.store import Store, describe_inputs, digest_inputs
from zsbench.tasks._base import Task, settle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Statistics = dict[str, NDArray[np.float64]]
else:
    np = lazy("numpy")

Progress = Callable[[str, int, int], None]

# More statistics than this are no longer columns that somebody reads one by one.
_MANY = 32


@dataclass(frozen=True)
class Options:
    """Where results go and whether earlier work counts."""

    out: Path
    cache: Cache
    fresh: bool = False


def finished(job: Job, options: Options) -> dict[str, Any] | None:
    """Return the job's result if an earlier run already holds it; touches neither model nor data."""
    task = job.build_task()
    store = Store(job.folder(options.out), task.suffix)
    return None if options.fresh else store.finished(job.config_hash(), input_files(job, task))


def input_files(job: Job, task: Task) -> list[str]:
    """Return every local file the job's numbers depend on."""
    return [*task.files(), *(job.model.files() if job.model else []), *job.method.files()]


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
    started, clock = datetime.now(timezone.utc), time.perf_counter()
    task: Task = job.build_task()
    store = Store(job.folder(options.out), task.suffix)
    files.require_writable(store.folder)
    options.cache.use()
    data = task.load(limit=job.settings.limit, seed=job.settings.seed)
    cost = Cost()
    if model is not None:
        model.cost = cost
    identity = {
        "config_hash": job.config_hash(),
        "data_fingerprint": data.fingerprint,
        "model_fingerprint": model.fingerprint if model is not None else "",
    }
    context = RunContext(
        job.settings.batch_size,
        options.cache,
        job.settings.seed,
        cost,
        lambda done: progress(job.title, done, len(data.items)),
    )
    inputs = describe_inputs(input_files(job, task))
    done = store.resume({**identity, "inputs": digest_inputs(inputs)}, fresh=options.fresh)
    context.notes |= store.notes()
    progress(job.title, min(done * task.shard_size, len(data.items)), len(data.items))
    _predict(job, task, model, data, store, done, context)
    statistics = item_statistics(task, job, data, _Predictions(task, store.shards(), data.items))
    scores = score(job, statistics)
    doubt = task.doubt(data, scores) if hasattr(task, "doubt") else ""
    if doubt:
        context.notes.setdefault("warning", doubt)
    _write_items(store, task, data, statistics)
    cost.peak_memory_mb = peak_memory_mb()
    result = _result(job, task, data, identity, scores, cost, device=getattr(model, "device", "cpu"))
    result |= {
        "notes": context.notes,
        "inputs": inputs,
        "resumed_items": min(done * task.shard_size, len(data.items)),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
    }
    store.write_result(result)
    return {"schema_version": 1, **result}


# Seconds of work inside a shard that a kill may cost.
FLUSH_SECONDS = 1.0


def _predict(job: Job, task: Task, model: Any, data: TaskData, store: Store, done: int, context: RunContext) -> None:
    """Write the missing shards, each as soon as it is complete; a slow shard is kept item by item on the way."""
    size, n = task.shard_size, len(data.items)
    if done * size >= n:
        return
    rule = job.method.build()
    predictions = _kept(task, store.partial(done), data.items[done * size : (done + 1) * size])
    stream = task.predict(rule, model, data, range(done * size + len(predictions), n), context)
    for number in range(done, -(-n // size)):
        items = data.items[number * size : (number + 1) * size]
        written = time.monotonic()
        for item, prediction in zip(items[len(predictions) :], stream, strict=False):
            problem = task.check(item, prediction)
            if problem:
                raise RunError(job.title, problem)
            predictions.append(prediction)
            if time.monotonic() - written > FLUSH_SECONDS and len(predictions) < len(items):
                store.write_notes(context.notes, context.prompts)
                task.write(store.partial(number), items[: len(predictions)], predictions)
                written = time.monotonic()
        if len(predictions) != len(items):
            raise RunError(job.title, f"the method stopped after {number * size + len(predictions)} of {n} items")
        store.write_notes(context.notes, context.prompts)
        task.write(store.shard(number), items, predictions)
        store.partial(number).unlink(missing_ok=True)
        predictions = []


def _kept(task: Task, path: Path, items: Sequence[Any]) -> list[Any]:
    """Return the predictions that a killed run had made for the first items of a shard."""
    if not path.is_file():
        return []
    try:
        found = task.read(path, items)
    except UserError:
        return []
    first = [item.id for item in items[: len(found)]]
    return [found[key] for key in first] if first == list(found) else []


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
                raise UserError(error.where, error.found, error.expected, "--fresh computes it again") from None


def item_statistics(task: Task, job: Job, data: TaskData, predictions: Sequence[Any]) -> Statistics:
    """Return per-item statistics (n_items, n_statistics) of every metric, by name."""
    kinds = metric_kinds(job)
    wanted = [metrics.resolve(name, kinds=kinds) for name in job.task.metrics]
    rows: dict[str, list[Any]] = {metric.name: [] for metric in wanted}
    for pred, gold in task.chunks(data, predictions):
        for metric in wanted:
            rows[metric.name].append(metrics.as_table(_compute(metric, pred, gold, job)))
    return {name: np.concatenate(parts) for name, parts in rows.items()}


def _compute(metric: Metric, pred: Any, gold: Any, job: Job) -> Any:
    try:
        return metric.statistics(pred, gold)
    except ValueError as error:
        raise RunError(job.title, f"{metric.name}: {error}") from error


def score(job: Job, statistics: Statistics) -> dict[str, Score]:
    """Return every metric's value and interval; a metric without defined items has NaN and n = 0."""
    from zsbench.metrics._intervals import interval

    kinds = metric_kinds(job)
    found: dict[str, Score] = {}
    for name, table in statistics.items():
        metric = metrics.resolve(name, kinds=kinds)
        n = int((~np.isnan(table).any(axis=1)).sum())
        value = low = high = float("nan")
        how = "undefined"
        if n:
            value = metric.reduce(table)
            low, high, how = interval(
                metric,
                table,
                resamples=job.settings.resamples,
                confidence=job.settings.confidence,
                seed=job.settings.seed,
            )
        found[name] = Score(value, low, high, metric.unit, n, how, metric.better)
    return found


def metric_kinds(job: Job) -> tuple[str, ...]:
    """Return the metric files that fit the job's task type."""
    kinds: tuple[str, ...] = type(job.build_task()).metric_kinds
    return kinds


def _write_items(store: Store, task: Task, data: TaskData, statistics: Statistics) -> None:
    """Write id, statistics and preview of every item."""
    predictions = _Predictions(task, store.shards(), data.items)
    columns: dict[str, Any] = {"id": [item.id for item in data.items]}
    columns |= {} if data.groups is None else {"group": list(data.groups)}
    for name, table in statistics.items():
        columns |= item_columns(name, table)
    columns["prediction"] = [task.preview(prediction) for prediction in predictions]
    store.write_items(columns)


def item_columns(name: str, table: NDArray[np.float64]) -> dict[str, Any]:
    """Return a metric's statistics (n_items, k) by column: one for each, or one of lists where k is a histogram's."""
    if table.shape[1] == 1:
        return {name: table[:, 0]}
    if table.shape[1] > _MANY:
        return {name: list(table)}
    return {f"{name}.{i}": table[:, i] for i in range(table.shape[1])}


def _result(
    job: Job,
    task: Task,
    data: TaskData,
    identity: dict[str, str],
    scores: dict[str, Score],
    cost: Cost,
    *,
    device: str,
) -> dict[str, Any]:
    facts = job.method.facts
    return {
        "task": job.task_name,
        "task_type": job.task.type,
        "model": job.model_name,
        "method": job.method.title,
        "synthetic": job.task.synthetic,
        "protocol": task.protocol(),
        "method_kind": facts.kind,
        "method_uses": list(facts.uses),
        "n_items": len(data.items),
        "counts": data.counts,
        "metrics": {name: without_nan(score.as_dict()) for name, score in scores.items()},
        "cost": cost.as_dict(),
        "config": job.config(),
        **identity,
        "seeds": {"run": job.settings.seed, "bootstrap": job.settings.seed},
        "versions": provenance.versions(),
        "commit": provenance.commit(),
        "device": device,
        "dtype": job.settings.dtype,
        "batch_size": job.settings.batch_size,
        "threads": job.settings.threads,
    }


def without_nan(score: dict[str, Any]) -> dict[str, Any]:
    """Return a score with null where JSON has no NaN: undefined is not zero."""
    return {key: None if isinstance(value, float) and value != value else value for key, value in score.items()}


def peak_memory_mb() -> float:
    """Return the peak memory of this process, or of the accelerator when one is in use, in MB."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        return round(float(torch.cuda.max_memory_allocated()) / 2**20, 1)
    # Linux counts in kilobytes, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
