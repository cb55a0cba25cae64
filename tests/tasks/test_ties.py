"""The order in which data list documents, functions or items changes no number, whatever the scorer does with ties."""

import hashlib
import json
import random

import numpy as np
import pytest

from zsbench.config import catalog
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.records import Cost
from zsbench.data.collections import ir_datasets
from zsbench.plan import planning
from zsbench.search import candidates

N_QUERIES, N_CANDIDATES = 120, 12


class Constant:
    """Every capability that a ranker may ask for, and the same answer to whatever is asked."""

    fingerprint, device, dtype, max_tokens = "constant", "cpu", "float32", None

    def __init__(self):
        self.cost = Cost()

    def of(self, text):
        """A number for a text."""
        return 0.0

    def chat(self, messages):
        return "".join(message["content"] for message in messages)

    def tokenize(self, text, *, special):
        return [ord(c) for c in text], [(i, i + 1) for i in range(len(text))]

    def next_token_logits(self, ids):
        return np.zeros(0x110000, np.float32)

    def attention_mass(self, prefix, tails, *, n_layers=None):
        return [np.ones((1, 1, len(prefix) + len(tail)), np.float32) for tail in tails]

    def label_logits(self, prompts, labels):
        return np.array([[self.of(p.text or str(p.messages))] + [0.0] * (len(labels) - 1) for p in prompts], np.float32)

    def target_logprobs(self, prompts, targets):
        return [np.array([0.0, self.of(prompt.text or str(prompt.messages))], np.float32) for prompt in prompts]

    def generate(self, prompts, *, max_new_tokens, stop=()):
        return ["[1]"] * len(prompts)  # what leaves a window as it is

    def score_pairs(self, pairs):
        return np.array([self.of(document) for _, document in pairs], np.float32)

    def encode_queries(self, texts):
        return np.array([[1.0, 0.0]] * len(texts), np.float32)

    def encode_documents(self, texts):
        return np.array([[self.of(text), 1.0] for text in texts], np.float32)

    def answer_tokens(self, text, *, end):
        return [*map(ord, text), *([0] if end else [])]

    def next_logprobs(self, prompt, heads, wanted):
        return [np.zeros(len(own), np.float32) for own in wanted]


class Coarse(Constant):
    """Scores that depend on the text alone and take three values, so that many tie."""

    def of(self, text):
        return float(hashlib.sha256(text.encode()).digest()[0] % 3)


