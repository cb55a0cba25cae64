"""Generative retrieval: docids and their coverage, softmax rows, BM25 over the collection, whole runs."""

import json
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.cli.score import score
from zsbench.core import ties
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import Document
from zsbench.engine import local
from zsbench.methods.generative_retrieval import Docids, Query
from zsbench.methods.generative_retrieval._docids import tokens
from zsbench.methods.generative_retrieval.atomic_docids import aligned, atomic_docids, best
from zsbench.methods.generative_retrieval.bm25_search import bm25_search
from zsbench.methods.generative_retrieval.docid_beam import docid_beam
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "c"
    (home / "qrels").mkdir(parents=True)
    texts = {"d1": "cat fish", "d2": "dog", "d3": "cat dog", "d4": "bird"}
    rows = [{"_id": key, "text": text} for key, text in texts.items()]
    (home / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries = [{"_id": "q1", "text": "cat"}, {"_id": "q2", "text": "dog"}, {"_id": "q3", "text": "sun"}]
    (home / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    (home / "qrels" / "test.tsv").write_text("q1\td1\t1\nq2\td2\t2\nq3\td4\t1\nq3\td9\t1\n")
    return tmp_path


def write_task(folder, extra=""):
    text = f"type: generative-retrieval\ndescription: d\ndata: {{source: beir, path: c}}\n{extra}\n"
    (folder / "t.yaml").write_text(text)
    return str(folder / "t.yaml")


def load(folder, extra=""):
    return planning.make(write_task(folder, extra)).jobs[0].build_task().load(limit=None, seed=0)


def result(folder, extra=""):
    made = planning.make(write_task(folder, extra))
    [outcome] = local.run(made, Options(folder / "out", Cache(None), True), lambda *_: None, print)
    if outcome.error:
        raise outcome.error
    return outcome.result


def write_docids(folder, rows):
    (folder / "docids.json").write_text(json.dumps(rows))
    return "docids: docids.json"


def test_a_document_is_its_own_id_where_no_file_says_another(folder):
    data = load(folder)
    assert data.context.names == data.context.ids == ties.in_any_order(["d1", "d2", "d3", "d4"])
    assert data.counts == {"judged documents not in the corpus": 1, "relevant documents without an id": 1}


def test_what_the_file_of_docids_leaves_out_cannot_be_found_and_is_counted(folder):
    extra = write_docids(folder, {"d3": "x", "d2": [4, 5], "new": "y"})
    data = load(folder, extra)
    assert dict(zip(data.context.names, data.context.ids, strict=True)) == {"d3": "x", "d2": (4, 5), "new": "y"}
    assert [["d3", "d2", "new"][place] for place in data.context.places] == data.context.names
    assert data.counts["documents without an id"] == 2
    assert data.counts["ids of no document"] == 1
    assert data.counts["relevant documents without an id"] == 3
    assert data.fingerprint != load(folder).fingerprint
    found = result(folder, extra + "\nmetrics: [MRR, Recall@1]")
    # q1's d1 has no id, and neither of q3's words nor documents is known.
    assert found["metrics"]["MRR"]["value"] == pytest.approx(1 / 3)
    assert found["counts"]["queries absent from the run"] == 1
    run = (folder / "out").rglob("*.run")
    assert [line.split()[:3] for path in run for line in path.read_text().splitlines()] == [
        ["q1", "Q0", "d3"],
        ["q2", "Q0", "d2"],
        ["q2", "Q0", "d3"],
    ]


@pytest.mark.parametrize("rows", [[], {}, ["d1"], {"d1": ""}, {"d1": []}, {"d1": [1, "x"]}, {"d1": [-1]}, {"d1": 7}])
def test_docids_that_are_none_are_refused(rows, folder):
    with pytest.raises(UserError, match=r"docids\.json: .*text, or a list of token ids"):
        load(folder, write_docids(folder, rows))


def test_a_missing_or_broken_file_of_docids_is_named(folder):
    with pytest.raises(UserError, match="no such file"):
        planning.make(write_task(folder, "docids: none.json")).jobs[0].build_task().load(limit=None, seed=0)
    (folder / "docids.json").write_text("{")
    with pytest.raises(UserError, match=r"docids\.json: not valid JSON"):
        load(folder, "docids: docids.json")


def test_only_the_best_are_kept(folder):
    found = result(folder, "depth: 1\nmetrics: [Recall@1]")
    assert found["protocol"] == "whole collection, top 1"
    lines = [line for path in (folder / "out").rglob("*.run") for line in path.read_text().splitlines()]
    assert len(lines) == 2


def test_a_method_that_names_a_document_twice_is_stopped(folder):
    task = planning.make(write_task(folder)).jobs[0].build_task()
    data = task.load(limit=None, seed=0)
    stream = task.predict(lambda *_: [[0, 1, 0], [], []], None, data, range(3), None)
    with pytest.raises(ValueError, match="q1: the method named a document twice"):
        next(stream)


@given(
    seed=st.integers(0, 2**16), n=st.integers(1, 30), depth=st.integers(1, 35), grid=st.booleans()
)  # fmt: skip
def test_the_best_rows_are_those_of_a_stable_sort(seed, n, depth, grid):
    rng = np.random.default_rng(seed)
    queries, rows = (rng.integers(-1, 2, (m, 3)) if grid else rng.normal(size=(m, 3)) for m in (4, n))
    scores = queries.astype(np.float64) @ rows.astype(np.float64).T
    expected = [np.argsort(-row, kind="stable")[:depth].tolist() for row in scores]
    assert best(np.float64(queries), np.float64(rows), depth) == expected


def test_rows_are_found_by_number_or_by_name(tmp_path):
    rows = np.arange(6, dtype=np.float16).reshape(3, 2)
    np.save(tmp_path / "w.npy", rows)
    assert aligned(tmp_path / "w.npy", ["a", "b", "c"]).tolist() == rows.tolist()
    assert aligned(tmp_path / "w.npy", ["b", "c", "a"], [1, 2, 0]).tolist() == rows[[1, 2, 0]].tolist()
    np.savez(tmp_path / "w.npz", weights=rows, docids=["c", "a", "b"])
    assert aligned(tmp_path / "w.npz", ["b", "c"]).tolist() == rows[[2, 0]].tolist()
    with pytest.raises(UserError, match="3 rows for 2 docids"):
        aligned(tmp_path / "w.npy", ["a", "b"])
    with pytest.raises(UserError, match=r"no row for 1 docids \(first: 'x'\)"):
        aligned(tmp_path / "w.npz", ["x", "a"])
    np.savez(tmp_path / "twice.npz", weights=rows, docids=["c", "a", "c"])
    with pytest.raises(UserError, match="3 rows, 2 different docids"):
        aligned(tmp_path / "twice.npz", ["a"])
    np.savez(tmp_path / "unnamed.npz", weights=rows)
    with pytest.raises(UserError, match="no array 'docids'"):
        aligned(tmp_path / "unnamed.npz", ["a"])


class Encoder:
    """Query vectors that count two words."""

    def encode_queries(self, texts):
        return np.array([[text.count("cat"), text.count("dog")] for text in texts], np.float32)


def test_atomic_docids_rank_by_the_product_of_query_and_row(tmp_path):
    np.save(tmp_path / "w.npy", np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]]))
    docids = Docids(["a", "b", "c"], ["a", "b", "c"], Collection({}, {}, {}), 2)
    queries = [Query("1", "cat"), Query("2", "dog"), Query("3", "cat dog"), *[Query(str(i), "") for i in range(4, 99)]]
    found = list(atomic_docids(weights=str(tmp_path / "w.npy"))(Encoder(), queries, docids))
    assert found[:3] == [[1, 2], [0, 2], [1, 2]]
    assert found[3:] == [[0, 1]] * 95
    np.save(tmp_path / "w.npy", np.zeros((3, 5)))
    with pytest.raises(UserError, match="rows of width 5, query vectors of width 2"):
        list(atomic_docids(weights=str(tmp_path / "w.npy"))(Encoder(), queries, docids))


