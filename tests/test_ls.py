"""What lies in a folder of results, what is removed from it and what is not, and what other tools get."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.command import call
from zsbench.config.paths import ASSETS
from zsbench.results import claim
from zsbench.results.contents import entries

V1 = Path(__file__).parent / "results" / "v1"

SUITE = """\
description: Two data sets and their mean
settings: {limit: 6, resamples: 200}
runs:
  - {tasks: [names.yaml, other.yaml], methods: capitalised-runs}
  - {tasks: synonyms, methods: [bm25, random-order]}
averages:
  - {name: both, tasks: [names, other]}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder of results with two data files of its own."""
    folder = tmp_path_factory.mktemp("made")
    task = "type: ner\ndescription: d\ndata: {source: jsonl-sentences, path: %s.jsonl}\nlabels: asset:data/ner-synthetic/labels-seen.txt\nmetrics: [F1]\n"
    for name in ("names", "other"):
        shutil.copy(ASSETS / "data" / "ner-synthetic" / "seen.jsonl", folder / f"{name}.jsonl")
        (folder / f"{name}.yaml").write_text(task % name)
    (folder / "s.yaml").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSBENCH_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        code, screen = call("eval", "s.yaml", "--quiet")
    assert code == 0, screen.err
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """A copy of it, entered; the inputs are those of the original."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_of(task, method="capitalised-runs", out="runs"):
    return Path(out) / "s" / task / "none" / method


def states(*places):
    code, screen = call("ls", *places, "--json")
    assert code == 0, screen.err
    return {str(Path(run["folder"]).relative_to("runs/s")): run for run in json.loads(screen.out)["runs"]}


def interrupt(folder, *, keep=True):
    for name in ("result.json", "items.parquet"):
        (folder / name).unlink()
    if not keep:
        shutil.rmtree(folder / "predictions")


def test_finished_runs_with_their_items_and_sizes(here):
    listed = states("runs")
    assert {run["state"] for run in listed.values()} == {"finished"}
    assert len(listed) == 5
    run = listed["synonyms/none/bm25"]
    files = [path for path in run_of("synonyms", "bm25").rglob("*") if path.is_file()]
    assert (run["items"], run["items_done"], run["bytes"]) == (6, 6, sum(p.stat().st_size for p in files))
    assert listed["both/none/capitalised-runs"]["average"]
    assert call("ls")[1].out == call("ls", "runs")[1].out


def test_an_interrupted_run_says_how_far_it_is(here):
    interrupt(run_of("names"))
    interrupt(run_of("synonyms", "bm25"), keep=False)
    (run_of("synonyms", "bm25") / "partial-00000.run").write_text("a Q0 x 1 2 t\na Q0 y 2 1 t\nb Q0 x 1 1 t\n")
    listed = states("runs")
    done = {name: (run["state"], run["items_done"], run["items"]) for name, run in listed.items()}
    assert done["names/none/capitalised-runs"] == ("interrupted", 6, 6)
    assert done["synonyms/none/bm25"] == ("interrupted", 2, 6)
    assert "no longer there" in listed["both/none/capitalised-runs"]["reason"]
    (run_of("synonyms", "bm25") / "progress.json").unlink()  # as older versions left it
    assert states("runs")["synonyms/none/bm25"]["items"] is None
    assert "2 of ?" in call("ls", "runs")[1].out


def test_a_run_is_stale_where_its_file_has_changed_and_named(made, here):
    file = made / "names.jsonl"
    before, times = file.read_bytes(), file.stat()
    try:
        os.utime(file, ns=(1, 1))  # another time stamp over the same bytes is no change
        assert states("runs")["names/none/capitalised-runs"]["state"] == "finished"
        file.write_bytes(before[:-1] + b" ")
        listed = states("runs")
        assert listed["names/none/capitalised-runs"]["state"] == "stale"
        assert listed["names/none/capitalised-runs"]["reason"] == "names.jsonl has changed"
        assert listed["other/none/capitalised-runs"]["state"] == "finished"
        assert listed["both/none/capitalised-runs"]["reason"] == "1 of its runs out of date"
        file.unlink()
        assert states("runs")["names/none/capitalised-runs"]["reason"] == "names.jsonl is gone"
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("code", "0" * 32, "its code has changed"),
        ("versions", {"zsbench": "0.0.1"}, "made by zsbench 0.0.1"),
        ("config", {"method": {"name": "gone"}}, "no method 'gone'"),
    ],
)
def test_a_run_is_stale_where_other_code_made_it(here, key, value, reason):
    path = run_of("synonyms", "bm25") / "result.json"
    result = json.loads(path.read_text())
    result["code"] = "0" * 32
    result[key] = {**result[key], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(result))
    run = states("runs")["synonyms/none/bm25"]
    assert (run["state"], reason in run["reason"]) == ("stale", True), run["reason"]


