"""One row of the table before it runs: a task, a model (or none) and a method, with every choice resolved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import zsbench
from zsbench.config import catalog
from zsbench.config.blocks import Block, Chain
from zsbench.config.schema import Settings, TaskConfig
from zsbench.core.records import canonical_json, digest

# Settings that can move a number; the others (device, batch size, threads) are recorded but are no identity.
_IDENTITY = ("seed", "dtype", "limit", "resamples", "confidence")


@dataclass(frozen=True)
class Job:
    """One row of the table: a task, a model (or none) and a method, with every choice resolved."""

    suite: str
    task_name: str
    task: TaskConfig
    source: Block
    model_name: str
    model: Block | None
    method: Chain
    settings: Settings
    where: str = ""

    @cached_property
    def unread(self) -> Any:
        """The task whose data are not read, built once: for what it can say without them (files, protocol, misfits)."""
        return self.build_task()

    def build_task(self) -> Any:
        """Return the task type's `Task` over this job's config, to read its data."""
        return catalog.load_module("tasks", self.task.type).Task(self.task, self.source)

    def config(self) -> dict[str, Any]:
        """Return what identifies the run, as it stands in result.json."""
        task = self.task.model_dump(exclude={"method", "method_options", "data", *type(self.task).data_keys})
        sources = {key: block.described() for key, block in self.task.sources().items()}
        return {
            "task": {**task, **sources, "data": self.source.described()},
            "model": self.model.described() if self.model else None,
            "method": self.method.described(),
            "settings": {key: value for key, value in self.settings.model_dump().items() if key in _IDENTITY},
        }

    def config_hash(self) -> str:
        """Return the digest of the config: two results with the same hash answer the same question."""
        return digest([zsbench.__version__, canonical_json(self.config())])

    def folder(self, out: Path) -> Path:
        """Return where the job's files belong: `<out>/<suite>/<task>/<model>/<method>`."""
        parts = (self.suite, self.task_name, self.model_name, self.method.title)
        return out.joinpath(*(safe_name(part) for part in parts))

    @property
    def title(self) -> str:
        """Return task, model and method in one line."""
        return f"{self.task_name} / {self.model_name} / {self.method.title}"


# Bytes of a folder's name; file systems hold 255, and claims and locks put a few before or after it.
_LONGEST_NAME = 200


def safe_name(text: str) -> str:
    """Return a text as one folder name: no separators, no leading dot; a long one ends in the digest of the whole."""
    kept = "".join(c if c.isalnum() or c in "-_.+=@" else "-" for c in text).strip("-.")
    if len(kept.encode()) > _LONGEST_NAME:
        kept = f"{kept.encode()[:_LONGEST_NAME].decode(errors='ignore')}-{digest([text])[:8]}"
    return kept or "unnamed"
