"""Options over the whole registry: nonsense in any of them is refused where `validate` looks, and bounds are declared.

What options do is tested in `test_option_effects.py`, what metric parameters refuse in `metrics/test_names.py`.
"""

import difflib
from pathlib import Path

import pytest

from tests.every_option import components, every_option, needed, nonsense, undeclared
from zsbench.cli.main import run
from zsbench.config import blocks, catalog, overlay
from zsbench.config.components import option_defaults
from zsbench.config.paths import unset_variables
from zsbench.core.errors import UserError
from zsbench.core.yamlio import Document
from zsbench.plan import _method_options, planning, task_configs
from zsbench.plan.choices import Choices

OPTIONS = every_option()
OWNERS = sorted({option.owner for option in OPTIONS})
COMPONENTS = list(components())
KEY = {"methods": "name", "models": "adapter", "modifiers": "name", "data": "source"}


def test_the_list_is_the_registry():
    kinds = ("methods", "models", "modifiers", "data")
    having = {f"{kind}/{name}" for kind, name, function in COMPONENTS if option_defaults(function)}
    assert having | {f"tasks/{name}" for name in catalog.own_components("tasks")} < set(OWNERS)
    assert {(kind, name) for kind, name, _ in COMPONENTS} == {(k, n) for k in kinds for n in catalog.own_components(k)}
    assert len(OPTIONS) > 700
    assert {"methods/zpe", "settings", "tasks/rerank", "models/hf-causal-lm", "data/tsv", "modifiers/lora"} < set(
        OWNERS
    )
    names = {str(option) for option in OPTIONS}
    assert {"tasks/rerank candidates.k1", "methods/pairwise prompt.text", "methods/setwise cut.unit"} < names


@pytest.mark.parametrize("owner", OWNERS)
def test_nonsense_in_any_option_is_refused(owner):
    accepted = [
        f"{option.name}: {value!r} ({what})"
        for option in OPTIONS
        if option.owner == owner
        for what, value in nonsense(option)
        if not option.refuses(value)
    ]
    assert accepted == []


@pytest.mark.parametrize("owner", OWNERS)
def test_every_option_declares_its_bounds(owner):
    lacking = [
        f"{option.name}: {what}"
        for option in OPTIONS
        if option.owner == owner
        for what in filter(None, map(undeclared, option.forms))
    ]
    assert lacking == []


@pytest.mark.parametrize(("kind", "name", "function"), COMPONENTS, ids=[f"{k}-{n}" for k, n, _ in COMPONENTS])
def test_a_key_of_another_component_is_refused_at_its_line(kind, name, function):
    own = option_defaults(function)
    others = {key for k, _, other in COMPONENTS if k == kind for key in option_defaults(other)}
    foreign = sorted((others or {"alfa"}) - own.keys()) or ["alfa"]
    for key in (foreign[0], foreign[-1], "zzz"):
        value = {KEY[kind]: name, **needed(function), key: 1}
        document = Document(Path("t.yaml"), value, {(key,): (Path("t.yaml"), 7)})
        with pytest.raises(UserError, match=f"t.yaml:7: unknown key '{key}' of '{name}'"):
            blocks.block(kind, value, KEY[kind], document, ())


def test_a_typo_in_any_option_names_the_right_one():
    for kind, name, function in COMPONENTS:
        for key in option_defaults(function):
            wrong = key[:-1] + "_" + key[-1] if len(key) > 3 else None
            if wrong is None or difflib.get_close_matches(wrong, option_defaults(function))[:1] != [key]:
                continue
            value = {KEY[kind]: name, **needed(function), wrong: 1}
            with pytest.raises(UserError, match=rf"did you mean '{key}'"):
                blocks.block(kind, value, KEY[kind], Document(Path("t.yaml"), value), ())


