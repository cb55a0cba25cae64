"""Bad input of every kind: one clear message, the right exit code, no traceback, nothing half-written."""

import json
import sys

import pytest

from zsbench import catalog
from zsbench.cli.main import run

TASK = "type: ner\ndescription: d\ndata: {source: jsonl-sentences, path: s.jsonl}\n"
SENTENCES = '{"id": "a", "tokens": ["Ann", "ran"], "spans": [[0, 0, "person"]]}\n'
NER = {"t.yaml": TASK, "s.jsonl": SENTENCES}
RERANK = "type: rerank\ndescription: d\ndata: {source: beir, path: c}\n"
BEIR = {
    "t.yaml": RERANK,
    "c/corpus.jsonl": '{"_id": "d1", "text": "a cat"}\n{"_id": "d2", "text": "a dog"}\n',
    "c/queries.jsonl": '{"_id": "q1", "text": "cat"}\n',
    "c/qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t1\n",
}
IMAGES = "type: image-classification\ndescription: d\ndata: {source: imagefolder, path: p}\n"
DEPTH = "type: depth\ndescription: d\ndata: {source: depth-frames, path: f.jsonl}\n"
SUITE = "description: d\nruns:\n  - tasks: t.yaml\n    methods: capitalised-runs\n"
EVAL = ["eval", "t.yaml", "--method", "capitalised-runs"]
BM25 = ["eval", "t.yaml", "--method", "bm25"]