def test_damage_is_named(here):
    (run_of("names") / "result.json").write_text('{"schema_version": 1, "ta')
    (run_of("other") / "items.parquet").unlink()
    (run_of("synonyms", "bm25") / "items.parquet").write_bytes(b"no parquet")
    table = pq.read_table(run_of("synonyms", "random-order") / "items.parquet")
    pq.write_table(table.slice(2), run_of("synonyms", "random-order") / "items.parquet")
    listed = states("runs")
    assert {run["state"] for name, run in listed.items() if "both" not in name} == {"damaged"}
    assert listed["other/none/capitalised-runs"]["reason"] == "items.parquet is missing"
    assert listed["synonyms/none/random-order"]["reason"] == "items.parquet has 4 of 6 items"
    assert "5 runs: 4 damaged, 1 stale" in call("ls", "runs")[1].out


HOLD = "import sys, time; from zsbench.results import claim\nwith claim.held(__import__('pathlib').Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"


@pytest.fixture
def held_by_another(here):
    (run_of("names") / claim.LOCK).touch()
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(run_of("names"))], stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"held\n"
    yield here
    other.kill()
    other.wait()
    other.stdout.close()


def test_a_run_that_a_process_holds_is_running_and_never_removed(held_by_another):
    assert states("runs")["names/none/capitalised-runs"]["state"] == "running"
    code, screen = call("rm", run_of("names"), "--yes")
    assert code == 2
    assert "being written" in screen.err
    code, screen = call("rm", "runs", "--yes")
    assert code == 0, screen.err
    assert run_of("names").joinpath("result.json").is_file()
    assert [entry.name for entry in entries([Path("runs")])] == ["s/names/none/capitalised-runs"]


def test_removing_a_run_takes_its_average_along_and_empty_folders(here):
    code, screen = call("rm", run_of("names"), "--dry-run")
    assert code == 0, screen.err
    assert "both" in screen.out
    assert len(states("runs")) == 5
    assert call("rm", run_of("names"), "--yes")[0] == 0
    assert sorted(states("runs")) == ["other/none/capitalised-runs", "synonyms/none/bm25", "synonyms/none/random-order"]
    assert not Path("runs/s/names").exists()
    assert call("rm", "runs", "-y")[0] == 0
    assert not Path("runs").exists(), sorted(map(str, Path("runs").rglob("*")))


def test_only_interrupted_ones_are_removed_when_that_is_asked(here):
    interrupt(run_of("synonyms", "bm25"))
    assert call("rm", "runs", "--stale", "--yes")[1].out == "Nothing to remove.\n"
    assert call("rm", "runs", "--interrupted", "--yes")[0] == 0
    assert sorted(states("runs")) == ["both/none/capitalised-runs", "names/none/capitalised-runs",
                                      "other/none/capitalised-runs", "synonyms/none/random-order"]  # fmt: skip


