"""What a judged run leaves: the statistics of every item, and the result with all that it takes to judge it."""

from __future__ import annotations

import resource
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from zsbench.config.components import MethodFacts
from zsbench.core import doubts
from zsbench.core.records import SCHEMA_VERSION, Cost, TaskData
from zsbench.metrics import naming
from zsbench.plan.job import Job
from zsbench.results import provenance
from zsbench.results.items import item_columns
from zsbench.run.context import Run
from zsbench.run.judge import Judgement, without_nan
from zsbench.run.predict import Predictions

if TYPE_CHECKING:
    from zsbench.tasks.base import BaseTask


def write(
    run: Run, judgement: Judgement, predictions: Predictions, *, n_resumed: int, started: datetime, seconds: float
) -> dict[str, Any]:
    """Write items.parquet and, last of all, result.json; return the result."""
    cost, notes = run.context.cost, run.context.notes
    if facts := getattr(run.model, "facts", None):
        notes["model"] = facts
    # What a model itself has come to doubt, such as an endpoint that two models answered at.
    doubt = getattr(run.model, "doubt", "")
    warning = doubts.joined(notes.get("warning", ""), judgement.warning, doubts.of_answers(cost), doubt)
    notes |= {"warning": warning} if warning else {}
    _write_items(run, judgement, predictions)
    cost.peak_memory_mb = peak_memory_mb()
    device = getattr(run.model, "device", "cpu")
    result = describe(run.job, run.task, run.data, judgement, cost=cost, notes=notes, device=device)
    result |= {
        **run.identity,
        "inputs": run.inputs,
        "resumed_items": n_resumed,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
    }
    run.store.write_result(result)
    return {"schema_version": SCHEMA_VERSION, **result}


def _write_items(run: Run, judgement: Judgement, predictions: Predictions) -> None:
    """Write id, gold, statistics and preview of every item."""
    data, kinds = run.data, type(run.task).metric_kinds
    columns: dict[str, Any] = {"id": [item.id for item in data.items]}
    columns |= {} if data.groups is None else {"group": list(data.groups)}
    columns |= {} if data.clusters is None else {"cluster": list(data.clusters)}
    texts = [run.task.gold_text(item, gold, data) for item, gold in zip(data.items, data.gold, strict=True)]
    columns |= {"gold": texts} if any(texts) else {}
    for name, table in judgement.statistics.items():
        columns |= item_columns(name, table, naming.resolve(name, kinds=kinds).columns)
    columns["prediction"] = predictions.previews()
    run.store.write_items(columns)


def describe(
    job: Job,
    task: BaseTask[Any],
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
    settings = "" if given else job.method.settings(notes.get("settled"))
    left_out = {f"{name} left out": reason for name, reason in judgement.left_out.items()}
    return {
        "task": job.task_name,
        "task_type": job.task.type,
        "model": job.model_name,
        "method": job.method.title,
        "synthetic": job.task.synthetic,
        "protocol": "; ".join(filter(None, (task.protocol(given=given), settings))),
        "method_kind": facts.kind,
        "method_uses": list(facts.uses),
        "n_items": len(data.items),
        "counts": data.counts,
        "metrics": {name: without_nan(score.as_dict()) for name, score in judgement.scores.items()},
        **({} if data.clusters is None else {"clusters": {"unit": task.drawn_unit(), "n": len(set(data.clusters))}}),
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
