"""The keys of a rerank task: first stages, titles, relevance level, absent queries, the shuffled control."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.data.collections.documents import RankItem
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options
from zsbench.search import candidates, dense
from zsbench.tasks.formats.trec_run import tag

WORDS = ["cat", "dog", "fish", "bird"]


class BagOfWords:
    """A text encoder whose vectors count four words."""

    fingerprint, device, dtype = "bag", "cpu", "float32"

    def __init__(self):
        self.encoded = 0

    def encode_queries(self, texts):
        return np.array([[text.split().count(word) for word in WORDS] for text in texts], np.float32)

    def encode_documents(self, texts):
        self.encoded += len(texts)
        return self.encode_queries(texts)


@pytest.fixture
def collection(tmp_path):
    folder = tmp_path / "c"
    (folder / "qrels").mkdir(parents=True)
    texts = {"d1": ("cat", "cat fish"), "d2": ("", "dog"), "d3": ("", "cat dog"), "q1": ("", "cat cat cat cat")}
    rows = [{"_id": key, "title": title, "text": text} for key, (title, text) in texts.items()]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries = [{"_id": "q1", "text": "cat"}, {"_id": "q2", "text": "dog"}, {"_id": "q3", "text": "bird"}]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t2\nq1\td3\t1\nq2\td2\t1\nq3\td1\t1\n")
    return tmp_path


def write_task(folder, extra):
    text = f"type: rerank\ndescription: d\ndata: {{source: beir, path: c}}\n{extra}\n"
    (folder / "t.yaml").write_text(text)
    return str(folder / "t.yaml")


def result(folder, extra="", cache=None):
    outcomes = local.run(
        planning.make(write_task(folder, extra)),
        Options(folder / "out", cache or Cache(None), True),
        lambda *_: None,
        print,
    )
    [outcome] = outcomes
    if outcome.error:
        raise outcome.error
    return outcome.result


def load(folder, extra, **options):
    return planning.make(write_task(folder, extra)).jobs[0].build_task().load(limit=None, seed=0, **options)


def ids(data):
    return {item.id: [d.id for d in item.documents] for item in data.items}


@pytest.fixture
def encoder(monkeypatch):
    found = BagOfWords()

    class Block:
        build = staticmethod(lambda: found)

    monkeypatch.setattr(candidates, "named", lambda *_, **__: (Block, []))
    return found


DENSE = "candidates: {stage: dense, model: bag}"


def test_dense_candidates_and_a_corpus_that_is_encoded_once(collection, encoder, tmp_path):
    assert ids(load(collection, DENSE))["q1"] == ["q1", "d1", "d3", "d2"]
    encoder.encoded = 0
    cache = Cache(tmp_path / "kept")
    first = result(collection, DENSE, cache)
    assert encoder.encoded == 4
    assert result(collection, DENSE + "\nmetrics: [MAP]", cache)["data_fingerprint"] == first["data_fingerprint"]
    assert encoder.encoded == 4
    assert first["protocol"] == "dense bag top 100"


def test_dense_needs_a_model_that_encodes_texts(collection):
    with pytest.raises(UserError, match="lacks 'model'"):
        load(collection, "candidates: {stage: dense}")
    with pytest.raises(UserError, match="offering TextEncoder"):
        load(collection, "candidates: {stage: dense, model: lm-synonyms}")
    with pytest.raises(UserError, match="did you mean 'lm-synonyms'"):
        load(collection, "candidates: {stage: dense, model: lm-synonims}")


@settings(max_examples=25)
@given(seed=st.integers(0, 2**16), n=st.integers(1, 40), depth=st.integers(1, 45), block=st.integers(1, 17))
def test_search_in_blocks_is_a_stable_sort(seed, n, depth, block):
    rng = np.random.default_rng(seed)
    documents, queries = rng.integers(-2, 3, (n, 3)), rng.integers(-2, 3, (4, 3))

    class Fixed(BagOfWords):
        encode_queries = staticmethod(lambda texts: np.float32([queries[int(t)] for t in texts]))
        encode_documents = staticmethod(lambda texts: np.float32([documents[int(t)] for t in texts]))

    before, dense.BLOCK = dense.BLOCK, block
    try:
        found = dense.search(Fixed(), list("0123"), [str(i) for i in range(n)], depth=depth, cache=Cache(None))
    finally:
        dense.BLOCK = before
    scores = queries @ documents.T
    assert found == [np.argsort(-row, kind="stable")[:depth].tolist() for row in scores]


def test_a_dense_search_may_leave_out_the_titles_that_methods_see(collection, encoder):
    # d1 is "cat fish" under the title "cat", d3 is "cat dog": without titles the query "cat" cannot tell them apart.
    two = DENSE.replace("bag", "bag, depth: 2")
    without = load(collection, two.replace("bag", "bag, title: drop"))
    tied = "queries with ties where candidates are cut"
    assert without.counts[tied] == load(collection, two).counts.get(tied, 0) + 1
    documents = load(collection, DENSE.replace("bag", "bag, title: drop")).items[0].documents
    assert {document.title for document in documents if document.id == "d1"} == {"cat"}


def test_faiss_agrees_where_it_is_installed(collection, encoder):
    pytest.importorskip("faiss")
    exact = ids(load(collection, DENSE))
    assert ids(load(collection, DENSE.replace("bag", "bag, index: faiss")))["q1"][:2] == exact["q1"][:2]


def test_a_vector_that_is_nan_is_refused(collection, encoder, monkeypatch):
    monkeypatch.setattr(encoder, "fingerprint", "broken")
    monkeypatch.setattr(encoder, "encode_documents", lambda texts: np.full((len(texts), 4), np.nan, np.float32))
    with pytest.raises(ValueError, match="NaN or infinite"):
        load(collection, DENSE)


def test_the_query_itself_is_dropped_and_the_list_stays_full(collection):
    assert ids(load(collection, "candidates: {depth: 2}"))["q1"] == ["q1", "d1"]
    assert ids(load(collection, "candidates: {depth: 2}\ndrop_query_id: true"))["q1"] == ["d1", "d3"]


@pytest.mark.parametrize(
    ("policy", "document"), [("keep", ("cat", "cat fish")), ("join", ("", "cat cat fish")), ("drop", ("", "cat fish"))]
)
def test_titles(policy, document, collection):
    data = load(collection, f"title: {policy}")
    found = next(d for d in data.items[0].documents if d.id == "d1")
    assert (found.title, found.text) == document
    assert data.context.documents["d1"] == found


def test_the_relevance_level_is_written_into_the_names(collection):
    extra = "relevance_level: 2\nmetrics: [nDCG@10, MAP, MRR@10, Recall(rel=1)@5]"
    found = result(collection, extra)["metrics"]
    assert list(found) == ["nDCG@10", "MAP(rel=2)", "MRR(rel=2)@10", "Recall@5"]
    # q1 has one document of grade 2, second after the query's own; q2 and q3 have none and stay in the mean.
    assert found["MAP(rel=2)"]["value"] == pytest.approx(0.5 / 3)


def test_absent_queries_score_zero_or_are_left_out_and_are_counted(collection):
    zero = result(collection, "metrics: [MRR]")
    assert zero["counts"]["queries without candidates"] == 1
    assert zero["metrics"]["MRR"]["n"] == 3
    skip = result(collection, "metrics: [MRR]\nmissing: skip")
    assert skip["metrics"]["MRR"]["n"] == 2
    assert skip["metrics"]["MRR"]["value"] == pytest.approx(zero["metrics"]["MRR"]["value"] * 3 / 2)
    assert "absent queries skipped" in skip["protocol"]


def test_the_shuffled_control_keeps_the_documents_and_depends_on_the_seed_only(collection):
    plain, shuffled = load(collection, ""), load(collection, "candidates: {shuffle: true}")
    assert ids(shuffled) == ids(load(collection, "candidates: {shuffle: true}"))
    assert {k: sorted(v) for k, v in ids(shuffled).items()} == {k: sorted(v) for k, v in ids(plain).items()}


def test_a_dense_first_stage_costs_something_and_joins_the_cost_of_the_method(collection, encoder, monkeypatch):
    def encode_documents(texts):
        encoder.cost.forward_passes += 1
        encoder.cost.tokens += len(texts)
        return encoder.encode_queries(texts)

    encoder.cost = Cost()
    monkeypatch.setattr(encoder, "encode_documents", encode_documents)
    found = result(collection, DENSE)
    assert (found["cost"]["forward_passes"], found["cost"]["tokens"]) == (1, 4)
    assert result(collection)["cost"]["forward_passes"] == 0


def test_candidates_outside_the_corpus_are_an_error_or_left_out_and_counted(collection):
    lines = ["q1 Q0 d9 1 3 x", "q1 Q0 d1 2 2 x", "q2 Q0 d8 1 1 x", "q7 Q0 d1 1 1 x"]
    (collection / "r.run").write_text("".join(line + "\n" for line in lines))
    own = "candidates: {stage: run, path: r.run%s}"
    with pytest.raises(
        UserError, match=r"r\.run: query q1: candidate 'd9' is not in the corpus; .*outside_corpus: skip"
    ):
        load(collection, own % "")
    data = load(collection, own % ", outside_corpus: skip")
    assert ids(data) == {"q1": ["d1"], "q2": [], "q3": []}
    assert data.counts["candidates not in the corpus left out"] == 2
    assert data.counts["queries without candidates"] == 2
    assert data.counts["queries of the run without text"] == 1


def test_an_empty_query_ends_no_run_and_is_counted(collection):
    queries = [{"_id": "q1", "text": " "}, {"_id": "q2", "text": "dog"}]
    (collection / "c" / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    (collection / "r.run").write_text("q1 Q0 d1 1 2 x\nq1 Q0 d3 2 1 x\nq2 Q0 d2 1 1 x\n")
    extra = "candidates: {stage: run, path: r.run}\nmetrics: [MRR, 'Recall@100']\n"
    choices = Choices(models=("lm-synonyms",), methods=("query-likelihood", "icr", "bm25"))
    made = planning.make(write_task(collection, extra), choices)
    outcomes = list(local.run(made, Options(collection / "out", Cache(None), True), lambda *_: None, print))
    assert [str(outcome.error) for outcome in outcomes if outcome.error] == []
    for outcome in outcomes:
        assert outcome.result["counts"]["queries with an empty text"] == 1
    likelihood = next(o.result for o in outcomes if o.result["method"] == "query-likelihood")
    assert likelihood["counts"]["queries with candidates of equal score"] == 1


def test_metrics_that_look_beyond_the_lists_are_noted(collection):
    extra = "candidates: {depth: 2}\nmetrics: [Recall@2, Recall@3, MAP]"
    assert result(collection, extra)["notes"]["metrics that look beyond the lists"] == ["Recall@3"]
    assert "metrics that look beyond the lists" not in result(collection, "metrics: [Recall@2]")["notes"]


def test_a_run_carries_the_methods_name_and_ranks_of_any_length(collection, tmp_path):
    made = planning.make(write_task(collection, ""), Choices(methods=("bm25",)))
    list(local.run(made, Options(collection / "out", Cache(None), True), lambda *_: None, print))
    [run] = (collection / "out").rglob("*.run")
    assert {line.split()[-1] for line in run.read_text().splitlines()} == {"bm25"}
    task = made.jobs[0].build_task()
    ranking = {f"d{i}": float(1_234_567 - i) for i in range(3)}
    task.format.write(tmp_path / "long.run", [RankItem("q", "", ())], [ranking])
    assert task.format.read(tmp_path / "long.run", [RankItem("q", "", ())]) == {"q": ranking}
    assert [tag(name) for name in ("a b", " ", "x")] == ["a-b", "zsbench", "x"]


@pytest.mark.parametrize("text", ["q1\nq9\n", '["q1", "q9"]'])
def test_queries_that_a_prompt_showed_are_left_out_and_said(collection, text):
    (collection / "shown.txt").write_text(text)
    whole, found = result(collection), result(collection, "without: shown.txt")
    assert (whole["n_items"], found["n_items"]) == (3, 2)
    assert found["protocol"] == f"{whole['protocol']}, without the queries of shown.txt"
    assert found["counts"]["queries left out, as shown.txt says"] == 1
    assert found["counts"]["ids of shown.txt that no query has"] == 1
    # q2 finds its document at once, q3 nothing; q1 would have counted, too.
    assert [one["metrics"]["nDCG@10"]["n"] for one in (whole, found)] == [3, 2]
    assert found["metrics"]["nDCG@10"]["value"] == pytest.approx(0.5)
    task = planning.make(write_task(collection, "without: shown.txt")).jobs[0].build_task()
    assert str(collection / "shown.txt") in task.files()
    # A sample is one of what is left.
    assert {item.id for item in task.load(limit=2, seed=0).items} == {"q2", "q3"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q8\nq9\n", r"shown\.txt: 0 of its 2 ids are among the 3 queries; expected ids of queries, such as 'q1'"),
        ("q1\nq2\nq3\n", r"shown\.txt: 3 of its 3 ids are among the 3 queries"),
    ],
)
def test_ids_of_other_queries_and_of_all_are_refused(collection, text, message):
    (collection / "shown.txt").write_text(text)
    with pytest.raises(UserError, match=message):
        load(collection, "without: shown.txt")
