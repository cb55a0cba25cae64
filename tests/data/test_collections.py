"""Text collections of every format: what they hold, what is counted, and errors that name file and line."""

import gzip
import json

import pytest

from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.data.collections.documents import Document
from zsbench.data.collections.judgements import read_qrels, read_run

DOCS = [("d1", "a cat"), ("d2", "a dog\twith a tab"), ("d3", "")]


def build(name, **options):
    return catalog.load_component("data", name)(**options)


def write(folder, **files):
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return {name.split("_")[0]: str(folder / name.replace("_", ".")) for name in files}


def test_tsv_keeps_tabs_and_empty_passages_and_leaves_other_splits_out(tmp_path):
    paths = write(
        tmp_path,
        collection_tsv="".join(f"{key}\t{text}\n" for key, text in DOCS[:2]) + "d3\n\n",
        queries_tsv="q1\tcat?\nq2\tdog?\nq3\tother split\n",
        qrels_tsv="q1\t0\td1\t1\nq2\t0\td2\t1\nq9\t0\td1\t1\n",
    )
    found = build("tsv", **paths)
    assert [(d.id, d.text) for d in found.documents.values()] == DOCS
    assert list(found.queries) == ["q1", "q2"]
    assert found.counts["documents without text"] == 1
    assert found.counts["judged queries without text"] == 1


def test_tsv_with_title_header_and_quotes(tmp_path):
    paths = write(
        tmp_path,
        collection_tsv='id\ttext\ttitle\n1\t"Aaron ""the"" priest"\tAaron\n2\tMoses\tMoses, "Mose"\n',
        queries_tsv="q\tx\n",
        qrels_tsv="q 0 1 1\n",
    )
    found = build("tsv", **paths, columns=["id", "text", "title"], header=True, quoted=True)
    assert found.documents["1"] == Document("1", 'Aaron "the" priest', "Aaron")
    assert found.documents["2"].title == 'Moses, "Mose"'


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"collection_tsv": "d1\ta\nd1\tb\n"}, "collection.tsv:2: line id 'd1' stands twice"),
        ({"queries_tsv": "q1\ta\nq1\tb\n"}, "queries.tsv:2: line id 'q1' stands twice"),
        ({"collection_tsv": "\tno id\n"}, "collection.tsv:1"),
        ({"qrels_tsv": "q1 0 d1 x\n"}, "qrels.tsv:1: grade 'x'"),
        ({"qrels_tsv": "q1 0 d1 0.5\n"}, "qrels.tsv:1: grade '0.5'"),
        ({"qrels_tsv": "q1 0 d1 1\nq1 0 d1 1\n"}, "qrels.tsv:2: query q1: judged document id 'd1' stands twice"),
        ({"qrels_tsv": "q7 0 d1 1\n"}, "no query has a judgement"),
    ],
)
def test_tsv_errors_name_file_and_line(files, message, tmp_path):
    good = {"collection_tsv": "d1\ta\n", "queries_tsv": "q1\tx\n", "qrels_tsv": "q1 0 d1 1\n"}
    with pytest.raises(UserError, match=r"expected|stands twice|no query") as error:
        build("tsv", **write(tmp_path, **{**good, **files}))
    assert message in str(error.value)


def test_grades_and_scores_as_people_write_them(tmp_path):
    (tmp_path / "q").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2.0\nq1\td2\t-1\n")
    assert read_qrels(tmp_path / "q") == {"q1": {"d1": 2, "d2": -1}}
    with gzip.open(tmp_path / "r.gz", "wt") as handle:
        handle.write("q1 Q0 d1 1 1e-3 tag\nq1\tQ0\td2\t2\t-5\n")
    assert read_run(tmp_path / "r.gz") == {"q1": {"d1": 0.001, "d2": -5.0}}
    (tmp_path / "r").write_text("q1 Q0 d1 1 2 x\n\nq1 Q0 d1 2 1 x\n")
    with pytest.raises(UserError, match="r:3: query q1: document id 'd1' stands twice"):
        read_run(tmp_path / "r")


