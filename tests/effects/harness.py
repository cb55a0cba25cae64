"""Runs a method, source, model or task twice, with an option and without, and says whether anything came out otherwise.

The settings stand in YAML files beside this one: what runs, and for each option a value that must make a difference.
Everything runs in this process; models are loaded once, encoded features are shared.
"""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import yaml

from zsbench import plan
from zsbench.cache import Cache
from zsbench.errors import UserError
from zsbench.judge import judge
from zsbench.models import _common
from zsbench.records import Cost, RunContext, canonical_json

HERE = Path(__file__).parent
VOLATILE = {"peak_memory_mb", "seconds", "images", "images_cached", "forward_passes"}


def table(name):
    """Return the settings of a file, by owner."""
    found: dict[str, dict] = yaml.safe_load((HERE / f"{name}.yaml").read_text())
    return found


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
        [job] = plan.make(str(path)).jobs
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
        said = [found.scores, found.statistics, data.counts, context.notes, list(context.prompts)]
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
        _common.configure(
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
