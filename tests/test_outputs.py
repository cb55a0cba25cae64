"""No command writes over a file that it reads: every option that names a path is known to read or to write."""

import inspect
import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import click
import numpy as np
import pytest
import typer

from tests.command import call
from zsbench.cli._on_demand import _Commands
from zsbench.cli._outputs import file_to_write, folder_to_fill
from zsbench.cli.main import COMMANDS
from zsbench.core import arrays, files, outputs, tablefiles, textfiles
from zsbench.core.errors import UserError

READ = {
    "alias", "baseline", "captions", "centroids", "clusters", "concepts", "corpus", "definitions", "embeddings",
    "examples", "folder", "folders", "gold", "item_concepts", "listed", "pairs", "places", "predictions", "products", "prompts", "qrels", "results",
    "run", "hierarchy", "labelled", "tags", ("relevance", "counts"), "test", "test_values", "validation_values",
}  # fmt: skip
FOLDERS = {("transfer-splits", "out"), ("split-values", "out"), ("report", "html"), ("eval", "out")}
"""Folders that commands fill alone: the first two refuse files that are there, the others know their own."""


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
        if info.callback not in (file_to_write, folder_to_fill) and not {name, (command, name)} & {*READ, *FOLDERS}
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


def of_one_command():
    """Yield the callback of each output of every command that has several, with those that stand beside it."""
    of_command = {}
    for command, name, info in paths():
        if info.callback in (file_to_write, folder_to_fill):
            of_command.setdefault(command, []).append((name, info.callback))
    yield from (pair for every in of_command.values() for pair in itertools.combinations(every, 2))


def test_no_two_outputs_of_any_command_are_one_file(tmp_path):
    several = list(of_one_command())
    assert len(several) >= 7  # of count four, one each of familiarity and relevance
    for (name, callback), (other, other_callback) in several:
        for first, second in ((tmp_path / "x", tmp_path / "x"), (tmp_path / "x", tmp_path / "x" / "y")):
            folder_last = callback is folder_to_fill and other_callback is file_to_write
            given = (first, second) if folder_last or first == second else (second, first)
            if first != second and folder_to_fill not in (callback, other_callback):
                continue
            with typer.Context(click.Command("x")) as context:
                callback(context, SimpleNamespace(opts=[f"--{name}"]), given[0])
                with pytest.raises(UserError, match=f"--{other} .*--{name} writes, too"):
                    other_callback(context, SimpleNamespace(opts=[f"--{other}"]), given[1])
    with outputs.planned("--a", tmp_path / "x"), outputs.filled("--b", tmp_path / "y"):
        pass


def test_an_answer_is_written_once_and_may_be_written_again(tmp_path):
    outputs.write_answer("--out", tmp_path / "a", b"1")
    outputs.write_answer("--out", tmp_path / "a", b"1")
    with pytest.raises(UserError, match=r"--out .*a: holds the answer to another question, or other data"):
        outputs.write_answer("--out", tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"1"


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
        (("corpus", "queries", "p.jsonl", "--model", "x", "--out", "t.json"), "--out t.json: is there already"),
        (
            ("corpus", "queries", "p.jsonl", "--model", "x", "--out", "q", "--examples", "q.part"),
            "--out q.part: a file that this command reads",
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