def test_bm25_fills_its_list_past_documents_without_an_id():
    documents = {f"d{i}": Document(f"d{i}", "cat " * (9 - i)) for i in range(5)}
    docids = Docids(["d4", "d3"], ["x", "y"], Collection(documents, {}, {}), 2)
    [found] = bm25_search()(None, [Query("q", "cat")], docids)
    assert sorted(found) == [0, 1]


class Writer:
    """A model whose answers are characters; each next one is as probable as its weight says."""

    def __init__(self, weights):
        self.weights, self.prompts = weights, []

    def label_logits(self, prompts, labels):
        raise NotImplementedError

    def answer_tokens(self, text, *, end):
        return [*map(ord, text), *([0] if end else [])]

    def next_logprobs(self, prompt, heads, wanted):
        self.prompts.append(prompt)
        return [np.log([self.weights.get(chr(token), 0.5) for token in own]) for own in wanted]


def test_docids_given_as_tokens_are_taken_as_they_are():
    model = Writer({})
    own = partial(tokens, model, template="<{docid}>")
    assert own("a", end=True) == (60, 97, 62, 0)
    assert own("a", end=False) == (60, 97, 62)
    assert own((5, 6), end=True) == own((5, 6, 0), end=True) == (5, 6, 0)
    assert own((5, 6), end=False) == (5, 6)


def test_a_beam_finds_no_more_documents_than_it_is_wide_and_needs_ends():
    model = Writer({"a": 0.9, "b": 0.1})
    docids = Docids(["1", "2", "3"], ["a", "ab", "b"], Collection({}, {}, {}), 10)
    assert list(docid_beam(width=2)(model, [Query("q", "x")], docids)) == [[0, 2]]
    assert model.prompts[0].text + model.prompts[0].answer == "Query: x Document id: "
    with pytest.raises(UserError, match="begin those of number 1"):
        list(docid_beam(width=2, end=False)(model, [Query("q", "x")], docids))


def embedded(tmp_path, *methods, **settings):
    """Return the results of methods on the embedded collection."""
    choices = Choices(models=("lm-synonyms",), methods=methods, settings={"threads": 1, **settings})
    made = planning.make("synonyms-docids", choices)
    outcomes = list(local.run(made, Options(tmp_path / "out", Cache(None), True), lambda *_: None, lambda _: None))
    assert [str(o.error) for o in outcomes if o.error] == []
    return [o.result for o in outcomes]


def test_the_embedded_collection_scores_alike_in_any_batch_and_from_its_run(tmp_path, capsys):
    everything, beam, words = embedded(tmp_path, "docid-exhaustive", "docid-beam", "bm25-search")
    assert everything["metrics"]["nDCG@10"]["low"] > words["metrics"]["nDCG@10"]["high"]
    assert beam["metrics"]["Success(rel=2)@1"] == everything["metrics"]["Success(rel=2)@1"]
    folder = tmp_path / "out" / "synonyms-docids" / "synonyms-docids" / "lm-synonyms" / "docid-exhaustive"
    score(task="synonyms-docids", predictions=folder / "predictions", json=True)
    values = {row["metric"]: row["value"] for row in json.loads(capsys.readouterr().out)["rows"]}
    assert values == {name: own["value"] for name, own in everything["metrics"].items()}
    [again] = embedded(tmp_path, "docid-exhaustive", batch_size=3)
    assert again["metrics"] == everything["metrics"]
