"""Every file behind every source, model, method and task is one of its inputs: a changed byte is noticed, and so is a
missing file, before anything is loaded."""

import dataclasses
import os
import shutil
from pathlib import Path

import pytest

from tests.data.builders import BUILDERS, FURTHER, NO_FILES, images, png, write
from zsbench.config import catalog
from zsbench.config.blocks import Block, _marks
from zsbench.config.components import option_hints
from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.plan import checks, planning, task_configs
from zsbench.plan.choices import Choices
from zsbench.results.store import describe_inputs, same_inputs
from zsbench.run import runner

EVERY = {name: (name, build) for name, build in BUILDERS.items()} | FURTHER
# Sources that take whatever lies in a folder: one file less is another input, not a missing one.
LISTS_FOLDERS = {
    "imagefolder", "frame-folders", "video-files", "torchvision", "hf-datasets", "hf-captions", "hf-collection", "hf-ner",
    "webdataset", "webdataset-captions", "depth-frames", "hf-texts",
}  # fmt: skip


def built(name, folder):
    source, build = EVERY[name]
    folder.mkdir()
    return Block("data", source, build(folder, images()))


def on_disk(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def accepted(recorded, block):
    """Say whether a result over the recorded files would be shown again; an error would be shown instead of it."""
    try:
        return same_inputs(recorded, block.files())
    except UserError:
        return False


def test_every_source_has_a_builder():
    assert {*BUILDERS, *NO_FILES} == set(catalog.own_components("data"))


@pytest.mark.parametrize("name", EVERY)
def test_a_changed_byte_of_any_file_is_another_input(name, tmp_path):
    block = built(name, tmp_path / "d")
    recorded = describe_inputs(block.files())
    assert accepted(recorded, block)
    for path in on_disk(tmp_path / "d"):
        before, stat = path.read_bytes(), path.stat()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        # Clocks of file systems are slower than tests.
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))
        assert not accepted(recorded, block), path
        path.write_bytes(before)
    assert accepted(recorded, block)


@pytest.mark.parametrize("name", EVERY)
def test_a_missing_file_is_found_before_anything_is_loaded(name, tmp_path):
    block = built(name, tmp_path / "d")
    recorded = describe_inputs(block.files())
    for path in on_disk(tmp_path / "d"):
        path.rename(tmp_path / "away")
        if EVERY[name][0] not in LISTS_FOLDERS or name in FURTHER:
            with pytest.raises(UserError, match=r"no such file"):
                checks.require_files(block)
        assert not accepted(recorded, block), path
        (tmp_path / "away").rename(path)
    checks.require_files(block)
    shutil.rmtree(tmp_path / "d")
    with pytest.raises(UserError, match="no such"):
        checks.require_files(block)


@pytest.mark.parametrize("name", EVERY)
def test_a_folder_for_a_file_and_a_file_for_a_folder_are_found_before_anything_is_loaded(name, tmp_path):
    block = built(name, tmp_path / "d")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"?")
    tried = 0
    for key, value in block.options.items():
        path = Path(str(value))
        if path.is_absolute() and path.exists():
            other = tmp_path / ("empty" if path.is_file() else "file")
            changed = dataclasses.replace(block, options=block.options | {key: str(other)})
            with pytest.raises(UserError, match=r"a folder|a file; expected|no such file|not valid JSON"):
                checks.require_files(changed)
            tried += 1
    assert tried


@pytest.mark.parametrize("name", sorted(LISTS_FOLDERS))
def test_an_empty_folder_is_found_before_anything_is_loaded(name, tmp_path):
    block = built(name, tmp_path / "d")
    (tmp_path / "empty").mkdir()
    key = "root" if name == "torchvision" else "path"
    with pytest.raises(UserError, match="empty"):
        checks.require_files(dataclasses.replace(block, options=block.options | {key: str(tmp_path / "empty")}))


def test_torchvision_may_download_into_a_folder_that_is_not_there(tmp_path):
    options = {"name": "EuroSAT", "root": str(tmp_path / "none"), "download": True}
    checks.require_files(Block("data", "torchvision", options))