# name: (files, command, exit code, what the message must hold)
CASES = {
    "unknown key": ({**NER, "t.yaml": TASK + "metric_lst: [F1]\n"}, EVAL, 2, ["t.yaml:4", "metric_lst", "'metrics'"]),
    "duplicate key": ({**NER, "t.yaml": TASK + "type: ner\n"}, EVAL, 2, ["t.yaml:4", "'type' stands twice", "line 1"]),
    "wrong type": ({**NER, "t.yaml": TASK + "version: many\n"}, EVAL, 2, ["t.yaml:4", "version", "'many'", "integer"]),
    "list wanted": ({**NER, "t.yaml": TASK + "metrics: F1\n"}, EVAL, 2, ["t.yaml:4", "metrics", "list"]),
    "no metrics": ({**NER, "t.yaml": TASK + "metrics: []\n"}, EVAL, 2, ["t.yaml:4", "metrics"]),
    "missing key": ({**NER, "t.yaml": "type: ner\ndescription: d\n"}, EVAL, 2, ["t.yaml", "'data' is missing"]),
    "yaml syntax": ({"t.yaml": "type: [ner\n"}, EVAL, 2, ["t.yaml:", "not valid YAML"]),
    "empty yaml": ({"t.yaml": ""}, EVAL, 2, ["t.yaml", "empty"]),
    "list yaml": ({"t.yaml": "- 1\n"}, EVAL, 2, ["t.yaml", "list at the top level"]),
    "number key": ({"t.yaml": TASK + "3: x\n"}, EVAL, 2, ["t.yaml:4", "quotes"]),
    "missing config": ({}, EVAL, 2, ["t.yaml", "no such file"]),
    "extends itself": ({"t.yaml": "extends: t.yaml\n"}, EVAL, 2, ["t.yaml", "extends itself"]),
    "extends unknown": ({"t.yaml": "extends: synonim\n"}, EVAL, 2, ["t.yaml:1", "synonim", "'synonyms'"]),
    "unknown type": ({"t.yaml": "type: nerr\ndescription: d\n"}, EVAL, 2, ["t.yaml:1", "nerr", "'ner'"]),
    "unknown name": ({}, ["eval", "quickstrat"], 2, ["quickstrat", "'quickstart'"]),
    "unknown method": (NER, ["eval", "t.yaml", "--method", "span-treshold"], 2, ["span-treshold", "'span-threshold'"]),
    "unknown model": (NER, ["eval", "t.yaml", "--model", "ner-sintetic"], 2, ["ner-sintetic", "'ner-synthetic'"]),
    "unknown adapter": (NER, ["eval", "t.yaml", "--model", "span-score:x"], 2, ["span-score", "'span-scorer'"]),
    "unknown metric": ({**NER, "t.yaml": TASK + "metrics: [F2]\n"}, EVAL, 2, ["t.yaml:4", "F2"]),
    "metric of another family": ({**NER, "t.yaml": TASK + "metrics: [nDCG@10]\n"}, EVAL, 2, ["t.yaml:4", "nDCG"]),
    "bad metric parameter": (
        {**NER, "t.yaml": TASK + 'metrics: ["F1(averge=macro)"]\n'}, EVAL, 2, ["t.yaml:4", "averge", "'average'"],
    ),
    "bad metric choice": ({**NER, "t.yaml": TASK + 'metrics: ["F1(average=x)"]\n'}, EVAL, 2, ["average", "micro, macro"]),
    "metric cut at 0": ({**BEIR, "t.yaml": RERANK + "metrics: [nDCG@0]\n"}, BM25, 2, ["t.yaml:4", "cut"]),
    "metric without cut": ({**BEIR, "t.yaml": RERANK + "metrics: [P]\n"}, BM25, 2, ["t.yaml:4", "lacks k"]),
    "unknown source": ({"t.yaml": TASK.replace("jsonl-sentences", "jsonl-sentence")}, EVAL, 2, ["'jsonl-sentences'"]),
    "source of another kind": ({**NER, "t.yaml": TASK.replace("jsonl-sentences", "beir")}, EVAL, 2, ["collection"]),
    "unknown source option": (
        {**NER, "t.yaml": TASK.replace("path:", "pth:")}, EVAL, 2, ["t.yaml:3", "pth", "'path'"],
    ),
    "unknown nested key": ({**BEIR, "t.yaml": RERANK + "candidates: {dept: 5}\n"}, BM25, 2, ["t.yaml:4", "dept", "'depth'"]),
    "method of another family": (NER, ["eval", "t.yaml", "--method", "icr"], 2, ["icr", "rerank", "span-threshold"]),
    "capability missing": (BEIR, ["eval", "t.yaml", "--method", "icr", "--model", "ner-synthetic"], 2, ["CausalLM", "ner-synthetic"]),
    "model needed": (NER, ["eval", "t.yaml"], 2, ["span-threshold", "SpanExtractor"]),
    "missing data": ({"t.yaml": TASK}, EVAL, 2, ["t.yaml:3", "s.jsonl"]),
    "variable not set": ({"t.yaml": TASK.replace("s.jsonl", "$ZS_NOT_SET/x")}, EVAL, 2, ["t.yaml:3", "ZS_NOT_SET"]),
    "empty data": ({**NER, "s.jsonl": ""}, EVAL, 2, ["no items"]),
    "bad json": ({**NER, "s.jsonl": SENTENCES + "{x\n"}, EVAL, 2, ["s.jsonl:2", "not valid JSON"]),
    "missing json key": ({**NER, "s.jsonl": '{"tokens": ["a"]}\n'}, EVAL, 2, ["s.jsonl:1", "spans"]),
    "span outside": ({**NER, "s.jsonl": SENTENCES.replace("[0, 0,", "[0, 9,")}, EVAL, 2, ["s.jsonl:1", "end inclusive"]),
    "duplicate sentence": ({**NER, "s.jsonl": SENTENCES * 2}, EVAL, 2, ["'a' stands twice"]),
    "label not asked": ({**NER, "t.yaml": TASK + "labels: [place]\n"}, EVAL, 2, ["person", "place"]),
    "bad tag": ({"t.yaml": TASK.replace("jsonl-sentences", "conll"), "s.jsonl": "Ann X-per\n"}, EVAL, 2, ["s.jsonl:1", "X-per"]),
    "one column": ({"t.yaml": TASK.replace("jsonl-sentences", "conll"), "s.jsonl": "Ann\n"}, EVAL, 2, ["s.jsonl:1", "one column"]),
    "duplicate document": (
        {**BEIR, "c/corpus.jsonl": BEIR["c/corpus.jsonl"] * 2}, BM25, 2, ["corpus.jsonl:3", "'d1' stands twice"],
    ),
    "grade not a number": ({**BEIR, "c/qrels/test.tsv": "q1\td1\tgood\n"}, BM25, 2, ["test.tsv:1", "good"]),
    "qrels of other queries": ({**BEIR, "c/qrels/test.tsv": "q9\td1\t1\n"}, BM25, 2, ["no query has a judgement"]),
    "missing corpus": ({"t.yaml": RERANK}, BM25, 2, ["t.yaml:3", "corpus.jsonl"]),
    "candidate not in corpus": (
        {**BEIR, "t.yaml": RERANK + "candidates: {stage: run, path: r.run}\n", "r.run": "q1 Q0 d7 1 1.0 x\n"}, BM25, 2,
        ["r.run", "d7"],
    ),
    "run without path": ({**BEIR, "t.yaml": RERANK + "candidates: {stage: run}\n"}, BM25, 2, ["path"]),
    "template without place": (
        {"t.yaml": IMAGES + "templates: [a photo]\n", "p/x/1.png": "x"}, ["eval", "t.yaml", "--method", "random-class"], 2,
        ["a photo", "{}"],
    ),
    "empty class folder": ({"t.yaml": IMAGES, "p/x/a.txt": ""}, ["eval", "t.yaml", "--method", "random-class"], 2, ["without images"]),
    "no image": (
        {"t.yaml": IMAGES, "p/x/1.png": "not an image"}, ["eval", "t.yaml", "--model", "clip-glyphs"], 3, ["x/1.png", "decoded"],
    ),
    "too few classes": (
        {"t.yaml": IMAGES + "classes: [x]\n", "p/x/1.png": "x", "p/y/2.png": "x"},
        ["eval", "t.yaml", "--method", "random-class"], 2, ["label 1", "1 classes"],
    ),
    "missing frame": (
        {"t.yaml": DEPTH, "f.jsonl": '{"rgb": "a.png", "depth": "b.png"}\n'},
        ["eval", "t.yaml", "--method", "constant-depth", "--set", "method.metres=2"], 2, ["a.png"],
    ),
    "hub id offline": (
        NER, ["eval", "synonyms", "--method", "icr", "--model", "hf-causal-lm:no/such-model", "--offline"], 2,
        ["no/such-model", "not on this machine"],
    ),
    "missing model folder": (BEIR, ["eval", "t.yaml", "--method", "icr", "--model", "hf-causal-lm:/no/such"], 2, ["/no/such"]),
    "no checkpoint in folder": (
        {**NER, "m/config.json": "{}"}, ["eval", "t.yaml", "--model", "span-scorer:./m"], 2, ["m", "format"],
    ),
    "damaged clip": (
        {"t.yaml": IMAGES, "p/x/1.png": "x", "m/open_clip_config.json": "{}"},
        ["eval", "t.yaml", "--model", "open-clip:./m"], 2, ["open_clip cannot load"],
    ),
    "bad assignment": (NER, [*EVAL, "--set", "metod.x=1"], 2, ["--set metod.x=1", "'method'"]),
    "bad option value": (NER, ["eval", "t.yaml", "--method", "capitalised-runs", "--set", "method.seed=x"], 2, ["seed"]),
    "bad limit": (NER, [*EVAL, "--limit", "0"], 2, ["limit"]),
    "bad dtype": (NER, [*EVAL, "--dtype", "int8"], 2, ["dtype", "float32"]),
    "bad device": (NER, ["eval", "t.yaml", "--model", "ner-synthetic", "--device", "gpu"], 2, ["gpu"]),
    "output below a file": ({**NER, "out": "a file"}, [*EVAL, "--out", "out/deeper"], 2, ["cannot be written"]),
    "suite with unknown task": ({"s.yaml": SUITE.replace("t.yaml", "cranfeld")}, ["eval", "s.yaml"], 2, ["s.yaml:3", "'cranfield'"]),
    "two runs of one name": (
        {**NER, "s.yaml": SUITE.replace("capitalised-runs", "[capitalised-runs, {name: capitalised-runs, seed: 1}]")},
        ["eval", "s.yaml"], 2, ["label"],
    ),
    "paper without embedded": ({**NER, "s.yaml": SUITE}, ["eval", "s.yaml", "--embedded"], 2, ["embedded"]),
    "table of nothing": ({}, ["table", "."], 2, ["result.json"]),
    "damaged result": ({"result.json": "{"}, ["table", "."], 2, ["result.json", "not a result"]),
    "score NaN": ({"q": "q1 0 d1 1\n", "r": "q1 Q0 d1 1 nan x\n"}, ["score", "rerank", "--predictions", "r", "--gold", "q"], 2, ["r:1", "nan"]),
    "score text": ({"q": "q1 0 d1 1\n", "r": "q1 Q0 d1 1 high x\n"}, ["score", "rerank", "--predictions", "r", "--gold", "q"], 2, ["r:1", "high"]),
    "run with four columns": ({"q": "q1 0 d1 1\n", "r": "q1 d1 1 2\n"}, ["score", "rerank", "--predictions", "r", "--gold", "q"], 2, ["r:1", "4 columns"]),
    "prediction missing": (
        {**NER, "p.jsonl": '{"id": "b", "spans": []}\n'}, ["score", "t.yaml", "--predictions", "p.jsonl"], 2, ["no prediction", "'a'"],
    ),
    "prediction unknown": (
        {**NER, "p.jsonl": '{"id": "a", "spans": []}\n{"id": "b", "spans": []}\n'},
        ["score", "t.yaml", "--predictions", "p.jsonl"], 2, ["no item", "'b'"],
    ),
    "predictions not there": (NER, ["score", "t.yaml", "--predictions", "p.jsonl"], 2, ["p.jsonl", "no such file"]),
    "score type without gold": ({}, ["score", "ner", "--predictions", "p"], 2, ["--gold"]),
    "unknown show": ({}, ["show", "icrr"], 2, ["icrr", "'icr'"]),
    "unknown schema": ({}, ["schema", "suit"], 2, ["suit", "'suite'"]),
}  # fmt: skip


