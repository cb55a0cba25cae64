"""Killed runs go on where they stopped and end with the same bytes; finished ones are never computed again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zsbench.results.store import read_result

ZSBENCH = [sys.executable, "-m", "zsbench.cli.main"]


def command(out, *more):
    return [*ZSBENCH, "eval", "t.yaml", "--model", "ner-synthetic", "--batch-size", "4", "--out", str(out), "-q", *more]


def task(folder: Path, copies: int):
    from zsbench.config.paths import ASSETS

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


def test_a_run_killed_inside_a_shard_goes_on_at_the_next_query(tmp_path, monkeypatch):
    from zsbench.core.cache import Cache
    from zsbench.plan import planning
    from zsbench.plan.choices import Choices
    from zsbench.run import predict, runner
    from zsbench.search import bm25

    monkeypatch.setattr(predict.Pace, "allows", lambda *_: True)
    asked: list[str] = []

    def run(out, stop_after=None):
        [job] = planning.make("synonyms", Choices(methods=("bm25",), settings={"resamples": 200})).jobs
        real = bm25.Bm25.scores_of

        def scores_of(self, query, documents):
            if stop_after is not None and len(asked) == stop_after:
                raise KeyboardInterrupt
            asked.append(query)
            return real(self, query, documents)

        with monkeypatch.context() as patched:
            patched.setattr(bm25.Bm25, "scores_of", scores_of)
            return runner.run(job, None, runner.Options(out, Cache(None)), lambda *_: None)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", stop_after=70)  # a shard holds 64 queries
    assert len(asked) == 70
    run(tmp_path / "killed")
    in_two = list(asked)
    asked.clear()
    run(tmp_path / "whole")
    assert in_two == asked  # every query once, in order
    shards = {out: sorted((tmp_path / out).rglob("predictions/*")) for out in ("killed", "whole")}
    assert [p.read_bytes() for p in shards["killed"]] == [p.read_bytes() for p in shards["whole"]]
    assert not list(tmp_path.rglob("partial-*"))
