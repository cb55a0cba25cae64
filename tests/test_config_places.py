"""Where keys come from: relative paths start at the file that writes them, messages point at its line."""

from pathlib import Path

import pytest

from zsbench.config import catalog, overlay
from zsbench.core.errors import UserError
from zsbench.plan import planning
from zsbench.plan.choices import Choices

IMAGES = "type: image-classification\ndescription: d\ndata: {source: imagefolder, path: %s}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Two folders side by side, each with its own images; the user stands in the first."""
    for folder in ("near", "far"):
        (tmp_path / folder / "p" / "x").mkdir(parents=True)
        (tmp_path / folder / "p" / "x" / "1.png").write_bytes(b"x")
    monkeypatch.chdir(tmp_path / "near")
    return tmp_path


def write(path, text):
    path.write_text(text)
    return str(path)


def data_path(name, **choices):
    [job] = planning.make(name, Choices(methods=("random-class",), **choices)).jobs
    return job.source.resolved()["path"]


def test_configs_are_those_of_the_folder_one_stands_in(here, monkeypatch):
    for folder in ("near", "far"):
        tasks = here / folder / "configs" / "tasks"
        tasks.mkdir(parents=True)
        write(tasks / f"{folder}-task.yaml", IMAGES % "p")
    assert catalog.configs("tasks")["near-task"].path == here / "near" / "configs" / "tasks" / "near-task.yaml"
    monkeypatch.chdir(here / "far")
    assert "near-task" not in catalog.configs("tasks")
    assert "far-task" in catalog.configs("tasks")
    monkeypatch.setenv("ZSBENCH_CONFIGS", str(here / "near" / "configs"))
    assert {"near-task", "far-task", "digits"} <= set(catalog.configs("tasks"))


def test_data_of_a_config_elsewhere(here):
    far = write(here / "far" / "t.yaml", IMAGES % "p")
    assert data_path(far) == str(here / "far" / "p")


def test_a_key_laid_over_by_extends(here):
    write(here / "far" / "t.yaml", IMAGES % "q")
    near = write(here / "near" / "t.yaml", "extends: ../far/t.yaml\ndata: {path: p}\n")
    assert data_path(near) == str(here / "near" / "p")


def test_a_key_laid_over_by_a_suite(here):
    write(here / "far" / "t.yaml", IMAGES % "q")
    near = write(here / "near" / "s.yaml", "description: d\nruns:\n  - tasks: {use: ../far/t.yaml, data: {path: p}}\n")
    assert data_path(near) == str(here / "near" / "p")


def test_a_key_of_the_command_line(here):
    far = write(here / "far" / "t.yaml", IMAGES % "q")
    assert data_path(far, assignments=("task.data.path=p",)) == str(here / "near" / "p")


def test_a_tasks_options_of_a_method(here):
    write(here / "far" / "words.json", "{}")
    write(here / "far" / "t.yaml", IMAGES % "p" + "method_options: {cupl: {prompts: words.json}}\n")
    suite = "description: d\nruns:\n  - tasks: ../far/t.yaml\n    models: clip-glyphs\n    methods: %s\n"
    for written in ("cupl", "{name: cupl, templates: false}", "[[cupl]]"):
        [job] = planning.make(write(here / "near" / "s.yaml", suite % written)).jobs
        assert Path(job.method.parts[0].resolved()["prompts"]).resolve() == here / "far" / "words.json"


def test_a_models_keys_in_a_suite(here):
    write(here / "near" / "delta.safetensors", "")
    write(here / "far" / "m.yaml", "description: d\nadapter: open-clip\nmodel: asset:models/clip-glyphs\n")
    text = "description: d\nruns:\n  - tasks: digits\n    models: {use: ../far/m.yaml, modify: {name: lora, %s: 1}}\n"
    changed = text.replace("%s: 1", "path: delta.safetensors, alpha: 1")
    [job] = planning.make(write(here / "near" / "s.yaml", changed)).jobs
    assert job.model.modifiers[0].resolved()["path"] == str(here / "near" / "delta.safetensors")
    with pytest.raises(UserError) as wrong:
        planning.make(write(here / "near" / "s.yaml", text % "alfa"))
    assert "s.yaml:4: unknown key 'modify.0.alfa' of 'lora'" in str(wrong.value)


def test_messages_point_at_the_line_of_an_entry(here):
    text = (
        "description: d\nruns:\n  - models: clip-glyphs\n    tasks:\n      - digits\n"
        "      - use: glyphs\n        metrics:\n          - acc@1\n          - acc1\n"
        "    methods:\n      - prompt-ensemble\n      - name: zpe\n        temprature: 1\n"
    )
    with pytest.raises(UserError) as wrong:
        planning.make(write(here / "near" / "s.yaml", text))
    assert "s.yaml:13: unknown key 'temprature' of 'zpe'" in str(wrong.value)
    with pytest.raises(UserError) as wrong:
        planning.make(write(here / "near" / "s.yaml", text.replace("        temprature: 1\n", "")))
    assert "s.yaml:9: no metric 'acc1'" in str(wrong.value)


def test_embedded_runs_are_told_from_the_others(here):
    text = (
        "description: d\npaper: {title: t, year: 2020}\nruns:\n  - tasks: digits\n    models: clip-glyphs\n"
        "embedded:\n  runs:\n    - tasks: digitz\n      models: clip-glyphs\n"
    )
    with pytest.raises(UserError, match=r"s\.yaml:8: no task 'digitz'"):
        planning.make(write(here / "near" / "s.yaml", text), Choices(embedded=True))


def test_lists_hide_what_they_replace(here):
    write(here / "far" / "t.yaml", IMAGES % "p" + "metrics:\n  - acc@1\n  - acc@5\n")
    found = overlay.load(here / "far" / "t.yaml")
    near = write(here / "near" / "t.yaml", "extends: ../far/t.yaml\nmetrics: [acc@1]\n")
    laid = overlay.load(here / "near" / "t.yaml")
    assert found.where(("metrics", 1)) == f"{here / 'far' / 't.yaml'}:6"
    assert laid.where(("metrics", 1)) == "t.yaml:2", near