def cli(arguments, monkeypatch):
    """Run the command line in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["zsbench", *arguments])
    try:
        run()
    except SystemExit as end:
        return end.code or 0
    return 0


@pytest.mark.parametrize("name", CASES)
def test_one_clear_message(name, tmp_path, monkeypatch, capsys):
    files, arguments, code, words = CASES[name]
    folder = tmp_path / "work"
    folder.mkdir()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    monkeypatch.chdir(folder)
    catalog.configs.cache_clear()
    before = {p for p in folder.rglob("*") if p.is_file()}
    got = cli(arguments, monkeypatch)
    captured = capsys.readouterr()
    assert got == code, captured.err
    assert "Traceback" not in captured.err + captured.out
    for word in words:
        assert word in captured.err, captured.err
    written = {p.name for p in folder.rglob("*") if p.is_file()} - {p.name for p in before}
    assert not {name for name in written if name in ("result.json", "items.parquet") or name.endswith(".tmp")}


def test_a_failing_run_does_not_lose_the_others(tmp_path, monkeypatch, capsys):
    (tmp_path / "s.jsonl").write_text(SENTENCES)
    (tmp_path / "t.yaml").write_text(TASK)
    (tmp_path / "bad.jsonl").write_text("{x\n")
    (tmp_path / "bad.yaml").write_text(TASK.replace("s.jsonl", "bad.jsonl"))
    monkeypatch.chdir(tmp_path)
    assert cli(["eval", "bad.yaml", "t.yaml", "--method", "capitalised-runs", "--json"], monkeypatch) == 2
    captured = capsys.readouterr()
    good = json.loads(captured.out)["suites"][1]
    assert good["results"][0]["n_items"] == 1
    assert "bad.jsonl:1" in captured.err
