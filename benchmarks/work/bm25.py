"""BM25 over 100,000 documents: three methods on its candidates in one command, then another depth in a second one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

SIZES = {"documents": 100_000, "queries": 500}
GOAL = 1.0

_TASK = """type: rerank
description: A large collection, searched.
data: {source: beir, path: collection}
metrics: [nDCG@10]
"""


def prepare(folder: Path, *, documents: int, queries: int) -> None:
    """Write a BEIR folder with documents of about 100 words, as frequent as words are, and queries of 6."""
    rng = np.random.default_rng(0)
    collection = folder / "collection"
    (collection / "qrels").mkdir(parents=True)

    def text(length: int) -> str:
        return " ".join(f"w{number}" for number in (rng.zipf(1.2, length) % 200_000).tolist())

    with (collection / "corpus.jsonl").open("w") as corpus:
        for number in range(documents):
            row = {"_id": f"d{number}", "title": text(5), "text": text(int(rng.integers(50, 150)))}
            corpus.write(json.dumps(row) + "\n")
    with (collection / "queries.jsonl").open("w") as asked, (collection / "qrels" / "test.tsv").open("w") as qrels:
        qrels.write("query-id\tcorpus-id\tscore\n")
        for number in range(queries):
            asked.write(json.dumps({"_id": f"q{number}", "text": text(6)}) + "\n")
            qrels.write(f"q{number}\td{int(rng.integers(0, documents))}\t1\n")
    (folder / "large.yaml").write_text(_TASK)


def ours() -> list[list[str]]:
    """Search, and order what is found by three methods; then again, less deep."""
    zsbench = str(Path(sys.executable).with_name("zsbench"))
    common = [zsbench, "eval", "large.yaml", "--offline", "--quiet", "--out", "out"]
    methods = [part for name in ("first-stage", "bm25", "random-order") for part in ("--method", name)]
    return [[*common, *methods], [*common, "--method", "bm25", "--set", "task.candidates.depth=50"]]


def smallest(folder: Path) -> None:
    """Read the collection, search it with bm25s, take the mean of nDCG@10."""
    import bm25s
    import pytrec_eval

    collection = folder / "collection"
    rows = [json.loads(line) for line in (collection / "corpus.jsonl").open()]
    asked = [json.loads(line) for line in (collection / "queries.jsonl").open()]
    qrels: dict[str, dict[str, int]] = {}
    for line in (collection / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        qrels.setdefault(query, {})[document] = int(grade)
    cut = {"token_pattern": r"[a-z0-9]+", "stopwords": None, "show_progress": False}
    index = bm25s.BM25(k1=0.9, b=0.4, method="lucene")
    index.index(bm25s.tokenize([f"{row['title']} {row['text']}" for row in rows], **cut), show_progress=False)
    words = bm25s.tokenize([row["text"] for row in asked], return_ids=False, **cut)
    found, scores = index.retrieve(words, k=100, show_progress=False)
    run = {
        row["_id"]: {rows[i]["_id"]: float(score) for i, score in zip(best, values, strict=True)}
        for row, best, values in zip(asked, found.tolist(), scores.tolist(), strict=True)
    }
    values = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10"}).evaluate(run)
    print(np.mean([row["ndcg_cut_10"] for row in values.values()]))