@pytest.mark.parametrize("layout", ["folder", "separate"])
def test_hub_style_collections(layout, tmp_path):
    rows = {
        "corpus": [{"_id": "d1", "title": "T", "text": "a"}, {"_id": "d2", "title": "", "text": "b"}],
        "queries": [{"_id": "q1", "text": "x"}, {"_id": "q2", "text": "train only"}],
        "default": [{"query-id": "q1", "corpus-id": "d1", "score": 1.0}],
    }
    home = {"default": tmp_path / "judged"} if layout == "separate" else {}
    for config, found in rows.items():
        folder = home.get(config, tmp_path / "set") / config
        folder.mkdir(parents=True)
        name = "test.jsonl" if config == "default" else f"{config}.jsonl"
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in found))
    options = {"path": str(tmp_path / "set")} | ({"qrels_path": str(tmp_path / "judged")} if home else {})
    found = build("hf-collection", **options)
    assert list(found.documents.values()) == [Document("d1", "a", "T"), Document("d2", "b")]
    assert found.queries == {"q1": "x"}
    assert found.qrels == {"q1": {"d1": 1}}
    with pytest.raises(UserError, match="no split 'dev'"):
        build("hf-collection", **options, split="dev")


class Store:
    """An ir_datasets data set that counts what is read from it."""

    def __init__(self):
        self.read, self.passes = [], 0

    def __getattr__(self, name):
        if name.startswith("has_"):
            return lambda: True
        raise AttributeError(name)

    def docs_iter(self):
        self.passes += 1
        yield from (type("Row", (), {"doc_id": f"d{i}", "text": f"text {i}", "title": None}) for i in range(1000))

    def queries_iter(self):
        yield type("Row", (), {"query_id": "q1", "default_text": lambda self: "text 3"})()

    def qrels_iter(self):
        yield type("Row", (), {"query_id": "q1", "doc_id": "d3", "relevance": 1})
        yield type("Row", (), {"query_id": "q1", "doc_id": "gone", "relevance": 1})

    def scoreddocs_iter(self):
        for doc, score in [("d7", 1.0), ("d3", 2.0), ("d5", 1.0)]:
            yield type("Row", (), {"query_id": "q1", "doc_id": doc, "score": score})

    def docs_store(self):
        return self

    def get_many_iter(self, ids):
        self.read += ids
        wanted = set(ids)
        self.passes -= 1
        yield from (row for row in self.docs_iter() if row.doc_id in wanted)


@pytest.fixture
def store(monkeypatch):
    import ir_datasets

    found = Store()
    monkeypatch.setattr(ir_datasets, "load", lambda name: found)
    return found


def task_of(tmp_path, text):
    from zsbench.plan import planning

    (tmp_path / "t.yaml").write_text(f"type: rerank\ndescription: d\n{text}\n")
    return planning.make(str(tmp_path / "t.yaml")).jobs[0].build_task()


@pytest.mark.parametrize("stage", ["pool", "run"])
def test_candidates_that_are_named_are_read_one_by_one(stage, store, tmp_path):
    (tmp_path / "r.run").write_text("q1 Q0 d3 1 3 x\nq1 Q0 d7 2 2 x\nq1 Q0 d5 3 1 x\n")
    path = ", path: r.run" if stage == "run" else ""
    task = task_of(tmp_path, f"data: {{source: ir-datasets, id: x}}\ncandidates: {{stage: {stage}{path}, depth: 2}}")
    data = task.load(limit=None, seed=0)
    assert [d.id for d in data.items[0].documents] == ["d3", "d7"]
    assert data.items[0].documents[1].text == "text 7"
    assert sorted(set(store.read)) == ["d3", "d7", "gone"]
    assert store.passes == 0
    assert data.counts["judged documents not in the corpus"] == 1
    assert data.fingerprint == task.load(limit=None, seed=0).fingerprint


def test_a_first_stage_that_searches_reads_the_collection_once(store, tmp_path):
    data = task_of(tmp_path, "data: {source: ir-datasets, id: x}\ncandidates: {depth: 1}").load(limit=None, seed=0)
    assert [d.id for d in data.items[0].documents] == ["d3"]
    assert store.passes == 1


def test_a_pool_that_does_not_exist_is_an_error(tmp_path):
    for name, text in {
        "c.tsv": "d1\ta\n", "q.tsv": "q1\ta\n", "qrels": "q1 0 d1 1\n",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    block = "data: {source: tsv, collection: c.tsv, queries: q.tsv, qrels: qrels}\ncandidates: {stage: pool}"
    with pytest.raises(UserError, match="without a pool"):
        task_of(tmp_path, block).load(limit=None, seed=0)
