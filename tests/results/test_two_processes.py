"""Two processes write into one folder of results at once: the second waits for the first and says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

from zsbench.results import claim

ZSBENCH = [sys.executable, "-m", "zsbench.cli.main"]
SUITE = "settings: {limit: 30, resamples: 200}\nruns: [{tasks: synonyms, methods: [bm25, random-order]}, {tasks: synonyms-answers, methods: bm25}]\naverages: [{name: both, tasks: [synonyms, synonyms-answers]}]\n"


def start(folder, *more):
    environment = {**os.environ, "ZSBENCH_CACHE": str(folder / "cache")}
    command = [*ZSBENCH, "eval", "s.yaml", "--json", "--out", "runs", *more]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)


def without_times(results):
    return [{k: v for k, v in result.items() if k not in ("started", "seconds", "cost")} for result in results]


def test_both_end_with_the_same_results_and_the_second_says_that_it_waits(tmp_path):
    (tmp_path / "s.yaml").write_text(SUITE)
    first_job = tmp_path / "runs/s/synonyms/none/bm25"
    first_job.mkdir(parents=True)
    (first_job / claim.LOCK).touch()
    with claim.held(first_job) as free:
        assert free
        both = [start(tmp_path), start(tmp_path)]
        told = [process.stderr.readline() for process in both]  # both stand before the first job's folder
    outcomes = [(process.communicate(timeout=120), process.returncode) for process in both]
    assert [code for _, code in outcomes] == [0, 0], outcomes
    assert all("waiting for another run in runs/s/synonyms/none/bm25" in line for line in told), told
    results = [json.loads(out)["suites"][0]["results"] for (out, _), _ in outcomes]
    assert results[0] == results[1]
    assert [result["task"] for result in results[0]] == ["synonyms", "synonyms", "synonyms-answers", "both"]
    (out, err) = start(tmp_path, "--out", "alone").communicate(timeout=120)
    assert without_times(json.loads(out)["suites"][0]["results"]) == without_times(results[0]), err
    written = sorted(path.relative_to(tmp_path / "runs") for path in Path(tmp_path / "runs").rglob("*.*"))
    alone = sorted(path.relative_to(tmp_path / "alone") for path in Path(tmp_path / "alone").rglob("*.*"))
    assert written == alone
