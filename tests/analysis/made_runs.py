"""Finished runs written by hand: any statistics, clusters, seeds and configs, without evaluating anything."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zsbench.config import catalog
from zsbench.metrics import naming
from zsbench.results.finished_run import FinishedRun
from zsbench.results.items import item_columns


def made(folder, tables, *, ids=None, task_type="rerank", columns=None, **result):
    """Write a run whose metrics have these statistics by name, and return it."""
    kinds = catalog.load_module("tasks", task_type).Task.metric_kinds
    tables = {name: np.asarray(table, dtype=float).reshape(len(table), -1) for name, table in tables.items()}
    n = len(next(iter(tables.values())))
    items = {"id": [f"i{number}" for number in range(n)] if ids is None else list(ids)} | (columns or {})
    scores = {}
    for name, table in tables.items():
        metric = naming.resolve(name, kinds=kinds)
        items |= item_columns(name, table, metric.columns)
        value = None if np.isnan(table).any(axis=1).all() else metric.reduce(table)
        facts = {"unit": metric.unit, "better": metric.better, "interval": "bootstrap", "n": n}
        scores[name] = {"value": value, "low": value, "high": value, **facts}
    items.setdefault("prediction", [f"answer {key}" for key in items["id"]])
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(items), folder / "items.parquet")
    whole = {
        "schema_version": 1, "task": "one", "task_type": task_type, "model": "none", "method": folder.name,
        "metrics": scores, "n_items": n, "config": {"task": {"type": task_type}, "method": {"name": folder.name}},
        "config_hash": str(folder), "test_fingerprint": "test", "data_fingerprint": "data", "cost": {},
    } | result  # fmt: skip
    (folder / "result.json").write_text(json.dumps(whole))
    return FinishedRun(folder, whole)


def made_average(folder, of, **average):
    """Write a row over several runs."""
    names = [run.result["task"] for run in of]
    metric = next(iter(of[0].result["metrics"]))
    score = {"value": 0.5, "low": 0.4, "high": 0.6, "unit": "%", "better": "higher", "interval": "mover", "n": 1}
    config = {
        "average": {"name": "all", "tasks": names, "metric": None, "kind": "mean"} | average,
        "of": [run.result["config_hash"] for run in of],
    }
    whole = {
        "schema_version": 1, "task": "all", "task_type": "average", "model": "none", "method": of[0].result["method"],
        "metrics": {metric: score}, "config": config,
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(whole))
