"""Every mistake is shown at once, missing data make only their own rows wait, and validate looks where eval will."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.config import catalog, models
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError
from zsbench.models.capabilities import ImageTextEncoder
from zsbench.plan import planning
from zsbench.plan.choices import Choices

SUITE = """\
description: d
runs:
  - tasks: [synonyms, {use: mine.yaml}]
    methods: [bm25]
  - tasks: [synonyms]
    methods: [random-order]
"""
MINE = "type: rerank\ndescription: d\ndata: {source: trec, qrels: %s}\nmethod: random-order\n"


def call(*arguments):
    outcome = CliRunner().invoke(app, [*map(str, arguments)])
    return outcome, str(outcome.exception or "")


@pytest.mark.parametrize("path", ["absent.qrels", "$ZSBENCH_NOT_SET/absent.qrels"])
def test_rows_whose_data_are_missing_wait_and_the_others_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(MINE % path)
    (tmp_path / "suite.yaml").write_text(SUITE)
    outcome, error = call("eval", "suite.yaml", "--limit", 5, "--json")
    assert outcome.exception.exit_code == 2
    assert path.rpartition("/")[2] in error
    [suite] = json.loads(outcome.stdout)["suites"]
    assert {(row["task"], row["method"]) for row in suite["rows"]} == {
        ("synonyms", "bm25"),
        ("synonyms", "random-order"),
    }
    assert [entry["run"] for entry in suite["errors"]] == ["mine / none / bm25"]


def test_models_beside_the_runs_stand_in_for_those_of_every_run(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "runs:\n  - {tasks: digits, models: clip-glyphs}\n  - {tasks: glyphs, methods: [random-class, prompt-ensemble]}\n"
    )
    path = tmp_path / "mine.yaml"
    path.write_text("extends: base.yaml\nmodels: [clip-glyphs-uniform, {use: clip-glyphs, label: mine}]\n")
    named = [(job.task_name, job.model_name, job.method.title) for job in planning.make(str(path)).jobs]
    both = ["clip-glyphs-uniform", "mine"]
    assert named == [
        *(("digits", model, "prompt-ensemble") for model in both),
        ("glyphs", "none", "random-class"),
        *(("glyphs", model, "prompt-ensemble") for model in both),
    ]
    chosen = planning.make(str(path), Choices(models=("clip-glyphs-longtail",))).jobs
    assert {job.model_name for job in chosen} == {"none", "clip-glyphs-longtail"}
    path.write_text("extends: base.yaml\nmodels: clip-glyfs\n")
    with pytest.raises(UserError, match=r"mine\.yaml:2: no model 'clip-glyfs'; did you mean 'clip-glyphs'"):
        planning.make(str(path))


def test_all_missing_data_are_named(tmp_path, monkeypatch):
    monkeypatch.delenv("ZSBENCH_DATA", raising=False)
    made = planning.make("papers/clip")
    named = {str(problem) for problems in made.missing.values() for problem in problems}
    assert sum("ZSBENCH_DATA" in text for text in named) > 1
    assert len(made.missing) < len(made.jobs)


WRONG = {
    "an unknown method": ("method: zzz\n", "no method 'zzz'"),
    "an option of the method": ("method: {name: bm25, k2: 1}\n", "unknown key 'k2'"),
    "a file of the data": ("data: {source: trec, qrels: none.qrels}\n", "no such file 'none.qrels'"),
    "a file of the task": ("candidates: {stage: run, path: none.run}\n", "no such file 'none.run'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_validate_of_a_task_looks_where_eval_will(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line, words = WRONG[what]
    (tmp_path / "q").write_text("q 0 d 1\n")
    (tmp_path / "mine.yaml").write_text((MINE % "q").replace("method: random-order\n", "") + line
                                        if not line.startswith("data") else MINE.split("data")[0] + line)  # fmt: skip
    outcome, error = call("validate", "mine.yaml")
    assert outcome.exit_code
    assert words in error


def test_every_mistake_of_a_line_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(
        "description: d\nruns:\n  - tasks: [synonyms, synonymz]\n    methods: [bm25, bm26, icr, {name: bm25, k2: 1}]\n"
        "    models: [lm-synonyms, no-such-model]\n"
    )
    _, error = call("validate", "s.yaml")
    for words in ("synonymz", "bm26", "no-such-model", "k2"):
        assert words in error
    assert len(error.splitlines()) == 4


def test_published_values_of_unknown_tasks_and_metrics_are_mistakes(tmp_path):
    paper = (
        "description: d\npaper: {title: t, year: 2020}\nruns:\n  - {tasks: digits, methods: random-class}\nexpected:\n"
    )
    for key, words in (
        ("acc@1 on digitz", "no task 'digitz'"),
        ("accuracy on digits", "no metric of 'digits' 'accuracy'"),
    ):
        path = tmp_path / "p.yaml"
        path.write_text(f"{paper}  {key}: {{value: 0.5, source: s, verified: true}}\n")
        with pytest.raises(UserError, match=words):
            planning.make(str(path))


def test_a_folder_of_configs_is_validated_whole(tmp_path):
    for name, qrels in (("a", "q"), ("b", "absent")):
        (tmp_path / f"{name}.yaml").write_text(MINE % qrels)
    (tmp_path / "q").write_text("q 0 d 1\n")
    outcome, error = call("validate", tmp_path)
    assert "a.yaml: ok" in outcome.stdout
    assert "absent" in error


@pytest.mark.parametrize(
    ("option", "value"),
    [("--limit", "0"), ("--seed", "-1"), ("--batch-size", "0"), ("--batch-size", "-1"), ("--threads", "0")],
)
def test_a_wrong_setting_is_blamed_on_its_option(option, value):
    _, error = call("eval", "digits", "--method", "random-class", option, value)
    assert error.startswith(f"{option}: ")


def test_a_lacking_dependency_of_a_family_is_named(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError("no sklearn", name="sklearn")

    monkeypatch.setattr(catalog.importlib, "import_module", absent)
    with pytest.raises(UserError, match="needs sklearn, which is not installed"):
        catalog.load_family("classification")


def test_an_assignment_may_speak_of_one_method_of_several():
    made = planning.make("synonyms", Choices(methods=("bm25", "random-order"), assignments=("bm25.k1=1.7",)))
    assert [job.method.links[0].options for job in made.jobs] == [{"k1": 1.7}, {}]
    for text, words in (("bm52.k1=1", "did you mean 'bm25'"), ("icr.window=3", "no run has 'icr'")):
        with pytest.raises(UserError, match=words):
            planning.make("synonyms", Choices(methods=("bm25",), assignments=(text,)))


LEARNERS = [
    name
    for name, entry in catalog.own_components("methods").items()
    if entry.family == "classification" and "support set" in catalog.load_component("methods", name).facts.uses
]


@pytest.mark.parametrize("name", LEARNERS)
def test_a_method_that_learns_from_labelled_images_needs_support_before_anything_is_loaded(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task = "type: image-classification\ndata: {source: digits}\n"
    (tmp_path / "few.yaml").write_text(f"{task}support: {{source: digits}}\nmethod: {name}\n")
    (tmp_path / "none.yaml").write_text(f"{task}method: {name}\n")
    assert call("validate", "few.yaml")[0].exit_code == 0
    with pytest.raises(UserError, match=f"none.yaml:1: {name}: no support images; expected `support:`"):
        planning.make("none.yaml", Choices(models=("clip-glyphs",), methods=(name,)))
    assert f"none.yaml:3: {name}: no support images" in call("validate", "none.yaml")[1]


@pytest.mark.parametrize("prefix", ["", "local-dir:"])
def test_a_folder_is_a_model_wherever_models_are_named(tmp_path, prefix):
    shutil.copytree(ASSETS / "models" / "clip-glyphs", tmp_path / "mine")
    reference = f"{prefix}{tmp_path / 'mine'}"
    [job] = planning.make("glyphs", Choices(models=(reference,))).jobs
    block, files = models.named(reference, ImageTextEncoder)
    assert (job.model_name, job.model.described()) == ("mine", block.described())
    assert {Path(file).parent for file in files} == {tmp_path / "mine"}


def test_a_config_is_meant_where_a_folder_has_its_name(tmp_path, monkeypatch):
    (tmp_path / "clip-glyphs").mkdir()
    monkeypatch.chdir(tmp_path)
    block, _ = models.named("clip-glyphs", ImageTextEncoder)
    assert block.options["model"] == "asset:models/clip-glyphs"
