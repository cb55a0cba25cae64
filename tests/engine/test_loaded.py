"""Jobs of one command share models and data, and none of them notices: each has the result that it has alone."""

import json

import pytest

from tests.run.test_judge import EMBEDDED, selection
from zsbench.config.blocks import Block
from zsbench.core.cache import Cache
from zsbench.engine import local
from zsbench.plan import identity, planning
from zsbench.plan.choices import Choices
from zsbench.run import loaded
from zsbench.run.context import Options

VOLATILE = ("started", "seconds")


def results(folder, plans):
    options = Options(folder / "out", Cache(folder / "cache"))
    outcomes = list(local.run_all(plans, options, lambda *_: None, lambda _: None))
    assert [str(outcome.error) for outcome in outcomes if outcome.error] == []
    found = [{key: value for key, value in o.result.items() if key not in VOLATILE} for o in outcomes]
    for result in found:
        result["cost"]["peak_memory_mb"] = 0
    return found


@pytest.mark.parametrize("kind", EMBEDDED)
def test_jobs_that_share_data_have_the_results_that_they_have_alone(kind, tmp_path):
    name, method, model = EMBEDDED[kind]
    task = str(selection(tmp_path)) if name.endswith(".yaml") else name
    models = {"models": model} if model else {}
    plans = {}
    for suite in ("ab", "a", "b"):
        path = tmp_path / f"{suite}.yaml"
        methods = [{"name": method, "label": label} for label in suite]
        runs = [{"tasks": task, "methods": methods, **models}]
        path.write_text(json.dumps({"description": "d", "settings": {"resamples": 200}, "runs": runs}))
        plans[suite] = planning.make(str(path), Choices(settings={"limit": 12}))
    together = results(tmp_path / "together", [plans["ab"]])
    alone = [results(tmp_path / "alone", [plans[label]])[0] for label in "ab"]
    for one, other in zip(together, alone, strict=True):
        assert {key for key in one if json.dumps(one[key]) != json.dumps(other.get(key))} == set()


@pytest.fixture
def built(monkeypatch):
    """What is built of data sources and models, in order, the state of a data source among them."""
    names, real = [], Block.build

    def build(self):
        if self.kind in ("data", "models"):
            names.append(str(self.options.get("model") or self.where))
        return real(self)

    monkeypatch.setattr(Block, "build", build)
    return names


def two_models_on_two_tasks():
    models = ("clip-glyphs", "clip-glyphs-uniform")
    choices = Choices(models, ("prompt-ensemble", "zpe"), {"limit": 3, "resamples": 200})
    return [planning.make(task, choices) for task in ("glyphs", "digits")]


def test_every_model_and_data_set_of_a_command_is_loaded_once(built, tmp_path):
    rows = results(tmp_path, two_models_on_two_tasks())
    assert len(built) == len(set(built)) == 4
    written = [(job.task_name, job.model_name, job.method.title) for p in two_models_on_two_tasks() for job in p.jobs]
    assert [(row["task"], row["model"], row["method"]) for row in rows] == written


def test_data_are_read_again_where_memory_is_short(built, tmp_path, monkeypatch):
    monkeypatch.setattr(loaded, "_crowded", lambda: True)
    short = results(tmp_path / "short", two_models_on_two_tasks())
    n_loads = len(built)
    monkeypatch.setattr(loaded, "_crowded", lambda: False)
    assert short == results(tmp_path / "roomy", two_models_on_two_tasks())
    assert (n_loads, len(built) - n_loads) == (6, 4)


def test_nothing_is_kept_that_no_later_job_needs(tmp_path, monkeypatch):
    kept, real = [], loaded.Loaded.done

    def done(self, job):
        real(self, job)
        kept.append(len(self._read))

    monkeypatch.setattr(loaded.Loaded, "done", done)
    results(tmp_path, two_models_on_two_tasks())
    assert kept == [1, 1, 2, 2, 2, 1, 1, 0]


def test_data_of_tasks_that_differ_in_a_key_a_folder_or_a_sample_are_not_shared(tmp_path):
    keys = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "s.jsonl").write_text('{"tokens": ["x"], "spans": [[0, 0, "l"]]}\n')
        path = tmp_path / folder / "t.yaml"
        path.write_text("type: ner\ndescription: d\ndata: {source: jsonl-sentences, path: s.jsonl}\nlabels: [l]\n")
        for settings, change in (({}, ()), ({"limit": 1}, ()), ({"seed": 5}, ()), ({}, ("task.labels=[l, m]",))):
            choices = Choices(methods=("capitalised-runs",), settings=settings, assignments=change)
            keys += [identity.data_key(job) for job in planning.make(str(path), choices).jobs]
    assert len(keys) == len(set(keys)) == 8
    other = Choices(methods=("capitalised-runs",), settings={"resamples": 200, "confidence": 0.9})
    assert identity.data_key(planning.make(str(path), other).jobs[0]) == keys[4]
