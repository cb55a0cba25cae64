"""Runs a method, source, model or task twice, with an option and without, and says whether anything came out otherwise.

The settings stand in YAML files beside this one: what runs, and for each option a value that must make a difference.
Everything runs in this process; models are loaded once, encoded features are shared.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml

from zsbench.config import blocks
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.records import Cost, canonical_json
from zsbench.core.yamlio import Document
from zsbench.models import runtime
from zsbench.plan import planning
from zsbench.run.judge import judge

HERE = Path(__file__).parent
VOLATILE = {"peak_memory_mb", "seconds", "images", "images_cached", "forward_passes"}


def table(name):
    """Return the settings of a file, by owner."""
    found: dict[str, dict] = yaml.safe_load((HERE / f"{name}.yaml").read_text())
    return found


def changes(own):
    """Yield (option, change, where it runs, settings) of one owner's table; a change is a mapping with `to`."""
    for option, change in own["changes"].items():
        change = change if isinstance(change, dict) and "to" in change else {"to": change}
        place = {key: change.get(key, own.get(key)) for key in ("task", "model", "method") if key in {**own, **change}}
        limit = change.get("limit", own.get("limit", 12))
        yield option, change, {"model": None, **place}, {} if limit is None else {"limit": limit}


def laid(base, change):
    """Return the options of both runs: the owner's, those the change adds, without those that it takes away."""
    both = {**base, **change.get("with", {})}
    return {key: value for key, value in both.items() if key not in change.get("without", ())}


class Bench:
    """One folder for all runs of a session; `files` are those that settings name as `FILE words`: (suffix, writer)."""

    def __init__(self, folder, files):
        self.folder, self.files, self.models, self.data, self.answers = folder, files, {}, {}, {}
        self.cache = Cache(folder / "cache")

    def named(self, value):
        """Return a value with `FILE words` replaced by the path of the file of that name, written when asked for."""
        if isinstance(value, dict):
            return {key: self.named(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.named(part) for part in value]
        if not isinstance(value, str) or not value.startswith("FILE "):
            return value
        name = value.removeprefix("FILE ")
        path = self.folder / f"{name.replace(' ', '-')}{self.files[name][0]}"
        if not path.exists():
            self.files[name][1](path)
        return str(path)

    def answer(self, task, model, method, **settings):
        """Return a digest of all that a run computes, or of the sentence that refuses it."""
        key = json.dumps([task, model, method, settings], sort_keys=True)
        if key not in self.answers:
            try:
                self.answers[key] = self._run(task, model, method, settings)
            except UserError as error:
                self.answers[key] = f"refused: {error}"
        return self.answers[key]

    def _run(self, task, model, method, settings):
        suite = {"description": "d", "settings": {"resamples": 100, **settings}}
        suite["runs"] = [{"tasks": self.named(task), "methods": [self.named(method)] if method else None}]
        suite["runs"][0] |= {"models": self.named(model)} if model else {}
        path = self.folder / f"s{len(self.answers)}.yaml"
        path.write_text(yaml.safe_dump(suite))
        [job] = planning.make(str(path)).jobs
        model = self.model(job)
        task, data = self.loaded(job)
        cost = Cost()
        cost.add(data.cost)
        if model is not None:
            model.cost = cost
        context = RunContext(job.settings.batch_size, self.cache, job.settings.seed, cost, method=job.method.title)
        predictions = list(task.predict(job.method.build(), model, data, range(len(data.items)), context))
        for item, prediction in zip(data.items, predictions, strict=True):
            if problem := task.check(item, prediction):
                raise UserError(job.title, problem)
        found = judge(task, job.task, data, predictions, job.settings, title=job.title)
        said = [found.scores, found.statistics, found.notes, data.counts, context.notes, list(context.prompts)]
        said += [{key: n for key, n in cost.as_dict().items() if key not in VOLATILE}]
        return digest([said, predictions, [item.id for item in data.items], getattr(model, "fingerprint", "")])

    def loaded(self, job):
        """Return the task and its data, loaded once for all methods and models that are asked about them."""
        config = job.config()
        key = canonical_json([config["task"], config["settings"], job.source.resolved()])
        if key not in self.data:
            self.cache.use()
            task = job.build_task()
            self.data = {key: (task, task.load(limit=job.settings.limit, seed=job.settings.seed))}
        return self.data[key]

    def model(self, job):
        settings = job.settings
        runtime.configure(
            device=settings.device, dtype=settings.dtype, threads=settings.threads, batch_size=settings.batch_size
        )
        if job.model is None:
            return None
        key = canonical_json([job.model.resolved(), job.model.described(), settings.device, settings.dtype])
        if key not in self.models:
            self.models[key] = job.model.build()
        return self.models[key]


def digest(value):
    """Return a digest of what a run says: every number of it, but for what depends on the machine."""
    return hashlib.sha256(repr(plain(value)).encode()).hexdigest()


def plain(value):
    """Return a value as texts, numbers and tuples alone."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, dict):
        return tuple((str(key), plain(part)) for key, part in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(map(plain, sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value))
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), value.tobytes()
    return value


def loaded(source, options):
    """Return a digest of all that a source reads with these options, pixels too, or of the sentence that refuses it."""
    try:
        document = Document(Path("t.yaml"), {})
        block = blocks.block("data", {"source": source, **options}, "source", document, ())
        return digest(read(block.build()))
    except UserError as error:
        return f"refused: {error}"


def read(value):
    """Return what a source gives as plain values; whatever opens is opened."""
    if callable(getattr(value, "open", None)) and not isinstance(value, Path):
        found = value.open()
        return value.id, [np.asarray(part) for part in (found if isinstance(found, (list, tuple)) else [found])]
    if isinstance(value, Mapping):
        return [(str(key), read(part)) for key, part in value.items()]
    if isinstance(value, (list, tuple)):
        return [read(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    if isinstance(value, np.ndarray) or value is None or isinstance(value, (str, int, float, bytes)):
        return value
    if hasattr(value, "__dict__"):
        return [(key, read(part)) for key, part in vars(value).items()]
    return str(value) if isinstance(value, Path) else type(value).__name__
