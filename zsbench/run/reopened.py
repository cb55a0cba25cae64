"""The task and the items behind a finished result, read again to look at them.

A result holds its config, not the YAML that it was written in. Relative paths of that config start where the YAML lay:
at a shipped task of the result's name, in the folder the user is in, or where the recorded inputs lie. A place is
right when the files found from it are the recorded ones, by path or by name and size (data that moved, zsbench that is
installed elsewhere), and what is read is right when its test items have the recorded digest; anything else is refused,
so that no item is ever shown beside another's prediction.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from zsbench.config import catalog, overlay, validate
from zsbench.config.blocks import Block, Chain
from zsbench.config.schema import Settings
from zsbench.core.errors import UserError
from zsbench.core.records import TaskData, canonical_json
from zsbench.core.yamlio import Document
from zsbench.plan import identity
from zsbench.plan.job import Job
from zsbench.plan.task_configs import read_task
from zsbench.results.finished_run import FinishedRun
from zsbench.results.store import SHARDS, Store
from zsbench.run.predict import Predictions

if TYPE_CHECKING:
    from zsbench.tasks.base import BaseTask


@dataclass(frozen=True)
class Reopened:
    """A task with its data as the run had them."""

    task: BaseTask[Any]
    data: TaskData

    def copied(self) -> Reopened:
        """Return what another run may use: reading predictions changes the task, items and gold stay."""
        parts = {id(part): part for part in (self.task.config, self.task.source)}
        return Reopened(copy.deepcopy(self.task, parts), self.data)


def reopened(run: FinishedRun) -> Reopened:
    """Return the task of a run with its items and gold.

    Raises
    ------
    UserError
        The data are no longer there, or no longer those of the run; the reason in a few words.
    """
    result = run.result
    if not isinstance(result.get("config", {}).get("task"), dict):
        raise UserError("", "the result holds no config of its task")
    recorded = _Recorded(result.get("inputs", []))
    problem: UserError | None = None
    for document in _documents(result):
        try:
            job = _job(result, document)
            task = job.build_task()
            lacking = next((file for file in task.files() if not recorded.knows(Path(file))), None)
            if lacking is not None:
                problem = problem or UserError("", f"the data are not where the run read them ({lacking})")
                continue
            data = task.load_to_draw(limit=job.settings.limit, seed=job.settings.seed)
            fits = identity.test_fingerprint(data) == result.get("test_fingerprint")
        except UserError as error:
            problem = problem or error
            continue
        except OSError as error:
            problem = problem or UserError("", f"the data cannot be read ({error.strerror or error})")
            continue
        if fits:
            return Reopened(task, data)
        problem = UserError("", "the data are no longer those of the run (other items or gold)")
    raise problem or UserError("", "the data are not there")


def predictions(run: FinishedRun, read: Reopened) -> Sequence[Any]:
    """Return the predictions of a run in the order of its items, read shard by shard.

    Raises
    ------
    UserError
        The run's folder holds none.
    """
    store = Store(run.folder, read.task.format.suffixes[0])
    shards = store.shards()
    if not shards:
        raise UserError("", f"the run's folder holds no {SHARDS}/")
    return Predictions(read.task, shards, read.data.items)


class _Recorded:
    """The files that a run has read."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self._paths = {row.get("path") for row in rows}
        self._alike = {(Path(str(row.get("path"))).name, row.get("size")) for row in rows}

    def knows(self, path: Path) -> bool:
        """Say whether a file is one of them, or at another place one of the same name and size."""
        if str(path.resolve()) in self._paths:
            return path.exists()
        return path.is_file() and (path.name, path.stat().st_size) in self._alike


def _documents(result: dict[str, Any]) -> Iterator[Document]:
    """Yield the configs that the result's task may have been read from, the likeliest first."""
    shipped = catalog.configs("tasks").get(result["task"])
    value = _written(result["config"]["task"])
    if shipped is not None:
        document = overlay.load(shipped.path)
        yield document
        yield Document(document.path, value, document.marks)
    for folder in dict.fromkeys([Path.cwd(), *_folders(result)]):
        yield Document(folder / f"{result['task']}.yaml", value)


def _folders(result: dict[str, Any]) -> Iterator[Path]:
    """Yield every folder above the recorded inputs, the nearest first."""
    for path in dict.fromkeys(Path(row["path"]).parent for row in result.get("inputs", [])[:1]):
        yield from (path, *path.parents)


def _job(result: dict[str, Any], document: Document) -> Job:
    """Return the job of a result, as far as its data go.

    Raises
    ------
    UserError
        The document does not say what the result's config says.
    """
    task, source = read_task(document)
    settings = result["config"].get("settings", {})
    known = {key: settings[key] for key in ("limit", "seed") if settings.get(key) is not None}
    checked = validate.check(Settings, Document(document.path, known))
    job = Job("", result["task"], task, source, "", None, Chain((Block("methods", "given", label="given"),)), checked)
    if canonical_json(job.config()["task"]) != canonical_json(result["config"]["task"]):
        raise UserError("", "the task's config is no longer that of the run")
    return job


def _written(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task's config as YAML might have it: without what is the type's default, sources under `source:`."""
    config = catalog.load_module("tasks", str(task.get("type"))).Config
    value: dict[str, Any] = {}
    for key, entry in task.items():
        field = config.model_fields.get(key)
        if key == "data" or key in config.data_keys:
            if isinstance(entry, dict):
                value[key] = {"source": entry.get("name"), **{k: v for k, v in entry.items() if k != "name"}}
        elif field is None or field.is_required():
            value[key] = entry
        else:
            default = field.get_default(call_default_factory=True)
            plain = default.model_dump() if isinstance(default, BaseModel) else default
            if canonical_json(plain) != canonical_json(entry):
                value[key] = _beyond(entry, plain)
    return value


def _beyond(value: Any, default: Any) -> Any:
    """Return what of a mapping is not the default's."""
    if not isinstance(value, dict) or not isinstance(default, dict):
        return value
    return {key: _beyond(entry, default.get(key)) for key, entry in value.items() if default.get(key, ...) != entry}