@pytest.mark.parametrize(
    ("data", "files"),
    [
        ("{source: image-table, path: t.csv}", {"t.csv": "path,label\na.png,x\nb.png,y\n"}),
        ("{source: imagefolder, path: f}", {"f/x/a.png": png(1), "f/y/b.png": png(2)}),
    ],
)
def test_changed_pixels_are_computed_anew(data, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {"a.png": png(1), "b.png": png(2), "t.yaml": f"type: image-classification\ndescription: d\ndata: {data}\n"}
        | files,
    )
    made = planning.make("t.yaml", Choices(methods=("random-class",)))
    options = runner.Options(tmp_path / "out", Cache(tmp_path / "cache"))
    [job] = made.jobs
    runner.run(job, None, options, lambda *_: None)
    assert runner.finished(job, options)
    for path in [path for path in tmp_path.rglob("b.png") if "out" not in path.parts]:
        path.write_bytes(png(3))
        os.utime(path, ns=(0, 10**18))
    assert runner.finished(job, options) is None


OPTIONS = [
    (kind, name, option)
    for kind in ("methods", "models", "modifiers")
    for name in catalog.own_components(kind)
    for option, hint in option_hints(catalog.load_component(kind, name)).items()
    if "local-path" in _marks(hint)
]


@pytest.mark.parametrize(("kind", "name", "option"), OPTIONS)
def test_a_file_that_an_option_names_is_an_input(kind, name, option, tmp_path):
    path = tmp_path / "named.npz"
    assert str(path) in Block(kind, name, {option: str(path)}).files()
    with pytest.raises(UserError, match="no such file"):
        checks.require_files(Block(kind, name, {option: str(path)}))


@pytest.mark.parametrize(
    "block",
    [
        Block("models", "features", {"text_model": "m.yaml"}),
        Block("methods", "rlcf", {"reward": "m.yaml"}),
        Block("methods", "rlcf", {"reward": {"m.yaml": 1.0}}),
        Block("models", "features", {"text_model": "local-dir:weights"}),
        Block("methods", "rlcf", {"reward": "local-dir:weights"}),
    ],
    ids=str,
)
def test_models_that_options_name_are_inputs_with_their_weights(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ASSETS / "models" / "clip-glyphs", tmp_path / "weights")
    write(
        tmp_path,
        {
            "m.yaml": "extends: base.yaml\ndescription: d\n",
            "base.yaml": "adapter: open-clip\nmodel: local-dir:weights\ndescription: e\n",
        },
    )
    found = {Path(path).resolve() for path in dataclasses.replace(block, base=tmp_path).files()}
    expected = {path.resolve() for path in (tmp_path / "weights").rglob("*") if path.is_file()}
    expected |= {tmp_path / "m.yaml", tmp_path / "base.yaml"} if "m.yaml" in str(block.options) else set()
    assert found >= expected


TABLE = {"t.csv": "path,label\na.png,x\nb.png,y\n", "a.png": png(1), "b.png": png(2)}
IMAGES = "type: image-classification\ndata: {source: image-table, path: t.csv}\n"
VIDEOS = "type: video-classification\ndata: {source: video-arrays, path: v.npz}\n"
NER = "type: ner\ndata: {source: jsonl-sentences, path: s.jsonl}\n"
RANK = "type: {}\ndata: {{source: beir, path: .}}\n"


@pytest.mark.parametrize(
    "text",
    [
        *(IMAGES + f"{key}: named.txt\n" for key in ("classes", "class_map", "unseen", "distances", "frequency")),
        *(
            IMAGES + f"{key}: {{source: image-table, path: named.txt}}\n"
            for key in ("support", "validation", "unlabeled")
        ),
        *(VIDEOS + f"{key}: named.txt\n" for key in ("classes", "class_map")),
        NER + "labels: named.txt\n",
        RANK.format("rerank") + "candidates: {stage: run, path: named.txt}\n",
    ],
)
def test_a_file_that_a_task_names_is_an_input(text, tmp_path):
    (tmp_path / "t.yaml").write_text(f"description: d\n{text}")
    from zsbench.config import overlay

    task, source = task_configs.read_task(overlay.load(tmp_path / "t.yaml"))
    module = catalog.load_module("tasks", task.type)
    (tmp_path / "corpus.jsonl").touch()
    assert str(tmp_path / "named.txt") in module.Task(task, source).files()


@pytest.mark.parametrize(("kind", "name", "option"), [("models", "open-clip", "model"), ("methods", "cupl", "prompts")])
def test_folders_are_read_through_links_and_without_hidden_files(kind, name, option, tmp_path):
    write(tmp_path, {"own/a.txt": "a", "own/._a.txt": b"\0", "own/.cache/b.txt": "b", "elsewhere/c.txt": "c"})
    (tmp_path / "own" / "linked").symlink_to(tmp_path / "elsewhere")
    found = Block(kind, name, {option: str(tmp_path / "own")}).files()
    assert found == [str(tmp_path / "own" / path) for path in ("a.txt", "linked/c.txt")]
