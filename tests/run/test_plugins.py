"""Components of one's own: a folder that the user names, or an installed package; each kind, from config to result."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.tasks._scoring import zsbench
from zsbench.config import catalog
from zsbench.core.errors import UserError

FOLDER = Path(__file__).parent.parent / "outside" / "parity"
NAMES = {
    "data": "number-lines",
    "models": "digit-table",
    "modifiers": "negated",
    "methods": "last-digit",
    "tasks": "number-parity",
}
SUITE = """\
runs:
  - tasks: [parity.yaml]
    models: [table.yaml, {label: wrong, use: table.yaml, modify: [negated]}]
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with a task, a model and a suite over the components; nothing of them stays imported."""
    (tmp_path / "numbers.txt").write_text("".join(f"{n} {'odd' if n % 2 else 'even'}\n" for n in (3, 18, 27, 30)))
    (tmp_path / "weights.json").write_text(json.dumps([-1.0, 1.0] * 5))
    (tmp_path / "parity.yaml").write_text("type: number-parity\ndata: {source: number-lines, path: numbers.txt}\n")
    (tmp_path / "table.yaml").write_text("adapter: digit-table\nmodel: weights.json\n")
    (tmp_path / "suite.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ZSBENCH_PLUGINS", "")  # what `--plugins` sets is undone after the test
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(("zsbench_plugins", "parity_pack"))]:
        del sys.modules[name]


@pytest.fixture(params=["folder", "package"])
def call(request, work, monkeypatch):
    """Run zsbench with the components: from the folder, or from a package with entry points."""
    if request.param == "folder":
        yield lambda *arguments: zsbench("--plugins", FOLDER, *arguments)
        return
    install(work / "site")
    monkeypatch.syspath_prepend(work / "site")
    forget()
    yield zsbench
    forget()


def install(site):
    """Write the folder as a package that lists its modules under entry points."""
    shutil.copytree(FOLDER, site / "parity_pack")
    points = {
        **{f"zsbench.{kind}": (name, f"{kind}.{name.replace('-', '_')}") for kind, name in NAMES.items()},
        "zsbench.methods": ("last-digit", "methods.parity.last_digit"),
        "zsbench.metrics": ("parity", "metrics.parity"),
    }
    info = site / "parity-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: parity\nVersion: 1\n")
    lines = [f"[{group}]\n{name} = parity_pack.{module}\n" for group, (name, module) in points.items()]
    (info / "entry_points.txt").write_text("".join(lines))


def forget():
    """Forget which packages are installed, as a new process would."""
    for cached in (catalog._components, catalog._metrics, catalog._every_metric):
        cached.cache_clear()


def test_each_kind_works_from_the_config_to_the_result(call):
    code, out, err = call("eval", "suite.yaml", "--json")
    assert code == 0, err
    rows = {row["model"]: row for row in json.loads(out)["suites"][0]["results"]}
    assert [rows[name]["metrics"]["parity-acc"]["value"] for name in ("table", "wrong")] == [1.0, 0.0]


def test_each_kind_is_listed_and_shown(call):
    for listed, name in {"tasks": "number-parity", "methods": "last-digit", "models": "negated"}.items():
        assert f"  {name} " in call("list", listed)[1]
    assert "  parity-acc " in call("list", "metrics")[1]
    assert "  number-lines " in call("list", "sources")[1]
    for name in (*NAMES.values(), "parity-acc"):
        code, out, err = call("show", name)
        assert (code, err) == (0, "")
        assert out
    family = call("show", "parity")[1]
    assert all(
        f"  {name} " in family for name in ("number-parity", "last-digit", "parity-acc", "number-lines", "digit-table")
    )


def test_predictions_of_a_task_type_of_ones_own_are_scored(call, work):
    (work / "p.jsonl").write_text("".join(f'{{"id": "n{i}", "parity": "odd"}}\n' for i in range(4)))
    code, out, _ = call("score", "parity.yaml", "--predictions", "p.jsonl", "--json")
    assert (code, json.loads(out)["rows"][0]["value"]) == (0, 0.5)


def test_an_edited_component_computes_again(work, monkeypatch):
    monkeypatch.setenv("ZSBENCH_PLUGINS", str(work / "mine"))
    shutil.copytree(FOLDER, work / "mine")

    def value():
        for name in [name for name in sys.modules if name.startswith("zsbench_plugins")]:
            del sys.modules[name]
        [row, _] = json.loads(zsbench("eval", "suite.yaml", "--json")[1])["suites"][0]["results"]
        return row["metrics"]["parity-acc"]["value"]

    assert value() == 1.0
    rule = work / "mine" / "methods" / "parity" / "last_digit.py"
    rule.write_text(rule.read_text().replace('"odd" if', '"even" if'))
    assert value() == 0.5


def test_nothing_is_found_by_itself(work):
    shutil.copytree(FOLDER, work / "zsbench_plugins")
    code, _, err = zsbench("eval", "suite.yaml")
    assert code == 2
    assert "number-parity" in err


TAKEN = {
    "methods/cupl.py": "def cupl(): ...\n",
    "metrics/labels/classification.py": '@metric("acc")\ndef acc():\n    """x"""\n',
    "methods/broken.py": "import no_such_package\ndef broken(): ...\n",
}


@pytest.mark.parametrize(
    ("file", "read", "expected"),
    [
        ("methods/cupl.py", lambda: catalog.components("methods"), "method 'cupl' is also in"),
        ("metrics/labels/classification.py", catalog.metrics, "metric 'acc' of kind 'classification' is also in"),
        (
            "methods/broken.py",
            lambda: catalog.load_component("methods", "broken"),
            "'broken' cannot be imported (Module",
        ),
    ],
)
def test_names_that_are_taken_and_files_that_break_are_errors_that_name_the_file(
    work, monkeypatch, file, read, expected
):
    path = work / "mine" / file
    path.parent.mkdir(parents=True)
    path.write_text(TAKEN[file])
    monkeypatch.setenv("ZSBENCH_PLUGINS", str(work / "mine"))
    with pytest.raises(UserError) as failure:
        read()
    assert expected in str(failure.value)
    assert path.name in failure.value.where


def test_a_folder_that_is_not_there_is_named(work):
    code, _, err = zsbench("--plugins", work / "nowhere", "list", "methods")
    assert code == 2
    assert "no such folder" in err
    assert "nowhere" in err


@pytest.mark.parametrize(
    ("file", "text", "name", "expected"),
    [
        ("methods/rerank/other.py", "def another(): ...\n", "other", "other.py is no method 'other'"),
        (
            "methods/rerank/my-rule.py",
            "def my_rule(): ...\n",
            "my-rule",
            "a file named my_rule.py with `def my_rule(...)`",
        ),
        ("methods/rerank/bare.py", "def bare(): ...\n", "bare", "'bare' is not declared; expected @method(family=...)"),
    ],
)
def test_a_file_that_is_no_component_is_named_when_it_is_meant(work, file, text, name, expected):
    path = work / "mine" / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    code, _, err = zsbench("--plugins", work / "mine", "eval", "synonyms", "--method", name)
    assert (code, expected in " ".join(err.split())) == (2, True), err


def test_folders_named_twice_count_once_and_those_without_components_are_refused(work, monkeypatch):
    shutil.copytree(FOLDER, work / "mine")
    monkeypatch.setenv("ZSBENCH_PLUGINS", str(work / "mine"))
    assert "  last-digit " in zsbench("--plugins", f"{work / 'mine'}/", "list", "methods")[1]
    code, _, err = zsbench("--plugins", work / "mine" / "methods", "list", "methods")
    assert (code, "nothing of methods, models" in " ".join(err.split())) == (2, True)


def test_a_broken_file_hides_nothing_else_of_its_family(work):
    folder = work / "mine" / "methods" / "rerank"
    folder.mkdir(parents=True)
    (folder / "broken.py").write_text('import no_such_package\n@method(family="rerank")\ndef broken(): ...\n')
    code, out, err = zsbench("--plugins", work / "mine", "show", "rerank")
    assert (code, "  icr " in out, "left out: " in err) == (0, True, True)


def test_a_type_of_task_that_is_not_whole_says_what_it_lacks(work):
    shutil.copytree(FOLDER, work / "mine")
    path = work / "mine" / "tasks" / "number_parity.py"
    text = path.read_text()
    path.write_text(text[: text.index("    def load(")].replace('    gives: ClassVar[str] = "numbers"\n', ""))
    code, _, err = zsbench("--plugins", work / "mine", "validate", "parity.yaml")
    assert (code, "number_parity.py: class Task lacks gives, load, predict" in " ".join(err.split())) == (2, True), err
