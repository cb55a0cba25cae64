"""Results that version 1 of the schema wrote, of every type of task, are read by every later version.

`v1/` was written by `zsbench eval` when the schema had this version, three items a task; only the paths of the machine
were changed. It stays as it is: what a later version reads otherwise is what this test is for.
"""

import csv
import json
from pathlib import Path

import pytest

import zsbench
from tests.command import call
from zsbench.config import catalog
from zsbench.core.records import SCHEMA_VERSION

FOLDER = Path(__file__).parent
VERSIONS = sorted(path.name for path in FOLDER.glob("v[0-9]*") if path.is_dir())


def expected(version):
    """Return (task, model, method, metric, value, low, high, n) as they stood when the files were written."""
    with (FOLDER / f"{version}.tsv").open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def test_every_version_has_its_files_and_every_type_of_task():
    assert [f"v{number}" for number in range(1, SCHEMA_VERSION + 1)] == VERSIONS
    types = {json.loads(path.read_text())["task_type"] for path in (FOLDER / "v1").rglob("result.json")}
    assert types == {"average", *catalog.own_components("tasks")}


@pytest.mark.parametrize("version", VERSIONS)
def test_values_are_read_as_they_were_written(version):
    code, screen = call("table", FOLDER / version, "--format", "json")
    assert code == 0, screen.err
    rows = {(row["task"], row["model"], row["method"], row["metric"]): row for row in json.loads(screen.out)["rows"]}
    for line in expected(version):
        row = rows.pop((line["task"], line["model"], line["method"], line["metric"]))
        for name in ("value", "low", "high", "n"):
            assert row[name] == pytest.approx(float(line[name]), abs=1e-12), (line, name)
    assert rows == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_command_takes_them(version):
    code, screen = call("ls", FOLDER / version, "--json")
    states = [run["state"] for run in json.loads(screen.out)["runs"]]
    assert "damaged" not in states
    assert states.count("interrupted") == 1
    place = FOLDER / version / "every-type"
    for metric in ("nDCG@10", "F1", "acc@1"):
        task = {"nDCG@10": "synonyms/none/bm25", "F1": "names-unseen", "acc@1": "glyphs/none"}[metric]
        code, screen = call("compare", place / task, place / task, "--metric", metric, "--resamples", 100, "--json")
        assert code == 0, screen.err
        assert json.loads(screen.out)["differences"][0]["delta"] == 0
    results = zsbench.load(place)
    assert len(results.frame()) == len(expected(version))
    assert len(results.items()) == sum(run.result["n_items"] for run in results if not run.is_average)
