"""Ids that a TREC run cannot hold are refused when data are read; what a given run names beside the data is counted."""

import json

import pytest

from tests.command import call
from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.tasks.rerank.ranking import RankingTask

BEIR = {
    "rerank": "candidates: {stage: bm25}",
    "generative-retrieval": "",
}


def rows(path, found):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in found))


def task(folder, kind, query, document):
    """Return the loaded task over one query and one document of these ids."""
    text = "a cat sat"
    if kind in BEIR:
        rows(folder / "c/corpus.jsonl", [{"_id": document, "text": text}, {"_id": "d2", "text": "a dog"}])
        rows(folder / "c/queries.jsonl", [{"_id": query, "text": "cat"}])
        data, extra = "{source: beir, path: c}", BEIR[kind]
        # Judgements of ids that a file of columns cannot hold come from another source; here they stand in as they are.
        (folder / "c/qrels").mkdir()
        (folder / "c/qrels/test.tsv").write_text("x\tx\t1\n")
    elif kind == "open-domain-qa":
        rows(folder / "q.jsonl", [{"id": query, "question": "cat?", "answers": ["cat"]}])
        rows(folder / "p.jsonl", [{"_id": document, "text": text}])
        data, extra = "{source: question-answers, questions: q.jsonl, passages: p.jsonl}", "candidates: {stage: bm25}"
    else:
        issue = {"id": query, "query": "cat", "candidates": [{"id": document, "text": text}], "gold": [document]}
        rows(folder / "i.jsonl", [issue])
        data, extra = "{source: issue-functions, path: i.jsonl}", "candidates: {stage: pool}"
    (folder / "t.yaml").write_text(f"type: {kind}\ndescription: d\ndata: {data}\n{extra}\n")
    job = planning.make(
        str(folder / "t.yaml"), Choices(methods=("random-order",) * (kind != "generative-retrieval"))
    ).jobs[0]
    return job.build_task()


RANKING = ("rerank", "generative-retrieval", "open-domain-qa", "function-localisation")
IDS = {"blank": "New York", "line end": "d\n1", "tab": "d\t1", "glued blank": " d1", "empty": "", "mark": "\ufeffd1"}


def test_every_task_type_that_writes_runs_is_tried():
    kinds = [
        name
        for name in catalog.own_components("tasks")
        if issubclass(catalog.load_module("tasks", name).Task, RankingTask)
    ]
    assert sorted(kinds) == sorted(RANKING)


@pytest.mark.parametrize("wrong", IDS)
@pytest.mark.parametrize("side", ["query", "document"])
@pytest.mark.parametrize("kind", RANKING)
def test_ids_that_no_run_can_hold_are_refused_when_data_are_read(kind, side, wrong, tmp_path, monkeypatch):
    query, document = (IDS[wrong], "d1") if side == "query" else ("q1", IDS[wrong])
    built = task(tmp_path, kind, query, document)
    if kind in BEIR:
        monkeypatch.setattr("zsbench.data.collections.beir.read_qrels", lambda _: {query: {document: 1}})
    with pytest.raises(UserError, match=r"id .*; expected an id without blanks|empty"):
        built.load(limit=None, seed=0)


@pytest.mark.parametrize("kind", RANKING)
def test_a_no_break_space_is_a_letter_of_an_id(kind, tmp_path, monkeypatch):
    built = task(tmp_path, kind, "q\u00a01", "d\u00a01")
    if kind in BEIR:
        monkeypatch.setattr("zsbench.data.collections.beir.read_qrels", lambda _: {"q\u00a01": {"d\u00a01": 1}})
    data = built.load(limit=None, seed=0)
    path = tmp_path / "x.run"
    prediction = {"d\u00a01": 2.0, "d\u20282": 1.0}
    built.format.write(path, data.items, [prediction])
    assert built.format.read(path, data.items) == {"q\u00a01": prediction}


