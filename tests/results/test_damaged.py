"""Files of a run that were cut off, edited or made elsewhere: named, never trusted, never a traceback."""

import json
import logging
import shutil

import pytest
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.errors import UserError, UserErrors
from zsbench.results.store import find_results, read_result

COMMAND = ["eval", "digits", "--method", "random-class", "--limit", "20"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("damaged") / "runs"
    assert CliRunner().invoke(app, [*COMMAND, "--out", str(out), "-q"]).exit_code == 0
    return out


@pytest.fixture
def copy(runs, tmp_path):
    return shutil.copytree(runs, tmp_path / "runs")


def result_of(folder):
    [path] = folder.rglob("result.json")
    return path


def without(key):
    return lambda result: {name: value for name, value in result.items() if name != key}


def metric(**fields):
    return lambda result: {
        **result,
        "metrics": {name: {**score, **fields} for name, score in result["metrics"].items()},
    }


DAMAGE = {
    "no metrics": without("metrics"),
    "no task": without("task"),
    "text for a number": metric(value="99.9"),
    "text for a count": metric(n="3"),
    "no unit": lambda result: {**result, "metrics": {"acc": {"value": 0.5}}},
    "notes a list": lambda result: {**result, "notes": []},
    "cost a list": lambda result: {**result, "cost": []},
    "spread a list": lambda result: {**result, "spread": [1]},
    "metrics a list": lambda result: {**result, "metrics": []},
    "a version of text": lambda result: {**result, "schema_version": "x"},
    "a list": lambda _result: [],
    "nothing": lambda _result: None,
}
RAW = [b"", b"{", b"[" * 200_000, b"\xff\xfe{}", b'{"schema_version": 1}']


@pytest.mark.parametrize("damage", [*DAMAGE, *RAW])
def test_a_damaged_result_is_named_and_left_out_of_the_table(damage, copy, caplog):
    path = result_of(copy)
    if isinstance(damage, str):
        path.write_text(json.dumps(DAMAGE[damage](json.loads(path.read_text()))))
    else:
        path.write_bytes(damage)
    with pytest.raises(UserErrors) as caught:
        find_results(copy)
    assert caught.value.exit_code == 2
    assert "result.json" in str(caught.value)
    sound = copy / "other" / "result.json"
    sound.parent.mkdir()
    sound.write_text(json.dumps(SOUND))
    with caplog.at_level(logging.WARNING):
        assert find_results(copy) == [SOUND]
    assert "left out" in caplog.text
    assert str(path.relative_to(copy)) in caplog.text


SCORE = {"value": 0.5, "low": 0.4, "high": 0.6, "unit": "%", "n": 10, "interval": "wilson", "better": "higher"}
SOUND = {"schema_version": 1, "task": "t", "model": "m", "method": "x", "metrics": {"acc@1": SCORE}}


@pytest.mark.parametrize("damage", [*DAMAGE, *RAW])
def test_eval_goes_on_after_a_damaged_result(damage, copy):
    path = result_of(copy)
    before = json.loads(path.read_text())
    if isinstance(damage, str):
        path.write_text(json.dumps(DAMAGE[damage](before)))
    else:
        path.write_bytes(damage)
    again = CliRunner().invoke(app, [*COMMAND, "--out", str(copy), "-q"])
    assert again.exit_code == 0, again.output
    assert read_result(path)["metrics"] == before["metrics"]


def test_a_result_of_a_newer_zsbench_is_neither_read_nor_overwritten(copy):
    path = result_of(copy)
    newer = json.dumps({**json.loads(path.read_text()), "schema_version": 99})
    path.write_text(newer)
    found = CliRunner().invoke(app, [*COMMAND, "--out", str(copy), "-q"])
    assert isinstance(found.exception, UserError)
    assert "schema version 99" in str(found.exception)
    assert path.read_text() == newer


def test_nan_is_undefined_in_the_table(copy):
    path = result_of(copy)
    path.write_text(json.dumps(metric(value=float("nan"), low=float("nan"))(json.loads(path.read_text()))))
    printed = CliRunner().invoke(app, ["table", str(copy), "-f", "csv"])
    assert printed.exit_code == 0
    assert ",nan," not in printed.output
    assert "undefined" in CliRunner().invoke(app, ["table", str(copy), "-f", "markdown"]).output


@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda _raw: b""])
def test_a_damaged_shard_names_the_way_out(damage, copy):
    path = result_of(copy)
    path.unlink()
    [shard] = (path.parent / "predictions").iterdir()
    shard.write_bytes(damage(shard.read_bytes()))
    found = CliRunner().invoke(app, [*COMMAND, "--out", str(copy), "-q"])
    assert isinstance(found.exception, UserError)
    assert "--fresh" in str(found.exception)
    assert shard.name in str(found.exception)
    assert CliRunner().invoke(app, [*COMMAND, "--out", str(copy), "-q", "--fresh"]).exit_code == 0


@pytest.mark.parametrize("content", ["[]", "3", "{", '"text"', "[[1]]"])
def test_damaged_notes_count_as_none(content, copy):
    path = result_of(copy)
    path.unlink()
    (path.parent / "notes.json").write_text(content)
    found = CliRunner().invoke(app, [*COMMAND, "--out", str(copy), "-q"])
    assert found.exit_code == 0, found.output