def test_nobody_is_asked_where_there_is_nobody(here, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, screen = call("rm", "runs")
    assert (code, "--yes" in screen.err) == (2, True)
    assert len(states("runs")) == 5


def test_what_no_run_wrote_stays(here):
    (run_of("names") / "notes.txt").write_text("mine")
    outside = here / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("x")
    shutil.rmtree(run_of("other") / "predictions")
    (run_of("other") / "predictions").symlink_to(outside)
    Path("runs/s/linked").symlink_to(outside)
    Path("runs/link").symlink_to(Path("runs/s").absolute())
    other = Path("runs/theirs")
    other.mkdir()
    (other / "result.json").write_text('{"accuracy": 1}')
    code, screen = call("rm", "runs/s", "--yes")
    assert code == 3
    assert "notes.txt" in screen.err
    assert (run_of("names") / "notes.txt").read_text() == "mine"
    assert (run_of("names") / "result.json").is_file()
    assert (outside / "kept.txt").is_file()
    assert not run_of("other").exists()
    for place in ("runs/theirs", "runs/link", here / "outside", here / "nowhere"):
        code, screen = call("rm", place, "--yes")
        assert code == 2, place
    assert (other / "result.json").is_file()


@pytest.mark.parametrize(
    "name", ["other-data/x", "predictions/my-notes.md", "predictions/sub/mine", "partial-thesis.txt", "predictions/00000.md",
             ".mine.tmp", "result.json.bak"])  # fmt: skip
def test_a_run_with_other_files_stays_whole_and_is_counted_so(here, name):
    folder = run_of("names")
    victim = folder / name
    victim.parent.mkdir(exist_ok=True)
    victim.write_text("mine")
    before = sorted(folder.rglob("*"))
    for more in ((), ("--dry-run",)):
        code, screen = call("rm", folder, "--yes", *more)
        assert name.removesuffix("/x").removesuffix("/mine") in screen.err
        assert code == (0 if more else 3)
        assert more or "Removed 0 of 1." in screen.out
        assert sorted(folder.rglob("*")) == before
    assert run_of("both").exists()  # no member of it has gone
    code, screen = call("rm", "runs/s", "--yes")
    assert (code, "Removed 4 of 5." in screen.out) == (3, True), screen.out
    assert victim.read_text() == "mine"
    assert (folder / "result.json").is_file()


def test_what_a_killed_run_left_is_removed(here):
    folder = run_of("synonyms", "bm25")
    for name in (".result.json.0123abcd.tmp", "predictions/.00001.run.0123abcd.tmp", "partial-00001.run"):
        (folder / name).touch()
    code, screen = call("rm", folder, "--yes")
    assert (code, screen.err, folder.exists()) == (0, "", False)


def test_no_path_leads_through_a_link(here):
    precious = here / "precious"
    shutil.copytree(run_of("names"), precious / "run")
    Path("a").mkdir()
    Path("a/linkdir").symlink_to(precious)
    for place in ("a/linkdir/run", "a/linkdir", here / "a/linkdir/run/result.json", "a/linkdir/../precious/run"):
        code, screen = call("rm", place, "--yes")
        assert (code, "symbolic link" in screen.err) == (2, True), place
    assert (precious / "run/result.json").is_file()


def test_folders_that_zsbench_did_not_make_stay(here):
    copy = Path("project/copies/mine")
    shutil.copytree(run_of("names"), copy)
    Path("project/order.json").write_text('["pizza"]')
    assert call("rm", copy, "--yes")[0] == 0
    assert Path("project/copies").is_dir()
    assert Path("project/order.json").is_file()


def test_an_average_alone_is_as_fresh_as_its_runs_beside_it(here):
    assert states(run_of("both"))["both/none/capitalised-runs"]["state"] == "finished"
    assert call("rm", run_of("both"), "--stale", "--yes")[1].out == "Nothing to remove.\n"
    shutil.rmtree(run_of("names"))
    assert "1 of its runs no longer there" in call("ls", run_of("both"))[1].out


def test_runs_of_two_places_have_names_that_tell_them_apart(here):
    shutil.copytree("runs", "again")
    out = call("ls", "runs/s/names", "again/s/names")[1].out
    assert "runs/s/names/none" in out
    assert "again/s/names/none" in out


def test_no_command_writes_onto_a_file_of_a_run(here):
    run = run_of("synonyms", "bm25")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    Path("link").symlink_to(run)
    commands = [("export", run, "-f", "trec", "--out", run / "result.json"),
                ("export", run, "-f", "trec", "--out", run / "predictions/00000.run"),
                ("export", run, "-f", "trec", "--out", "link/partial-00000.run"),
                ("compare", run, run_of("synonyms", "random-order"), "--items-out", run / "items.parquet"),
                ("plot", run, "--out", run / "result.json")]  # fmt: skip
    for command in commands:
        code, screen = call(*command)
        assert (code, "a file of the run itself" in screen.err) == (2, True), (command, screen.err)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert call("export", run, "-f", "trec", "--out", run / "mine.trec")[0] == 0


def test_a_run_that_predicted_nothing_leaves_nothing(made, tmp_path, monkeypatch):
    for path in made.glob("*.*"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    sound = Path("names.jsonl").read_bytes()
    Path("names.jsonl").write_text('{"words": 3}\n')
    code, screen = call("eval", "names.yaml", "--method", "capitalised-runs")
    assert (code, "names.jsonl" in screen.err) == (2, True), screen.err
    assert not Path("runs").exists(), sorted(Path("runs").rglob("*"))
    Path("runs/mine").mkdir(parents=True)
    assert call("eval", "s.yaml", "--quiet")[0] == 2
    assert Path("runs/mine").is_dir()
    assert call("ls", "runs")[1].err == ""
    assert sorted(states("runs")) == ["other/none/capitalised-runs", "synonyms/none/bm25", "synonyms/none/random-order"]
    assert len(json.loads(Path("runs/s/order.json").read_text())) == 4
    # What was predicted stays for the next try, and so does what is not the run's.
    Path("names.jsonl").write_bytes(sound)
    assert call("eval", "s.yaml", "--quiet")[0] == 0
    interrupt(run_of("names"))
    interrupt(run_of("other"), keep=False)
    (run_of("other") / "mine.txt").write_text("mine")
    for name in ("names", "other"):
        Path(f"{name}.jsonl").write_text('{"words": 3}\n')
    assert call("eval", "s.yaml", "--quiet")[0] == 2
    assert list((run_of("names") / "predictions").iterdir())
    assert (run_of("other") / "mine.txt").read_text() == "mine"
    # Shards of other files go; what lies among them does not.
    (run_of("names") / "predictions/notes.md").write_text("mine")
    for name in ("names", "other"):
        Path(f"{name}.jsonl").write_bytes(sound + b"\n")
    assert call("eval", "s.yaml", "--quiet")[0] == 0
    assert (run_of("names") / "predictions/notes.md").read_text() == "mine"


def test_sentences_name_what_the_user_named(here):
    run = run_of("synonyms", "bm25")
    (run / "items.parquet").write_bytes(b"no parquet")
    code, screen = call("export", run, "-f", "jsonl")
    assert (code, screen.err.count("items.parquet"), "Parquet magic" in screen.err) == (2, 1, False), screen.err
    Path("file").touch()
    code, screen = call("eval", "synonyms", "--method", "bm25", "--limit", 2, "--out", "file/x")
    assert (code, "probe" in screen.err, "file/x" in screen.err) == (2, False, True), screen.err
    code, screen = call("schema", "nosuch")
    assert (code, "result" in screen.err, "ls-json" in screen.err) == (2, True, True), screen.err


def test_no_folder_and_no_run_are_sentences(tmp_path):
    for place, words in ((tmp_path / "nowhere", "no such folder"), (tmp_path, "no run in it")):
        code, screen = call("ls", place)
        assert (code, words in screen.err) == (2, True)


def test_a_ranking_is_exported_as_a_trec_run_that_scores_alike(here):
    code, screen = call("export", run_of("synonyms", "bm25"), "--format", "trec", "--out", "a.run")
    assert (code, screen.err) == (0, "6 items in a.run\n"), screen.err
    code, screen = call("score", "--run", "a.run", "--qrels", ASSETS / "data/synonyms/qrels/test.tsv", "--missing", "skip",
                        "--metric", "nDCG@10", "--json")  # fmt: skip
    assert code == 0, screen.err
    made = json.loads((run_of("synonyms", "bm25") / "result.json").read_text())
    assert json.loads(screen.out)["rows"][0]["value"] == pytest.approx(made["metrics"]["nDCG@10"]["value"])


TYPES = sorted(path.parent for path in (V1 / "every-type").rglob("items.parquet"))


@pytest.mark.parametrize("folder", TYPES, ids=[f"{path.parts[-3]}-{path.name}" for path in TYPES])
def test_every_type_of_task_is_exported(folder, tmp_path):
    items = pd.read_parquet(folder / "items.parquet")
    [shard] = (folder / "predictions").iterdir()
    fits = {".run": "trec jsonl parquet", ".npz": "parquet"}.get(shard.suffix, "jsonl parquet").split()
    fits = ["trec", *fits] if "captions" in str(folder) or "sessions" in str(folder) else fits
    for format in ("trec", "jsonl", "parquet"):
        code, screen = call("export", folder, "-f", format, "-o", tmp_path / f"x.{format}")
        assert code == (0 if format in fits else 2), screen.err
        assert format in fits or all(name in screen.err for name in fits)
    table = pd.read_parquet(tmp_path / "x.parquet")
    assert table["id"].tolist() == items["id"].tolist()
    assert [name for name in table if name.startswith("prediction.")]
    for name in items.columns.difference(["id", "prediction"]):
        if isinstance(items[name][0], np.ndarray):  # a row of a table an item
            np.testing.assert_array_equal(np.stack(table[name].tolist()), np.stack(items[name].tolist()))
        else:
            assert table[name].tolist() == pytest.approx(items[name].tolist(), nan_ok=True)
    if "jsonl" in fits:
        rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
        assert [row["id"] for row in rows] == items["id"].tolist()
        assert any(row["prediction"] for row in rows)


def test_classes_are_exported_with_the_name_of_the_best(tmp_path):
    folder = V1 / "every-type/glyphs/clip-glyphs/prompt-ensemble"
    rows = [json.loads(line) for line in call("export", folder, "-f", "jsonl")[1].out.splitlines()]
    shard = pq.read_table(folder / "predictions/00000.parquet")
    names = json.loads(shard.schema.metadata[b"zsbench.class_names"])
    for row, scores in zip(rows, shard["scores"].to_pylist(), strict=True):
        assert row["prediction"]["predicted"] == names[scores.index(max(scores))]


def test_what_cannot_be_exported_is_a_sentence(here):
    cases = {
        ("runs", "-f", "jsonl"): "4 runs",
        (run_of("both"), "-f", "jsonl"): "over several tasks",
        (run_of("names"), "-f", "parquet"): "--out",
        (run_of("names"), "-f", "trec"): "jsonl or parquet",
    }
    for arguments, words in cases.items():
        code, screen = call("export", *arguments)
        assert (code, words in screen.err) == (2, True), screen.err
    shutil.rmtree(run_of("names") / "predictions")
    assert "no predictions/" in call("export", run_of("names"), "-f", "jsonl")[1].err