IMAGES = "type: image-classification\ndescription: d\ndata: {source: imagefolder, path: p}\n"
VALIDATED = {
    "an option of a method": ("methods: {name: zpe, frac_test: 0}", ["s.yaml:5", "frac_test", "above 0"]),
    "an option that waits for another": ("methods: {name: loki, nodes: n.json}", ["s.yaml:5", "nodes", "`distances:`"]),
    "an option that another silences": ("methods: {name: tip-adapter, alpha: 1, alpha_steps: 3}", ["no `alpha:`"]),
    "two of which one counts": ("methods: {name: zpe, per: example, select: 1}", ["s.yaml:5", "select"]),
    "a setting": ("methods: random-class\nsettings: {seed: -1}", ["s.yaml:6", "seed", "at least 0"]),
    "a setting of two kinds": ("methods: random-class\nsettings: {batch_size: 0}", ["at least 1 or 'auto'"]),
    "threads": ("methods: random-class\nsettings: {threads: 1000000}", ["at most 1024"]),
    "a device": ("methods: random-class\nsettings: {device: gpu}", ["cuda:N"]),
    "a metric": ("methods: random-class\n    label: x", ["label"]),
    "a model": ("methods: zpe\n    models: {adapter: open-clip, model: ., prefix_mode: label}", ["prefix_mode", "alone"]),
    "a modifier": ("methods: zpe\n    models: {use: clip-glyphs, modify: {name: lora, path: x, alpha: -1}}", ["modify.0.alpha", "above 0"]),
    "a task": ("methods: random-class", ["t.yaml:4", "shots", "alone"], IMAGES + "shots: 3\n"),
    "an unseen draw": ("methods: random-class", ["t.yaml:4", "unseen.seed"], IMAGES + "unseen: {seed: -1}\n"),
    "options of a method that does not run": (
        "methods: random-class", ["t.yaml:4", "knn", "k", "at least 1"], IMAGES + "method_options: {knn: {k: -3}}\n"),
    "a misspelt option of a method that does not run": (
        "methods: random-class", ["t.yaml:4", "unknown key", "kk"], IMAGES + "method_options: {knn: {kk: 3}}\n"),
    "a method that there is not": (
        "methods: random-class", ["t.yaml:4", "no method", "'knm'", "'knn'"], IMAGES + "method_options: {knm: {k: 3}}\n"),
    "a method of another family": (
        "methods: random-class", ["t.yaml:4", "no method", "bm25"], IMAGES + "method_options: {bm25: {k1: 1}}\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", VALIDATED)
def test_validate_says_it(name, tmp_path, monkeypatch, capsys):
    text, words, *task = VALIDATED[name]
    (tmp_path / "p" / "x").mkdir(parents=True)
    (tmp_path / "p" / "x" / "1.png").write_bytes(b"x")
    (tmp_path / "t.yaml").write_text(task[0] if task else IMAGES)
    (tmp_path / "s.yaml").write_text(f"description: d\nruns:\n  - tasks: t.yaml\n    models: clip-glyphs\n    {text}\n")
    if "models:" in text:
        (tmp_path / "s.yaml").write_text(f"description: d\nruns:\n  - tasks: t.yaml\n    {text}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["zsbench", "validate", "s.yaml"])
    with pytest.raises(SystemExit) as done:
        run()
    shown = capsys.readouterr().err
    assert done.value.code == 2, shown
    assert all(word in shown for word in words), shown


LINES = {
    "tasks: []": "runs.0.tasks",
    "tasks: ''": "runs.0.tasks",
    "methods: random-class": "runs.0.tasks",
    "tasks: digits, methods: []": "runs.0.methods",
    "tasks: digits, methods: random-class, models: []": "runs.0.models",
    "tasks: digits, methods: {name: random-class, label: 3}": "label",
    "tasks: digits, methods: {name: random-class, label: ''}": "label",
    "tasks: digits, methods: {name: random-class, description: 3}": "description",
    "tasks: {use: digits, label: [a]}, methods: random-class": "label",
    "tasks: digits, models: {use: clip-glyphs, label: ' '}, methods: zpe": "label",
    "tasks: digits, models: {use: clip-glyphs, license: 3}, methods: zpe": "license",
    "tasks: digits, models: clip-glyphs, methods: {chain: [zpe], lable: x}": "did you mean 'label'",
    "tasks: digits, models: clip-glyphs, methods: {chain: [zpe], label: 3}": "label",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_a_suite_names_something(line, tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(f"description: d\nruns:\n  - {{{line}}}\n")
    with pytest.raises(UserError, match=f"s.yaml:[23].*{LINES[line]}"):
        planning.make(str(path))


def test_method_options_of_shipped_tasks_are_options():
    for entry in catalog.configs("tasks").values():
        document = overlay.load(entry.path)
        if "method_options" in document.value:
            with unset_variables():
                task, _ = task_configs.read_task(document)
            _method_options.check(task, catalog.load_module("tasks", task.type).Task.family, shipped=True)


def test_a_shipped_task_laid_over_is_checked(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("extends: synonyms\nmethod_options: {icr: {promt: qa}}\n")
    with pytest.raises(UserError, match=r"t.yaml:2: unknown key .*promt. of .icr.; did you mean .prompt."):
        planning.make(str(path), Choices(methods=("bm25",)))


@pytest.mark.parametrize(
    ("value", "folder", "refused"),
    [("v1", True, True), (None, True, False), ("v1", False, False), ("", False, True), (" ", False, True)],
)
def test_a_local_folder_has_no_revision(value, folder, refused, tmp_path):
    for adapter in ("bi-encoder", "cross-encoder", "hf-causal-lm", "hf-seq2seq", "hf-clip", "hf-blip", "hf-xclip"):
        block = {"adapter": adapter, "model": str(tmp_path) if folder else "org/name", "revision": value}
        refuse(block, "models", refused)
    for source in ("webdataset", "webdataset-captions", "hf-datasets", "hf-captions", "hf-collection"):
        refuse({"source": source, "path": str(tmp_path) if folder else "org/name", "revision": value}, "data", refused)


def refuse(value, kind, refused):
    def read():
        return blocks.block(kind, value, KEY[kind], Document(Path("t.yaml"), value), ())

    if refused:
        with pytest.raises(UserError, match="revision"):
            read()
    else:
        assert read().options["revision"] == value["revision"]


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("tsv", {"collection": "c", "queries": "q", "qrels": "r", "columns": ["id", "text", "text"]}),
        ("tsv", {"collection": "c", "queries": "q", "qrels": "r", "columns": ["id", "title"]}),
        ("question-answers", {"questions": "q", "passages": "p.jsonl", "header": False}),
        ("question-answers", {"questions": "q", "passages": "p.tsv", "columns": []}),
        ("interactions", {"path": "p", "user": "a", "item": "a"}),
        ("interactions", {"path": "p", "items": "i", "text": "movieId"}),
        ("interactions", {"path": "p", "text": "words"}),
        ("image-table", {"path": "p", "group": "label"}),
        ("hf-captions", {"path": "org/name", "caption": "image"}),
        ("features", {"path": "p", "ids": "labels"}),
        ("video-files", {"path": "p", "only_their_classes": True}),
    ],
)
def test_columns_differ_and_layouts_fit(source, options):
    value = {"source": source, **options}
    with pytest.raises(UserError):
        blocks.block("data", value, "source", Document(Path("t.yaml"), value), ())
