"""Where no file can be written, a sentence says so before anything is; a file that is there is whole or untouched."""

import os
from pathlib import Path

import pytest

from tests.command import call
from zsbench.core import files
from zsbench.core.errors import UserError


@pytest.mark.parametrize("name", [".", "", "..", "/", "folder", "folder/."])
def test_a_folder_is_no_place_for_a_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for refuse in (lambda path: files.write_bytes(path, b"x"), files.require_place):
        with pytest.raises(UserError, match="a folder; expected the name of a file to write"):
            refuse(Path(name))
    assert os.listdir(tmp_path) == ["folder"]
    assert not os.listdir(tmp_path / "folder")


def test_a_device_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UserError, match="no regular file"):
        files.write_bytes(pipe, b"x")
    assert not pipe.is_file()
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize("name", ["file/x", "x" * 300])
def test_a_place_that_cannot_be_written(tmp_path, name):
    (tmp_path / "file").write_text("whole")
    with pytest.raises(UserError, match="cannot be written"):
        files.write_bytes(tmp_path / name, b"x")
    assert (tmp_path / "file").read_text() == "whole"
    assert os.listdir(tmp_path) == ["file"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for method in ("bm25", "random-order"):
        asked = ("eval", "synonyms", "--method", method, "--limit", 8, "--out", folder, "-q", "--offline")
        code, screen = call(*asked)
        assert code == 0, screen.err
    return folder / "synonyms" / "synonyms" / "none"


COMMANDS = {
    "plot": ("{bm25}", "--out", "a.json"),
    "export": ("{bm25}", "--format", "jsonl", "--out", "a.json"),
    "compare": ("{bm25}", "{random}", "--items-out", "a.csv"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["a folder", "below a file"])
def test_every_command_that_writes_a_file_says_so(run, tmp_path, monkeypatch, command, place):
    monkeypatch.chdir(tmp_path)
    given = [part.format(bm25=run / "bm25", random=run / "random-order") for part in COMMANDS[command]]
    if place == "a folder":
        (tmp_path / given[-1]).mkdir()
    else:
        (tmp_path / "file").write_text("whole")
        given[-1] = f"file/{given[-1]}"
    code, screen = call(command, *given)
    said = "a folder; expected the name of a file" if place == "a folder" else "cannot be written"
    assert (code, said in screen.err) == (2, True), screen.err


@pytest.mark.parametrize("name", ["file", "x" * 300])
def test_a_report_says_where_it_cannot_be_written(run, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("whole")
    code, screen = call("report", run, "--html", name, "--no-items")
    assert (code, name in screen.err) == (2, True)
    assert (tmp_path / "file").read_text() == "whole"
