"""Files of a run that were cut off, edited or made elsewhere: named, never trusted, never a traceback."""

import contextlib
import io
import json
import logging
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.config import catalog, overlay
from zsbench.core.errors import UserError, UserErrors
from zsbench.plan import task_configs
from zsbench.results.schema import Result
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


@pytest.mark.parametrize("cut", [None, 0, 3, 300])
def test_eval_writes_a_damaged_file_of_items_anew(cut, copy):
    result = result_of(copy)
    items, before = result.parent / "items.parquet", json.loads(result.read_text())
    whole = items.read_bytes()
    if cut is None:
        items.unlink()
    else:
        items.write_bytes(whole[:cut])
    again = CliRunner().invoke(app, [*COMMAND, "--out", str(copy), "-q"])
    assert again.exit_code == 0, again.output
    assert items.read_bytes() == whole
    assert read_result(result)["metrics"] == before["metrics"]


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


def tables_of(columns, metadata=None):
    out = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), out)
    return out.getvalue()


def archive_of(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def zip_of_text():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hello")
    return out.getvalue()


SHARDS = [b"", b"\0" * 16, b"PAR1" + b"\xff" * 30 + b"PAR1", b"[1]\n", b"{}\n", b"null\n", b"[]\n", b'{"id": 1}\n']
SHARDS += [b'{"id": "x", "spans": 3}\n', b'{"id": "x", "prediction": [[]]}\n', b"[" * 100_000, b"\xff\xfe\xff"]
SHARDS += [b"q Q0 d 1 nan x\n", b"q Q0 d 1\n", b"a,b\n1,2\n", b"\x93NUMPY", zip_of_text(), archive_of(x=np.zeros(3))]
SHARDS += [
    archive_of(a=np.array("x")),
    tables_of({"x": [1, 2]}),
    tables_of({"id": ["a", "b"], "prediction": [1, None]}),
]
SHARDS += [
    tables_of({"id": [1, 2], "prediction": ["x", "y"]}),
    tables_of({"id": [None, "b"], "prediction": [[1.0], []]}),
]
SHARDS += [
    tables_of({"id": ["a"], "found": [["x", "y"]], "scores": [["z", "u"]]}),
    tables_of({"id": ["a"], "spans": [[1]]}),
]
SHARDS += [
    tables_of({"id": ["a"], "scores": [[1.0]]}, {key: raw})
    for key in (b"zsbench.scores", b"zsbench.class_names")
    for raw in (b"{", b"[]", b"null", b"[" * 100_000, b"\xff")
]


def embedded_tasks():
    """One task of each type whose data come with the package."""
    found = {}
    for entry in catalog.configs("tasks").values():
        with contextlib.suppress(UserError):
            task, source = task_configs.read_task(overlay.load(entry.path))
            if source.files() and all(Path(path).exists() for path in source.files()):
                found.setdefault(task.type, (task, source))
    return found


TASKS = embedded_tasks()


@pytest.mark.parametrize("kind", TASKS)
def test_a_file_that_is_no_predictions_is_an_error_that_names_it(kind, tmp_path):
    task = catalog.load_module("tasks", kind).Task(*TASKS[kind])
    items = task.load(limit=4, seed=0).items
    for number, raw in enumerate(SHARDS):
        path = tmp_path / f"{number}{task.format.suffixes[0]}"
        path.write_bytes(raw)
        try:
            found = task.format.read(path, items)
        except UserError as error:
            told = str(error)
            assert path.name in told
            assert "\n" not in told
        else:
            assert isinstance(found, dict), (number, raw[:40])


WRONG_TYPES = [None, 3, "x", [], [1], {}, {"a": {"b": []}}, 1e999, True]


@pytest.mark.parametrize("key", sorted({*Result.model_fields, "task.data", "task.templates", "settings"} - {"metrics"}))
def test_no_field_of_a_result_ends_a_command_in_an_exception(key, copy):
    path = result_of(copy)
    before = json.loads(path.read_text())
    *above, last = ("config." + key if "." in key or key == "settings" else key).split(".")
    for value in WRONG_TYPES:
        changed = json.loads(json.dumps(before))
        inner = changed
        for part in above:
            inner = inner[part]
        inner[last] = value
        path.write_text(json.dumps(changed))
        for command in (["table", str(copy)], ["bound", str(copy)], ["series", str(copy), "--models", "none,x"]):
            done = CliRunner().invoke(app, command)
            assert done.exception is None or isinstance(done.exception, UserError | SystemExit), (command, value)
