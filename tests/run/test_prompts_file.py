"""prompts.json is there for every run that had prompts, is bounded, and is that of the first run after a kill."""

import json
from types import SimpleNamespace

import pytest

from zsbench.core.cache import Cache
from zsbench.core.records import Cost
from zsbench.engine import local
from zsbench.models.capabilities import Prompt
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run import _prompts, predict
from zsbench.run.runner import Options

RANKERS = ["icr", "first", "rankgpt", "setwise", "pairwise", "pointwise", "monot5", "query-likelihood"]
RUNS = [
    *(("synonyms", "lm-synonyms", name, "<query>") for name in (*RANKERS, "listwise-likelihood")),
    ("synonyms", "encoder-synonyms", "dense", ""),
    ("names-seen", "ner-synthetic", "span-threshold", ""),
    ("synonyms-docids", "lm-synonyms", "docid-beam", "<query>"),
    ("synonyms-docids", "lm-synonyms", "docid-exhaustive", "<query>"),
    ("synonyms-sessions", "lm-synonyms", "catalogue-lm", "<item 1>"),
    ("moving-glyphs", "clip-glyphs", "mean-frames", ""),
    ("glyphs", "clip-glyphs", "prompt-ensemble", ""),
    ("glyph-captions", "clip-glyphs", "dual-encoder", ""),
    ("glyph-numbers", "clip-glyphs", "dual-encoder", ""),
    ("glyph-associations", "clip-glyphs", "dual-encoder", ""),
]


def run(tmp_path, task, model, method, **settings):
    made = planning.make(task, Choices((model,), (method,), {"limit": 2, **settings}))
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    [outcome] = local.run(made, options, lambda *_: None, lambda _: None)
    assert outcome.error is None, outcome.error
    [file] = (tmp_path / "out").rglob("prompts.json")
    return json.loads(file.read_text())


@pytest.mark.parametrize(("task", "model", "method", "stand_in"), RUNS)
def test_every_run_with_prompts_keeps_them(task, model, method, stand_in, tmp_path):
    found = run(tmp_path, task, model, method)
    assert found
    assert all(isinstance(text, str) and text for text in found)
    assert any(stand_in in text for text in found)
    if stand_in.startswith("<"):
        assert len(found) == 2  # the wording, and the first prompt without any stand-in
        assert stand_in not in found[1]


def test_a_run_without_a_model_keeps_none(tmp_path):
    made = planning.make("moving-glyphs", Choices((), ("random-video",), {"limit": 2}))
    list(local.run(made, Options(tmp_path / "out", Cache(tmp_path / "cache")), lambda *_: None, lambda _: None))
    assert not list((tmp_path / "out").rglob("prompts.json"))


def test_a_run_that_goes_on_keeps_the_first_prompt(tmp_path, monkeypatch):
    made = planning.make("synonyms", Choices(("lm-synonyms",), ("first",), {"limit": 4}))
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    monkeypatch.setattr(predict.Pace, "allows", lambda *_: True)
    count = []

    class Stop(Exception):
        pass

    def progress(_title, done, _n):
        count.append(done)
        if done == 2:
            raise Stop

    list(local.run(made, options, progress, lambda _: None))
    [file] = (tmp_path / "out").rglob("prompts.json")
    before = file.read_text()
    list(local.run(made, options, lambda *_: None, lambda _: None))
    assert file.read_text() == before
    assert list((tmp_path / "out").rglob("result.json"))


def test_long_prompts_lose_their_middle():
    short = "x" * _prompts.LONGEST
    assert _prompts.shortened(short) == short
    long = _prompts.shortened("a" * 10**6 + "z")
    assert len(long) < _prompts.LONGEST + 100
    assert "980001 characters left out" in long
    assert (long[0], long[-1]) == ("a", "z")


def test_only_the_first_prompt_is_kept_and_it_is_no_counter():
    cost = Cost()
    for text in ("one", "two"):
        cost.asked(text)
    assert cost.first_prompt == "one"
    assert "first_prompt" not in cost.as_dict()
    turns = Prompt(messages=({"role": "user", "content": "u"},), answer="[")
    assert turns.described() == "user: u\nassistant: ["


def test_a_method_may_describe_its_prompt_in_one_form_alone(monkeypatch):
    [job] = planning.make("synonyms", Choices(("lm-synonyms",), ("first",))).jobs
    module = SimpleNamespace(describe_prompt=lambda options, task: f"{sorted(options)} {task['type']}")
    monkeypatch.setattr(_prompts.catalog, "load_module", lambda *_: module)
    assert _prompts.wordings(job, None) == [f"{sorted(job.method.parts[0].options)} rerank"]