@pytest.fixture
def score(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def ask(*arguments):
        metric = [] if "function-localisation" in arguments else ["--metric", "nDCG@10"]
        return call("score", *arguments, *metric)

    return ask


def test_queries_that_nobody_judged_are_counted(score, tmp_path):
    (tmp_path / "q").write_text("q1 0 d1 1\n")
    (tmp_path / "r").write_text("q1 Q0 d1 1 2 x\nq7 Q0 d1 1 2 x\nq8 Q0 d1 1 2 x\n")
    code, captured = score("--run", "r", "--qrels", "q")
    assert code == 0
    assert "queries of the run that are not judged: 2" in captured.out + captured.err


def test_documents_outside_the_corpus_are_counted(score, tmp_path):
    rows(tmp_path / "c/corpus.jsonl", [{"_id": "d1", "text": "cat"}])
    rows(tmp_path / "c/queries.jsonl", [{"_id": "q1", "text": "cat"}])
    (tmp_path / "c/qrels").mkdir()
    (tmp_path / "c/qrels/test.tsv").write_text("q1\td1\t1\n")
    (tmp_path / "t.yaml").write_text("type: rerank\ndescription: d\ndata: {source: beir, path: c}\n")
    (tmp_path / "r.run").write_text("q1 Q0 d9 1 3 x\nq1 Q0 d1 2 2 x\n")
    code, captured = score("t.yaml", "--predictions", "r.run")
    assert code == 0
    assert "documents of the run that are not in the corpus: 1" in captured.out + captured.err
    code, captured = score("t.yaml", "--predictions", "r.run", "--json")
    [found] = json.loads(captured.out)["suites"][0]["results"]
    assert found["counts"]["documents of the run that are not in the corpus"] == 1


def test_a_run_over_another_corpus_is_an_error(score, tmp_path):
    rows(tmp_path / "i.jsonl", [{"id": "i", "query": "q", "candidates": [{"id": "a/f", "text": "x"}], "gold": ["a/f"]}])
    (tmp_path / "r.run").write_text("i Q0 b/f 1 3 x\n")
    code, captured = score("function-localisation", "--gold", "i.jsonl", "--predictions", "r.run")
    assert code == 2
    assert "no document of the run is in the corpus" in captured.err


@pytest.mark.parametrize(
    ("run", "qrels", "value"),
    [
        ("q1 Q0 York 1 5 s\n", "query-id\tcorpus-id\tscore\nq1\tNew York\t1\nq1\tb\t0\n", "0.0 %"),
        ("q1\tQ0\tNew York\t1\t5\ts\n", "query-id\tcorpus-id\tscore\nq1\tNew York\t1\nq1\tb\t0\n", "100.0 %"),
        ("q1 Q0 Café\u00a0X 1 5 s\n", "query-id\tcorpus-id\tscore\nq1\tCafé\u00a0X\t1\n", "100.0 %"),
        ("q1 Q0 X 1 5 s\n", "query-id\tcorpus-id\tscore\nq1\tCafé\u00a0X\t1\n", "0.0 %"),
    ],
)
def test_part_of_an_id_is_another_id(run, qrels, value, score, tmp_path):
    (tmp_path / "q").write_text(qrels)
    (tmp_path / "r").write_text(run)
    code, captured = score("--run", "r", "--qrels", "q")
    assert code == 0
    assert value in captured.out


def test_a_truncated_run_is_no_abort(score, tmp_path):
    import gzip

    (tmp_path / "q").write_text("q1 0 d1 1\n")
    lines = "".join(f"q1 Q0 d{i} {i} {-i} x\n" for i in range(500))
    (tmp_path / "r.gz").write_bytes(gzip.compress(lines.encode())[:-20])
    code, captured = score("--run", "r.gz", "--qrels", "q")
    assert code == 2
    assert "r.gz:" in captured.err
    assert "gzip data end too early" in captured.err
    assert "Aborted" not in captured.err
