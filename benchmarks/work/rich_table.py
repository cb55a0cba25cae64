"""`zsbench table` of 5,000 rows on a terminal, beside the same rows as markdown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SIZES = {"rows": 5000}
GOAL = 2.0
ZSBENCH = str(Path(sys.executable).with_name("zsbench"))


def prepare(folder: Path, *, rows: int) -> None:
    """Write one result of one metric a row: tasks times models times methods."""
    for number in range(rows):
        task, model, method = f"task-{number // 100}", f"model-{number // 10 % 10}", f"method-{number % 10}"
        place = folder / "runs" / "suite" / task / model / method
        place.mkdir(parents=True)
        value = number / rows
        metric = {"value": value, "low": value / 2, "high": (1 + value) / 2, "unit": "%", "n": 100}
        (place / "result.json").write_text(json.dumps(_result(task, model, method, metric, number)))


def _result(task: str, model: str, method: str, metric: dict[str, object], number: int) -> dict[str, object]:
    return {
        "schema_version": 1,
        "task": task,
        "task_type": "image-classification",
        "model": model,
        "method": method,
        "protocol": "80 templates",
        "n_items": 100,
        "metrics": {"acc@1": {**metric, "interval": "wilson", "better": "higher"}},
        "cost": {"forward_passes": 12, "images": 100},
        "config": {"settings": {"seed": 0, "limit": None, "confidence": 0.95}},
        "started": f"2025-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}+00:00",
        "seconds": 1.5,
    }


def ours() -> list[list[str]]:
    """Print the table as a terminal shows it."""
    return [[ZSBENCH, "table", "runs"]]


def smallest(folder: Path) -> None:
    """Print it as markdown."""
    subprocess.run([ZSBENCH, "table", "runs", "--format", "markdown"], cwd=folder, check=True)
