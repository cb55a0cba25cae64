"""Bad input of every kind: one clear message, the right exit code, no traceback, nothing half-written."""

import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

from zsbench.cli.main import run
from zsbench.core.errors import UserError


def npz(**arrays):
    """Return the bytes of an .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def png():
    """Return the bytes of a small image."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


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
CLIP = ["eval", "t.yaml", "--model", "clip-glyphs", "--method"]
PHOTOS = {"t.yaml": IMAGES, "p/x/1.png": png(), "p/y/2.png": png()}
SUPPORT = "support: {source: imagefolder, path: p}\n"
GRID = {"d.csv": "0,1\n1,0\n"}
VECTORS = npz(features=np.eye(3, 4), labels=np.arange(3), class_names=["a", "b", "c"])
FEATURES = {
    "t.yaml": "type: image-classification\ndescription: d\ntemplates: ['{}']\ndata: {source: features, path: v.npz}\n",
    "e.yaml": "description: d\nadapter: features\ntexts: x.npz\n",
    "v.npz": VECTORS,
    "x.npz": npz(texts=["a", "b", "c"], text_features=np.eye(3, 4)),
}
ENCODED = ["eval", "t.yaml", "--model", "e.yaml"]
TABLE = {"t.yaml": IMAGES.replace("imagefolder, path: p", "image-table, path: l.csv"), "1.png": png()}
CAPTIONS = {
    "t.yaml": "type: image-text-retrieval\ndescription: d\ndata: {source: caption-table, path: l.csv}\n",
    "1.png": png(),
}
DIGITS = "description: d\nruns:\n  - tasks: digits\n    models: clip-glyphs\n"
TWO = DIGITS.replace("digits", "[digits, glyphs]")


def photos(extra="", **more):
    """Return an image task with further keys, and further files."""
    return {**PHOTOS, "t.yaml": IMAGES + extra, **more}


