"""The command line prints through one place and ends in one sentence, whatever happens to its streams."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import zsbench
from zsbench.cli.main import app, run

PACKAGE = Path(zsbench.__file__).parent
EVAL = ["eval", "digits", "--method", "random-class", "--limit", "20", "--out", "runs"]
RUN = "import sys; from zsbench.cli.main import run; sys.argv = ['zsbench', *sys.argv[1:]]; {}; run()"


def command(*arguments, setup="pass", **settings):
    """Run the command line in a process of its own; `setup` is Python that runs before it."""
    env = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), **settings.pop("env", {})}
    call = [sys.executable, "-c", RUN.format(setup), *arguments]
    return subprocess.run(call, env=env, check=False, **{"capture_output": True, "text": True, **settings})


def test_only_the_screen_prints():
    for path in PACKAGE.rglob("*.py"):
        if path.name in ("_screen.py", "console.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("echo", "secho"), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("print", "Console"), path


SUITE = """description: "\\e[31mred\\e]0;title\\a"
runs:
  - tasks: [{use: digits, label: "\\e[2J\\u202Etask\\n\\\\input{x}"}]
    methods: {name: random-class, label: "m\\x9b2J"}
"""


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_names_of_others_do_nothing_to_a_terminal(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.yaml").write_text(SUITE)
    made = CliRunner().invoke(app, ["eval", "suite.yaml", "--limit", "20", "--out", "runs", *arguments])
    assert "task" in made.output
    shown = [made]
    if not arguments:
        shown += [
            CliRunner().invoke(app, ["table", "runs", "-f", f]) for f in ("rich", "markdown", "latex", "csv", "json")
        ]
        shown += [CliRunner().invoke(app, [name, "suite.yaml"]) for name in ("show", "validate")]
    for found in shown:
        assert not set(found.output) & {"\x1b", "\x07", "\x9b", "\u202e", "\r"}


def test_messages_hold_no_control_characters(tmp_path):
    done = command("eval", "no\x1b[31m\nsuch", cwd=tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert "\\u001b[31m" in done.stderr


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with results whose names need more than ASCII."""
    root = tmp_path_factory.mktemp("screen")
    (root / "s.yaml").write_text(
        "description: x\nruns: [{tasks: [{use: digits, label: A–Ω😀}], methods: random-class}]\n"
    )
    options = ["--limit", "20", "-q", "--out", str(root / "runs")]
    assert CliRunner().invoke(app, ["eval", str(root / "s.yaml"), *options]).exit_code == 0
    return str(root / "runs")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_stream_that_lacks_characters_ends_in_a_table(encoding, runs):
    env = {"PYTHONIOENCODING": encoding}
    done = command("table", runs, env=env, encoding=encoding)
    assert done.returncode == 0, done.stderr
    assert "acc@1 ^" in done.stdout
    done = command("table", runs, "-f", "json", env=env, encoding=encoding)
    assert json.loads(done.stdout)["rows"][0]["task"] == "A–Ω😀"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["table"], ["table", "-f", "csv"], ["list", "methods"], ["--version"]])
def test_a_full_disk_behind_stdout_is_one_sentence(arguments, runs):
    with open("/dev/full", "w") as full:
        given = [*arguments, runs] if "table" in arguments else arguments
        done = command(*given, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.startswith("error: standard output: cannot be written")
    assert done.stderr.count("\n") == 1


def test_closed_streams_end_well(runs):
    closed = "import os, sys; os.close(1); os.close(2); sys.stdout = sys.stderr = None"
    assert command("table", runs, setup=closed).returncode == 0


def test_a_folder_that_was_removed_is_one_sentence(tmp_path):
    (tmp_path / "gone").mkdir()
    done = command(*EVAL, cwd=tmp_path / "gone", setup="import os; os.rmdir(os.getcwd())")
    assert done.returncode == 2
    assert done.stderr.startswith("error: the folder you are in")


def test_an_output_folder_that_is_no_text_is_refused_before_the_work(tmp_path):
    done = command(*EVAL[:-1], b"r\xff", cwd=tmp_path)
    assert done.returncode == 2
    assert (
        done.stderr
        == "error: r\\udcff/digits/digits/none/random-class: the folder's name is not UTF-8; expected another --out\n"
    )


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupted_run_says_how_to_go_on(name, code, tmp_path):
    # A shell that starts the tests in the background has its children ignore SIGINT.
    stop = f"import os, signal; signal.signal(signal.SIGINT, signal.default_int_handler); from zsbench.run import predict; predict.missing_shards = lambda *_: os.kill(os.getpid(), signal.{name})"
    done = command(*EVAL, cwd=tmp_path, setup=stop)
    assert done.returncode == code
    assert done.stderr == "interrupted; the same command goes on where this one stopped\n"


def test_a_reader_that_stops_early_is_no_failure(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = command("list", "metrics", cwd=tmp_path, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_end_of_a_file_is_never_called_aborted(tmp_path):
    early = "from zsbench.run import runner\ndef end(*_): raise EOFError\nrunner.run = end"
    done = command(*EVAL, cwd=tmp_path, setup=f"exec({early!r})")
    assert done.returncode == 3
    assert "EOFError" in done.stderr
    assert "Aborted" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "setup", "code"),
    [
        (["eval", "nosuch"], "pass", 2),
        (EVAL, "from zsbench.run import runner; runner.run = None", 3),
    ],
)
def test_debug_shows_where_and_keeps_the_exit_code(arguments, setup, code, tmp_path):
    plain = command(*arguments, cwd=tmp_path, setup=setup)
    loud = command("--debug", *arguments, cwd=tmp_path, setup=setup)
    assert plain.returncode == loud.returncode == code
    assert "Traceback" in loud.stderr
    assert "Traceback" not in plain.stderr
    assert plain.stderr.splitlines()[-1] == loud.stderr.splitlines()[-1]


def test_a_warning_is_shown_once(tmp_path):
    log = "import logging; from zsbench.run import predict; old = predict.missing_shards\n"
    log += "def loud(*a):\n    for _ in range(3): logging.getLogger('zsbench.x').warning('odd \\x1b[1m')\n    return old(*a)\n"
    done = command(*EVAL, cwd=tmp_path, setup=f"exec({log + 'predict.missing_shards = loud'!r})")
    assert done.stderr.count("warning: odd \\u001b[1m\n") == 1


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
def test_data_under_a_path_that_is_no_text_are_read_and_recognised(tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    folder = Path(os.fsdecode(b"d\xff"))
    for number, name in enumerate("ab"):
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (9, 9), (90 * number, 0, 0)).save(folder / name / "1.png")
    task = "type: image-classification\ndescription: d\ntemplates: ['{}']\nmetrics: [acc@1]\n"
    (tmp_path / "t.yaml").write_text(task + 'data: {source: imagefolder, path: "$ODD"}\n')
    monkeypatch.setenv("ODD", str(folder.resolve()))
    first, second = (
        CliRunner().invoke(app, ["eval", "t.yaml", "--method", "random-class", "--out", "runs"]) for _ in "12"
    )
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "1 of 1 runs were there already" in second.output


def test_the_command_line_leaves_signals_as_they_were(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(sys, "argv", ["zsbench", "--version"])
    with pytest.raises(SystemExit) as ending:
        run()
    assert ending.value.code == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_show_documents_the_keys_that_task_types_share():
    shown = CliRunner().invoke(app, ["show", "image-classification"]).output
    assert all(f"`{key}`" in shown for key in ("half", "shots", "max_bad_items", "class_map"))
    assert "What every task's YAML may say" not in shown
