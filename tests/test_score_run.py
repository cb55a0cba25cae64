"""`zsbench score --run --qrels`: what it takes, what it refuses, and that every way of asking gives one answer."""

import gzip
import json

import pytest

from tests.command import call

QRELS = "q1 0 d1 2\nq1 0 d2 0\nq2 0 d3 1\n"
RUN = "q1 Q0 d2 1 9 x\nq1 Q0 d1 2 8 x\nq7 Q0 d1 1 1 x\n"


@pytest.fixture
def zsbench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q").write_text(QRELS)
    (tmp_path / "r").write_text(RUN)

    return lambda *arguments: call("score", *arguments)


def values(captured):
    return {row["metric"]: row["value"] for row in json.loads(captured.out)["rows"]}


def test_three_ways_of_asking_are_one(zsbench, tmp_path):
    with gzip.open(tmp_path / "r.gz", "wt") as handle:
        handle.write(RUN)
    (tmp_path / "beir.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td3\t1\n")
    found = []
    for arguments in (
        ["--run", "r", "--qrels", "q"],
        ["--run", "r.gz", "--qrels", "beir.tsv"],
        ["rerank", "--predictions", "r", "--gold", "q"],
    ):
        code, captured = zsbench(*arguments, "--metric", "nDCG@10", "--metric", "recip_rank", "--json")
        assert code == 0, captured.err
        found.append(values(captured))
    assert found[0] == found[1] == found[2] == {"nDCG@10": pytest.approx(0.31546487), "MRR": 0.25}


def test_trec_evals_names(zsbench):
    names = ["map", "ndcg", "recip_rank", "Rprec", "bpref", "ndcg_cut_10", "ndcg_cut.5", "P_1", "recall.5", "success_1"]
    flags = [part for name in names for part in ("--metric", name)]
    code, captured = zsbench("--run", "r", "--qrels", "q", *flags, "--json")
    assert code == 0
    assert list(values(captured)) == [
        "MAP", "nDCG", "MRR", "R-Prec", "Bpref", "nDCG@10", "nDCG@5", "P@1", "Recall@5", "Success@1",
    ]  # fmt: skip


def test_absent_queries_are_counted_both_ways(zsbench):
    for flags, n in (([], 2), (["--missing", "skip"], 1)):
        code, captured = zsbench("--run", "r", "--qrels", "q", "--metric", "MRR", *flags)
        assert code == 0
        assert "queries absent from the run: 1" in " ".join(captured.out.split())
        assert str(n) in captured.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["--predictions", "--run"]),
        (["--run", "r"], ["--qrels"]),
        (["--run", "r", "--qrels", "q", "--gold", "q"], ["--gold beside --run"]),
        (["--run", "no", "--qrels", "q"], ["no: no such file"]),
        (["--run", "r", "--qrels", "no"], ["no: no such file"]),
        (["--run", "r", "--qrels", "q", "--metric", "ndcg_cut_0"], ["cuts at 0"]),
        (["--run", "r", "--qrels", "q", "--metric", "nDGC@10"], ["nDGC", "did you mean 'nDCG'"]),
        (["--run", "r", "--qrels", "q", "--missing", "ignore"], ["missing", "'zero' or 'skip'"]),
        (["--run", "q", "--qrels", "q"], ["q:1: 4 columns"]),
        (["ner", "--run", "r", "--qrels", "q"], ["q:1"]),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments, words, zsbench):
    code, captured = zsbench(*arguments)
    assert code == 2
    assert "Traceback" not in captured.err
    for word in words:
        assert word in captured.err


def test_a_folder_of_runs_and_a_run_without_predictions_are_said(zsbench, tmp_path):
    run = tmp_path / "out" / "suite" / "model"
    (run / "predictions").mkdir(parents=True)
    (run / "run.json").write_text("{}")
    (run / "predictions" / "00000.run").write_text(RUN)
    assert zsbench("rerank", "--predictions", "out/suite/model", "--gold", "q")[0] == 0
    assert zsbench("rerank", "--predictions", "out", "--gold", "q")[0] == 0  # the only one in it
    (tmp_path / "out" / "suite" / "other").mkdir()
    (tmp_path / "out" / "suite" / "other" / "run.json").write_text("{}")
    code, captured = zsbench("rerank", "--predictions", "out", "--gold", "q")
    assert code == 2
    assert "out: a folder of runs; expected the folder of one, such as out/suite/model" in captured.err
    (run / "predictions" / "00000.run").unlink()
    (run / "predictions").rmdir()
    (run / "items.run").write_text(RUN)
    code, captured = zsbench("rerank", "--predictions", "out/suite/model", "--gold", "q")
    assert code == 2
    assert "out/suite/model: a run without predictions/" in captured.err


def test_every_way_to_the_predictions_of_one_run_gives_its_name_and_its_sample(zsbench, tmp_path):
    sampled = ("--limit", "20", "--seed", "3")
    assert call("eval", "digits", "--method", "random-class", "-q", "--out", "out", *sampled)[0] == 0
    [made] = (tmp_path / "out").rglob("result.json")
    expected = json.loads(made.read_text())
    for path in (
        "out",
        "out/digits",
        made.parent,
        made.parent / "predictions",
        made.parent / "predictions/00000.parquet",
    ):
        code, captured = zsbench("digits", "--predictions", str(path), "--json")
        assert code == 0, captured.err
        [result] = json.loads(captured.out)["suites"][0]["results"]
        assert (result["method"], result["n_items"]) == ("random-class", 20)
        assert result["metrics"] == expected["metrics"]
        assert result["config"]["settings"]["seed"] == 3