def issues(folder, order):
    rows = []
    for i in range(N_QUERIES):
        own = [{"id": f"f{j}.py/g{j}", "text": f"def g{j}(): return {i * j}"} for j in range(N_CANDIDATES)]
        # Gold is the one that the data list first, or last.
        rows.append({"id": f"i{i}", "query": "unrelated words", "candidates": own, "gold": [own[0]["id"]]})
        order(own)
    (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "type: function-localisation\ndata: {source: issue-functions, path: data.jsonl}\n"


def collection(folder, order, kind="rerank"):
    (folder / "c" / "qrels").mkdir(parents=True, exist_ok=True)
    documents = [{"_id": f"d{j}", "text": f"word{j % 3} word{j % 5}"} for j in range(N_QUERIES)]
    queries = [{"_id": f"q{i}", "text": f"word{i % 4}"} for i in range(N_QUERIES)]
    qrels = "".join(f"q{i}\td{i}\t1\n" for i in range(N_QUERIES))
    order(documents)
    (folder / "c" / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    (folder / "c" / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    (folder / "c" / "qrels" / "test.tsv").write_text(qrels)
    return f"type: {kind}\ndata: {{source: beir, path: c}}\n"


def bm25(folder, order):
    return collection(folder, order) + "candidates: {stage: bm25, depth: 10}\n"


def dense(folder, order):
    return collection(folder, order) + "candidates: {stage: dense, model: any, depth: 10}\n"


def docids(folder, order):
    return collection(folder, order, "generative-retrieval")


def sessions(folder, order):
    items = [{"item": f"i{j}", "text": f"text {j % 7}"} for j in range(30)]
    order(items)
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items))
    rows = [{"id": f"s{i}", "history": [f"i{i % 30}"], "target": [f"i{(i + 1) % 30}"]} for i in range(40)]
    (folder / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "type: session-recommendation\ndata: {source: session-log, path: s.jsonl, items: items.jsonl}\n"


POOLS = {"pool": issues, "bm25": bm25, "dense": dense, "docids": docids, "sessions": sessions}
ORDERS = {"as listed": lambda rows: None, "reversed": list.reverse, "shuffled": random.Random(0).shuffle}
OPTIONS = {"atomic-docids": None, "icr": {"prompt": {"prefix": "", "intro": ""}}}


def predictions(folder, kind, order, method, model, monkeypatch):
    """What a method predicts for each item, in the order of ids, and the counts."""

    class Block:
        build = staticmethod(lambda: model)

    monkeypatch.setattr(candidates, "named", lambda *_, **__: (Block, []))
    folder.mkdir(exist_ok=True)
    (folder / "t.yaml").write_text("description: d\n" + POOLS[kind](folder, ORDERS[order]))
    task = planning.make(str(folder / "t.yaml")).jobs[0].build_task()
    data = task.load(limit=None, seed=0)
    rule = catalog.load_component("methods", method)(**OPTIONS.get(method, {}))
    run = RunContext("auto", Cache(None), 0, model.cost)
    found = list(task.predict(rule, model, data, range(len(data.items)), run))
    rows = {
        item.id: one if isinstance(one, dict) else dict.fromkeys(one.items, 0.0)
        for item, one in zip(data.items, found, strict=True)
    }
    return dict(sorted(rows.items())), {**data.counts, **run.notes.get("counts", {})}


def methods(kind):
    family = {"docids": "generative-retrieval", "sessions": "session-recommendation"}.get(kind, "rerank")
    return [
        name
        for name in catalog.own_components("methods")
        if catalog.load_component("methods", name).facts.family == family and OPTIONS.get(name, {}) is not None
    ]


@pytest.mark.parametrize(("kind", "method"), [(kind, method) for kind in POOLS for method in methods(kind)])
def test_the_order_of_the_data_changes_no_prediction(kind, method, tmp_path, monkeypatch):
    for model in (Constant, Coarse):
        first, *others = (predictions(tmp_path / o, kind, o, method, model(), monkeypatch)[0] for o in ORDERS)
        for found in others:
            assert found == first
            assert [list(one) for one in found.values()] == [list(one) for one in first.values()]


@pytest.mark.parametrize("method", methods("pool"))
def test_a_constant_scorer_over_a_pool_is_at_chance(method, tmp_path, monkeypatch):
    found, counts = predictions(tmp_path, "pool", "as listed", method, Constant(), monkeypatch)
    right = sum(max(one, key=one.get) == "f0.py/g0" for one in found.values())
    # 10 of 120 are expected; more than 22 or fewer than 2 have a probability below 1 in 1,000.
    assert 2 <= right <= 22
    scorers = {"bm25", "cross-encoder", "dense", "first", "icr", "listwise-likelihood"}
    scorers |= {"monot5", "pointwise", "query-likelihood", "qwen3-reranker"}
    tied = counts.get("queries with candidates of equal score", 0)
    assert tied == (N_QUERIES if method in scorers else 0), counts


def test_lists_that_end_among_equal_scores_are_counted(tmp_path, monkeypatch):
    for kind in ("bm25", "dense"):
        _, counts = predictions(tmp_path / kind, kind, "as listed", "first-stage", Constant(), monkeypatch)
        assert counts["queries with ties where candidates are cut"] > N_QUERIES / 2


def test_pools_with_scores_keep_their_order_and_those_without_have_none(tmp_path, monkeypatch):
    from collections import namedtuple

    Row = namedtuple("Row", "query_id doc_id score")

    class Scored:
        rows = [Row("q", "a", 1.0), Row("q", "b", 3.0), Row("q", "c", 2.0)]

        def scoreddocs_iter(self):
            return iter(self.rows)

    pool = ir_datasets._pool(Scored())
    assert candidates.ties.best_first(pool["q"], "q") == ["b", "c", "a"]
