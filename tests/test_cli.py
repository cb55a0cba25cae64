"""What the command line promises: light starts, data on stdout, names that resolve, tables that paste."""

import json
import subprocess
import sys

import pytest

from zsbench.cli.main import COMMANDS
from zsbench.config import catalog
from zsbench.report import tables
from zsbench.results.schema import Result

HEAVY = ["torch", "pandas", "transformers", "datasets", "pyarrow", "scipy", "sklearn", "numpy"]


def zsbench(*arguments, **options):
    command = [sys.executable, "-m", "zsbench.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


LIGHT = """--help
list tasks
list metrics
list models
show icr
show digits
show open-clip
show nDCG
show papers/clip
validate names-seen
validate quickstart papers/clip"""


@pytest.mark.parametrize("arguments", [line.split() for line in LIGHT.splitlines()], ids=" ".join)
def test_light_commands_import_nothing_heavy(arguments):
    code = f"import sys; sys.argv = ['zsbench', *{arguments!r}]\nfrom zsbench.cli.main import app\ntry:\n    app()\nexcept SystemExit:\n    pass\nprint('HEAVY', [m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_found_and_only_it_is_imported(name):
    code = "import sys; from zsbench.cli.main import app\ntry:\n    app()\nexcept SystemExit as end:\n    assert not end.code\n"
    code += "print('LOADED', *sorted(m for m in sys.modules if m.startswith('zsbench.cli.') and '._' not in m))"
    done = subprocess.run([sys.executable, "-c", code, name, "-h"], capture_output=True, text=True, check=True)
    # A command is a file, or a folder of its subcommands.
    loaded = {module.split(".")[2] for module in done.stdout.rpartition("LOADED ")[2].split()}
    assert loaded == {COMMANDS[name].split(".")[0], "main"}


def test_a_command_that_is_misspelt_is_guessed():
    done = zsbench("lst")
    assert done.returncode == 2
    assert "list" in done.stderr


def names():
    kinds = [*catalog.configs("tasks"), *catalog.configs("models"), *catalog.configs("suites")]
    return [
        *kinds,
        *catalog.components("methods"),
        *catalog.metrics(),
        *(f"papers/{n}" for n in catalog.configs("papers")),
    ]


def test_every_listed_name_can_be_shown(capsys, monkeypatch):
    from zsbench.cli.show import show

    monkeypatch.setenv("ZSBENCH_DATA", "/nowhere")
    for name in names():
        show(name)
        assert len(capsys.readouterr().out) > 40, name


def test_every_shipped_config_has_a_description():
    for kind in ("tasks", "models", "suites", "papers"):
        for entry in catalog.configs(kind).values():
            assert entry.summary, entry.path


def test_eval_result_table_and_score_agree(tmp_path):
    done = zsbench("eval", "names-seen", "--method", "capitalised-runs", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["schema_version"] == 1
    folder = tmp_path / "runs" / "names-seen" / "names-seen" / "none" / "capitalised-runs"
    result = json.loads((folder / "result.json").read_text())
    Result.model_validate(result)
    assert result["metrics"] == answer["suites"][0]["results"][0]["metrics"]
    scored = zsbench("score", "names-seen", "--predictions", str(folder / "predictions"), "--json", cwd=tmp_path)
    rows = json.loads(scored.stdout)["rows"]
    assert {r["metric"]: (r["value"], r["low"], r["high"]) for r in rows} == {
        name: (s["value"], s["low"], s["high"]) for name, s in result["metrics"].items()
    }
    for fmt, start in (("markdown", "| task"), ("latex", "\\begin{tabular}"), ("csv", "task,"), ("json", "{")):
        done = zsbench("table", "runs", "--format", fmt, cwd=tmp_path)
        assert done.stdout.startswith(start)


def test_cells_are_escaped():
    score = {"value": 0.5, "low": 0.4, "high": 0.6, "unit": "%", "n": 2, "better": "higher"}
    result = {"task": "t", "model": "=a_b&c%|<d", "method": "m", "metrics": {"acc@1": score}}
    table = tables.rows([result])
    assert r"=a\_b\&c\%\textbar{}\textless{}d" in tables.to_latex(table)
    assert r"=a\_b&c%\|&lt;d" in tables.to_markdown(table)
    assert "'=a_b&c%|<d" in tables.to_csv(table)


def test_an_undefined_metric_is_null_and_never_zero():
    score = {"value": None, "low": None, "high": None, "unit": "%", "n": 0, "better": "higher"}
    table = tables.rows([{"task": "t", "model": "m", "method": "x", "metrics": {"acc@5": score}}])
    assert "undefined" in tables.to_markdown(table)
    assert json.loads(tables.to_json(table))["rows"][0]["value"] is None


def test_brackets_of_a_description_are_printed(tmp_path):
    (tmp_path / "t.yaml").write_text("extends: names-seen\ndescription: Names [1] and [/b]\n")
    done = zsbench("eval", "t.yaml", "--method", "capitalised-runs", "--limit", "5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "t  Names [1] and [/b]" in done.stdout


def test_validate_needs_no_data(monkeypatch):
    monkeypatch.delenv("ZSBENCH_DATA", raising=False)
    names = [*catalog.configs("tasks"), *catalog.configs("suites"), *catalog.configs("models")]
    done = zsbench("validate", *names, *(f"papers/{n}" for n in catalog.configs("papers")))
    assert done.returncode == 0, done.stderr
    waiting = "7 of 7 published values wait for a model or method of yours"
    assert f"papers/metric3d: ok, 3 runs, 11 runs embedded, {waiting} (needs $ZSBENCH_DATA to run)" in done.stdout
