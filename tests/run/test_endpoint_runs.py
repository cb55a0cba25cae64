"""Whole runs over an endpoint: the same bytes with any number of workers, every answer paid once, costs as served."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.command import call
from tests.models.endpoint_server import answer, serving
from zsbench.results.store import read_result

ROW = ["eval", "synonyms", "--method", "rankgpt", "--set", "method.window=8", "--offline", "-q"]


def ranked(_number, body):
    """Return the passages of a prompt by their texts: an answer that the prompt alone decides."""
    text = "\n".join(turn["content"] for turn in body["messages"])
    passages = dict(re.findall(r"\b([A-H]) : (.*?) \.", text))
    time.sleep(0.005)
    return answer(" > ".join(sorted(passages, key=lambda name: passages[name][::-1])))


@pytest.fixture
def server():
    with serving(ranked) as found:
        yield found


def config(folder, server, name="remote", **options):
    given = {"adapter": "openai-compatible", "model": "m", "base_url": server.url, "pause": 0.0, **options}
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(given))
    return path


def result(out):
    return read_result(next(out.rglob("result.json")))


def run(out, model, *more):
    code, screen = call(*ROW, "--model", model, "--out", out, *more)
    assert code == 0, screen.err
    return result(out)


def test_workers_change_no_byte_and_costs_are_those_of_the_server(server, tmp_path, monkeypatch):
    items, costs = [], []
    for workers in (1, 4, 16):
        monkeypatch.setenv("ZSBENCH_CACHE", str(tmp_path / f"cache{workers}"))
        before = len(server.seen)
        model = config(tmp_path, server, concurrency=workers)
        found = run(tmp_path / f"out{workers}", model, "--limit", "12")
        asked = len(server.seen) - before
        cost = {key: value for key, value in found["cost"].items() if key != "peak_memory_mb"}
        assert (cost["forward_passes"], cost["tokens"], cost["tokens_generated"]) == (asked, 7 * asked, 3 * asked)
        assert (cost["comparisons"], cost["malformed_outputs"]) == (asked, 0)
        items.append(next((tmp_path / f"out{workers}").rglob("items.parquet")).read_bytes())
        costs.append(cost)
    assert items[0] == items[1] == items[2]
    assert costs[0] == costs[1] == costs[2]


def test_no_answer_is_paid_twice(server, tmp_path):
    model = config(tmp_path, server)
    run(tmp_path / "few", model, "--limit", "6")
    few = len(server.seen)
    whole = run(tmp_path / "all", model, "--limit", "12")
    all_ = len(server.seen)
    assert whole["cost"]["answers_reused"] == whole["cost"]["forward_passes"] - (all_ - few) > 0
    # Neither another limit, a changed manner of asking nor a deleted result asks anything again.
    again = run(tmp_path / "again", config(tmp_path, server, retries=1, timeout=9, concurrency=7), "--limit", "12")
    assert len(server.seen) == all_
    assert again["metrics"] == whole["metrics"]
    same = ("forward_passes", "tokens", "tokens_generated", "comparisons")
    assert [again["cost"][key] for key in same] == [whole["cost"][key] for key in same]


def test_a_changed_manner_of_asking_is_no_other_question(server, tmp_path):
    run(tmp_path / "out", config(tmp_path, server), "--limit", "4")
    path = next((tmp_path / "out").rglob("result.json"))
    before = path.read_bytes()
    run(
        tmp_path / "out",
        config(tmp_path, server, concurrency=2, timeout=5, price={"input": 1, "output": 1}),
        "--limit",
        "4",
    )
    assert path.read_bytes() == before
    assert len(list((tmp_path / "out").rglob("result.json"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_pays_only_for_the_rest(server, tmp_path, sent):
    def slow(number, body):
        time.sleep(0.1)
        return ranked(number, body)

    server.reply = slow
    model = config(tmp_path, server, concurrency=2)
    command = [sys.executable, "-m", "zsbench.cli.main", *ROW, "--limit", "12", "--model", str(model), "--out"]
    process = subprocess.Popen([*command, str(tmp_path / "out")], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(server.seen) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    ended = time.monotonic()
    os.kill(process.pid, sent)
    process.communicate(timeout=30)
    assert time.monotonic() - ended < 5
    under_way = 2
    before, server.reply = len(server.seen), ranked
    found = run(tmp_path / "out", model, "--limit", "12")
    asked = len(server.seen) - before
    assert found["cost"]["forward_passes"] - under_way <= before + asked <= found["cost"]["forward_passes"] + under_way
    assert found["cost"]["malformed_outputs"] == 0
