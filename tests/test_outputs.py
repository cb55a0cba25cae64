"""No command writes over a file that it reads: every option that names a path is known to read or to write."""

import inspect
import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import typer

from tests.command import call
from zsbench.cli._on_demand import _Commands
from zsbench.cli._outputs import file_to_write
from zsbench.cli.main import COMMANDS
from zsbench.core import arrays, files, outputs, tablefiles, textfiles
from zsbench.core.errors import UserError

READ = {
    "alias", "baseline", "captions", "centroids", "clusters", "concepts", "corpus", "definitions", "embeddings",
    "examples", "folder", "folders", "gold", "item_concepts", "listed", "pairs", "places", "predictions", "products", "prompts", "qrels", "results",
    "run", "hierarchy", "labelled", "tags", ("relevance", "counts"), "test", "test_values", "validation_values",
}  # fmt: skip
FOLDERS = {
    ("transfer-splits", "out"), ("split-values", "out"), ("report", "html"), ("eval", "out"), ("count", "index"),
    ("relevance", "answers"),
}  # fmt: skip
"""Folders that commands fill: the first two refuse files that are there, the others know their own or go on in them."""


def functions():
    """Yield the name and the function of every command."""
    known = _Commands(COMMANDS, "")
    for name in COMMANDS:
        made = known.imported(name)
        if isinstance(made, typer.Typer):
            yield from (
                (each.name or each.callback.__name__.replace("_", "-"), each.callback)
                for each in made.registered_commands
            )
        else:
            yield name, made


def paths():
    """Yield command, parameter and typer's own description of every parameter that is a path."""
    for command, function in functions():
        for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
            kind, *infos = get_args(parameter.annotation)
            if "Path" in str(kind):
                yield command, name, infos[0]


def test_every_path_is_read_or_is_kept_from_being_read():
    odd = [
        (command, name)
        for command, name, info in paths()
        if info.callback is not file_to_write and not {name, (command, name)} & {*READ, *FOLDERS}
    ]
    assert odd == []
    assert sum(info.callback is file_to_write for *_, info in paths()) >= 10


def test_what_is_to_be_written_cannot_be_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(1))
    (tmp_path / "link.npz").symlink_to(tmp_path / "a.npz")
    readers = (textfiles.read, arrays.read, lambda path: tablefiles.read(path.with_suffix(".parquet"), ["x"]))
    (tmp_path / "a.parquet").symlink_to(tmp_path / "a.npz")
    for read in readers:
        with (
            outputs.planned("--out", tmp_path / "link.npz"),
            pytest.raises(UserError, match=r"--out .*that this command reads"),
        ):
            read(tmp_path / "a.npz")
    assert arrays.read(tmp_path / "a.npz").keys() == {"x"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files.write_json(Path("t.json"), {"city": 3, "person": 1})
    Path("w.txt").write_text("person 1 0\ncity 0 1\n")
    Path("m.yaml").write_text("adapter: word-vectors\nvectors: w.txt\n")
    Path("e.json").write_text('["city", "person"]')
    Path("p.jsonl").write_text('{"id": "a", "text": "x", "values": ["c: 1"]}\n')
    np.savez("s.npz", scores=[[0.1, 0.2]], labels=[[0, 1]], product_ids=["a"], values=["c: 1", "c: 2"])
    return tmp_path


FAMILIARITY = ("familiarity", "--train", "t.json", "--eval", "e.json", "--model", "m.yaml")
SPLITS = ("transfer-splits", "--train", "t.json", "--eval", "e.json", "--model", "m.yaml", "--rule", "max")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((*FAMILIARITY, "--plot", "t.json"), "--plot t.json: a file that this command reads"),
        (("familiarity", "--counts", "e.json", *FAMILIARITY[1:]), "--counts e.json: a file that this command reads"),
        ((*FAMILIARITY, "--counts", "w.txt"), "--counts w.txt: a file that this command reads"),
        ((*FAMILIARITY, "--counts", "./m.yaml"), "--counts m.yaml: a file that this command reads"),
        (
            ("score", "attribute-values", "--gold", "s.npz", "--predictions", "s.npz", "--items", "s.npz"),
            "--items s.npz: a file that this command reads",
        ),
        (("prune", "s.npz", "--clusters", "s.npz", "--out", "s.npz"), "--out s.npz: a file that this command reads"),
        ((*SPLITS, "--out", "there"), "there/easy.json: is there already"),
        (("corpus", "split-values", "p.jsonl", "--n", 1, "--seed", 1, "--out", "there"), "there/train.jsonl: is there"),
    ],
)
def test_inputs_and_files_of_others_stay_as_they_are(folder, command, said):
    (folder / "there").mkdir()
    for name in ("easy.json", "train.jsonl"):
        (folder / "there" / name).write_text(json.dumps({"kept": 1}))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, screen = call(*command)
    assert (code, said in screen.err) == (2, True), screen.err
    assert {path: path.read_bytes() for path in before} == before
