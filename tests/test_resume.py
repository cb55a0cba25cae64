"""Killed runs go on where they stopped and end with the same bytes; finished ones are never computed again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from zsbench.results.store import read_result

ZSBENCH = [sys.executable, "-m", "zsbench.cli.main"]


def command(out, *more):
    return [*ZSBENCH, "eval", "t.yaml", "--model", "ner-synthetic", "--batch-size", "4", "--out", str(out), "-q", *more]


def task(folder: Path, copies: int):
    from zsbench.catalog import ASSETS

    data = ASSETS / "data" / "ner-synthetic"
    rows = [json.loads(line) for line in (data / "seen.jsonl").read_text().splitlines()]
    lines = [json.dumps({**row, "id": f"{row['id']}-{c}"}) for c in range(copies) for row in rows]
    (folder / "s.jsonl").write_text("\n".join(lines) + "\n")
    yaml = "type: ner\ndescription: d\ndata: {source: jsonl-sentences, path: s.jsonl}\nlabels: asset:data/ner-synthetic/labels-seen.txt\n"
    (folder / "t.yaml").write_text(yaml)


def result_folder(out: Path) -> Path:
    return out / "t" / "t" / "ner-synthetic" / "span-threshold"


def test_a_killed_run_ends_with_the_same_bytes(tmp_path):
    task(tmp_path, 15)
    process = subprocess.Popen(command(tmp_path / "killed"), cwd=tmp_path)
    shard = result_folder(tmp_path / "killed") / "predictions" / "00000.jsonl"
    deadline = time.monotonic() + 60
    while not shard.is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert shard.is_file()
    assert not (result_folder(tmp_path / "killed") / "result.json").exists()
    for out in ("killed", "whole"):
        subprocess.run(command(tmp_path / out), cwd=tmp_path, check=True)
    killed, whole = (result_folder(tmp_path / out) for out in ("killed", "whole"))
    assert read_result(killed / "result.json")["resumed_items"] > 0
    assert (killed / "items.parquet").read_bytes() == (whole / "items.parquet").read_bytes()
    assert read_result(killed / "result.json")["metrics"] == read_result(whole / "result.json")["metrics"]


def test_a_finished_run_is_reused_until_the_data_changes(tmp_path):
    task(tmp_path, 1)
    subprocess.run(command(tmp_path / "out"), cwd=tmp_path, check=True)
    path = result_folder(tmp_path / "out") / "result.json"
    before = path.read_bytes()
    code = "import sys; sys.argv = sys.argv[1:]; from zsbench.cli.main import run; run(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, *command(tmp_path / "out")[2:]], cwd=tmp_path, check=True)
    assert path.read_bytes() == before
    lines = (tmp_path / "s.jsonl").read_text().splitlines()
    (tmp_path / "s.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    subprocess.run(command(tmp_path / "out"), cwd=tmp_path, check=True)
    assert read_result(path)["n_items"] == len(lines) - 1