def suite(text):
    """Return a suite's command line and file."""
    return ({"s.yaml": text}, ["eval", "s.yaml"])


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
    "metric twice": ({**BEIR, "t.yaml": RERANK + "metrics: [MAP, nDCG@10, MAP(rel=1)]\n"}, BM25, 2, ["t.yaml:4", "'MAP'", "twice"]),
    "metric of score": (
        {"r": "q1 Q0 d1 1 2.0 x\n", "q": "q1 0 d1 1\n"},
        ["score", "--run", "r", "--qrels", "q", "--metric", "ndcg@10"], 2, ["--metric: no metric 'ndcg'", "'nDCG@10'"],
    ),
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
        ["eval", "t.yaml", "--method", "random-class"], 2, ["t.yaml:3", "lists 1 name: x", "p has 2: x, y"],
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
    "suite: metric laid over": (*suite(DIGITS.replace("digits", "{use: digits, metrics: [acc1]}")), 2, ["s.yaml:3", "acc1", "'acc'"]),
    "suite: option of a method": (
        *suite(DIGITS + "    methods:\n      - prompt-ensemble\n      - {name: zpe, alfa: 1}\n"), 2, ["s.yaml:7", "'alfa' of 'zpe'"],
    ),
    "suite: entry without name": (*suite(DIGITS + "    methods: {label: x}\n"), 2, ["s.yaml:5", "no key 'name'"]),
    "suite: modifier": (*suite(DIGITS.replace("clip-glyphs", "{use: clip-glyphs, modify: lorra}")), 2, ["s.yaml:4", "'lora'"]),
    "suite: modifier's key": (
        *suite(DIGITS.replace("clip-glyphs", "{use: clip-glyphs, modify: {name: lora, alpha: 1}}")), 2, ["s.yaml:4", "path"],
    ),
    "modifier without a network": (
        {**FEATURES, "e.yaml": FEATURES["e.yaml"] + "modify: {name: lora, path: x.npz, alpha: 1}\n"},
        [*ENCODED, "--method", "prompt-ensemble"], 2, ["e.yaml:4", "'features' has no network that 'lora' can change"],
    ),
    "suite: source": (*suite(DIGITS.replace("digits", "{use: digits, data: {source: digit}}")), 2, ["zsbench list sources"]),
    "average of one": (*suite(TWO + "averages: [{name: a, tasks: [digits]}]\n"), 2, ["s.yaml:5", "at least 2 entries"]),
    "average twice": (
        *suite(TWO + "averages:\n" + "  - {name: a, tasks: [digits, glyphs]}\n" * 2), 2, ["s.yaml:7", "another average", "'a'"],
    ),
    "embedded task": (PHOTOS, [*CLIP, "majority", "--embedded"], 2, ["t.yaml", "embedded"]),
    "a model as a suite": ({"e.yaml": FEATURES["e.yaml"]}, ["eval", "e.yaml"], 2, ["e.yaml", "--model"]),
    "a task as a model": (PHOTOS, ["eval", "t.yaml", "--model", "t.yaml"], 2, ["t.yaml:1", "'adapter'"]),
    "key from the command line": (PHOTOS, [*CLIP, "zpe", "--set", "method.alfa=1"], 2, ["--set", "'alfa' of 'zpe'"]),
    "key of a method missing": (PHOTOS, [*CLIP, "cupl"], 2, ["--method", "'prompts' of 'cupl' is missing"]),
    "empty link": (PHOTOS, [*CLIP, "prompt-ensemble+"], 2, ["--method", "no method ''"]),
    "link that starts anew": (PHOTOS, [*CLIP, "loki+prompt-ensemble"], 2, ["--method", "starts anew", "'loki'"]),
    "chain of another family": (BEIR, [*BM25[:3], "bm25+bm25"], 2, ["--method", "do not chain"]),
    "labels where scores are wanted": (
        photos("distances: d.csv\n", **GRID), [*CLIP, "s3a+loki"], 2, ["labels, not scores"],
    ),
    "s3a before a rule that validates": (
        photos(SUPPORT + SUPPORT.replace("support", "validation").replace("path: p", "path: q"), **{"q/x/9.png": png()}),
        [*CLIP, "s3a+tip-adapter"], 2, ["tip-adapter", "gives labels, not scores"],
    ),
    "no support": (PHOTOS, [*CLIP, "tip-adapter"], 2, ["tip-adapter", "support:"]),
    "no validation": (photos(SUPPORT), [*CLIP, "tip-adapter"], 2, ["tip-adapter", "validation:"]),
    "no unlabeled": (PHOTOS, [*CLIP, "pseudolabels"], 2, ["pseudolabels", "unlabeled:"]),
    "no distances": (PHOTOS, [*CLIP, "loki"], 2, ["loki", "distances:"]),
    "shots without support": (photos("shots: 2\n"), [*CLIP, "majority"], 2, ["t.yaml:4", "support:"]),
    "too many shots": (photos(SUPPORT + "shots: 5\n"), [*CLIP, "knn"], 2, ["t.yaml:4", "class 0", "5 shots"]),
    "support of more classes": (
        photos(SUPPORT.replace("path: p", "path: q"), **{f"q/{c}/1.png": png() for c in "xyz"}), [*CLIP, "knn"], 2,
        ["t.yaml:4", "lists 2 names: x, y", "q has 3: x, y, z"],
    ),
    "half of one class": (
        {"t.yaml": IMAGES + "half: new\n", "p/x/1.png": png()}, [*CLIP, "prompt-ensemble"], 2, ["t.yaml:4", "one class"],
    ),
    "unseen class": (photos("unseen: [q]\n"), [*CLIP, "prompt-ensemble"], 2, ["unseen class 'q'"]),
    "metric of unseen classes": (photos("metrics: [acc@1, H]\n"), [*CLIP, "prompt-ensemble"], 2, ["t.yaml:4", "H", "unseen:"]),
    "metric of groups": (photos("metrics: [worst-group-acc]\n"), [*CLIP, "prompt-ensemble"], 2, ["t.yaml:4", "groups"]),
    "metric of distances": (photos("metrics: [mean-sq-distance]\n"), [*CLIP, "prompt-ensemble"], 2, ["t.yaml:4", "distances:"]),
    "distances of other classes": (photos("distances: d.csv\n", **{"d.csv": "0\n"}), [*CLIP, "loki"], 2, ["d.csv", "(2, 2)"]),
    "sentences for some classes": (
        photos(**{"q.json": '{"x": ["an x"]}'}), [*CLIP, "cupl", "--set", "method.prompts=q.json"], 2, ["q.json", "'y'"],
    ),
    "sentences not JSON": (photos(**{"q.json": "{x"}), [*CLIP, "cupl", "--set", "method.prompts=q.json"], 2, ["q.json"]),
    "names not text": (photos("classes: n.txt\n", **{"n.txt": b"\xff"}), [*CLIP, "zpe"], 2, ["n.txt", "UTF-8"]),
    "broken image, no address": (photos(**{"p/x/3.png": "text"}), [*CLIP, "zpe"], 3, ["x/3.png: cannot be decoded as an image; `max_bad_items"]),
    "features not npz": ({**FEATURES, "v.npz": b"x"}, ENCODED, 2, ["v.npz", "not an .npz file"]),
    "features NaN": (
        {**FEATURES, "v.npz": npz(features=np.full((3, 4), np.nan), labels=np.arange(3))}, ENCODED, 2, ["v.npz", "3 rows", "NaN"],
    ),
    "features zero": (
        {**FEATURES, "v.npz": npz(features=np.zeros((3, 4)), labels=np.arange(3), class_names=["a", "b", "c"])}, ENCODED, 3,
        ["000000", "zero"],
    ),
    "features of another width": (
        {**FEATURES, "x.npz": npz(texts=["a", "b", "c"], text_features=np.eye(3))}, ENCODED, 2, ["x.npz", "width 4", "width 3"],
    ),
    "features without a text": (
        {**FEATURES, "x.npz": npz(texts=["a", "b"], text_features=np.eye(2, 4))}, ENCODED, 2, ["x.npz", "'c'"],
    ),
    "labels beyond the classes": (
        {**FEATURES, "v.npz": npz(features=np.eye(3, 4), labels=[0, 1, 7], class_names=["a", "b", "c"])}, ENCODED, 2,
        ["label 7", "0 to 2"],
    ),
    "pixels wanted": (FEATURES, [*CLIP, "prompt-ensemble"], 2, ["feature vectors", "adapter: features"]),
    "table not text": ({**TABLE, "l.csv": b"\xff\xfe"}, [*CLIP, "zpe"], 2, ["l.csv", "UTF-8"]),
    "table without rows": ({**TABLE, "l.csv": "path,label\n"}, [*CLIP, "zpe"], 2, ["l.csv", "without rows"]),
    "table without column": ({**TABLE, "l.csv": "file,label\n1.png,x\n"}, [*CLIP, "zpe"], 2, ["l.csv", "'path'", "file"]),
    "empty caption": ({**CAPTIONS, "l.csv": "path,caption\n1.png,\n"}, CLIP[:4], 2, ["l.csv:2", "'caption' is empty"]),
    "caption of no image": ({**CAPTIONS, "l.csv": "path,caption\n2.png,a\n"}, CLIP[:4], 2, ["l.csv:2", "2.png"]),
    "damaged shard": (
        {"t.yaml": IMAGES.replace("imagefolder", "webdataset"), "p/classnames.txt": "a\n", "p/test/0.tar": b"x"},
        [*CLIP, "zpe"], 2, ["0.tar", "not a tar file"],
    ),
    "weights damaged": (
        {**PHOTOS, "w.pt": b"x"}, ["eval", "t.yaml", "--model", "open-clip:ViT-S-32", "--set", "model.weights=w.pt"], 2,
        ["w.pt", "not a file of weights"],
    ),
    "docids of another corpus": (
        {**BEIR, "t.yaml": RERANK.replace("rerank", "generative-retrieval") + "docids: i.json\n", "i.json": '{"d9": "x"}'},
        ["eval", "t.yaml", "--method", "bm25-search"], 2, ["i.json", "no document"],
    ),
    "score: nothing judged": ({"q": "q9 0 d1 1\n", "r": "q1 Q0 d1 1 1 x\n"}, ["score", "--run", "r", "--qrels", "q"], 2, ["r", "'q9'"]),
    "score: document twice": (
        {"q": "q1 0 d1 1\n", "r": "q1 Q0 d1 1 2 x\nq1 Q0 d1 2 1 x\n"}, ["score", "--run", "r", "--qrels", "q"], 2, ["r:2", "twice"],
    ),
    "corpus vectors damaged": (
        {"c.jsonl": BEIR["c/corpus.jsonl"], "v.npy": b"x"},
        ["corpus", "sample", "c.jsonl", "--embeddings", "v.npy", "--n", "1", "--clusters", "1", "--min-chars", "1", "--out", "o"],
        2, ["v.npy", "not an .npy file"],
    ),
    "prune: vectors damaged": ({"e.npy": b"x", "c.npy": b"x"}, ["prune", "e.npy", "--clusters", "c.npy"], 2, ["e.npy", "not an .npy"]),
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
        (folder / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.chdir(folder)
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


@pytest.mark.parametrize("text", ["a" * 300, "é" * 300, "語" * 300 + "x", "../" * 100 + "y" * 300])
def test_a_long_name_is_a_folder_of_its_own(text, tmp_path):
    from zsbench.plan.job import safe_name

    assert len(safe_name(text).encode()) <= 220
    assert safe_name(text) != safe_name(text + "z")
    (tmp_path / safe_name(text)).mkdir()


@pytest.mark.parametrize(
    "raw", [b"{", b"[1]", b"null", b'{"info": []}', b'{"info": {"features": {"label": 3}}}', b"[" * 99_999]
)
def test_damaged_metadata_of_a_parquet_file_are_one_sentence(raw, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from zsbench.data.images.parquet_images import parquet_images

    table = pa.table({"image": [{"bytes": png()}], "label": [0]}).replace_schema_metadata({b"huggingface": raw})
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(UserError, match="'huggingface'"):
        parquet_images(path=str(tmp_path / "x.parquet"))
