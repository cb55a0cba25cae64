"""Open-domain questions: both formats, passages on demand, every first stage, whole runs, scoring, what is refused."""

import gzip
import json

import pytest

from tests.tasks.test_rerank import BagOfWords
from tests.test_cli import zsbench
from zsbench.config import catalog
from zsbench.core import ties
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.collections.stored import Stored
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options
from zsbench.search import candidates as first_stage

PASSAGES = (
    'id\ttext\ttitle\n1\t"Aaron, ""the"" priest"\tCats\n2\tthe cat sat\tDogs\n3\tin 1912\tThe dog\n4\ta dog\tFish\n'
)
CSV = "who\u2019s a priest?\t['priest', \"the priest's\"]\n\"a \"\"cat\"\" or a dog?\"\t['', 'Dog', ' ']\nwhich year?\t['12']\nwhat?\t['']\n"
RUN = "0 Q0 2 1 9 x\n0 Q0 1 2 8 x\n1 Q0 3 1 9 x\n1 Q0 4 2 8 x\n2 Q0 3 1 1 x\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p.tsv").write_text(PASSAGES)
    (tmp_path / "q.csv").write_text(CSV)
    (tmp_path / "r.run").write_text(RUN)
    return tmp_path


def write_task(folder, extra="", data="{source: question-answers, questions: q.csv, passages: p.tsv}"):
    text = (
        f"type: open-domain-qa\ndescription: d\ndata: {data}\nmetrics: [answer-hit@1, answer-hit@2, P_n@2]\n{extra}\n"
    )
    (folder / "t.yaml").write_text(text)
    return str(folder / "t.yaml")


def results(folder, extra="", **options):
    made = planning.make(write_task(folder, extra, **options))
    outcomes = list(local.run(made, Options(folder / "out", Cache(None), True), lambda *_: None, print))
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    return outcomes[0].result


def values(result):
    return {name: score["value"] for name, score in result["metrics"].items()}


RUN_STAGE = "candidates: {stage: run, path: r.run}"


def test_dprs_files_are_read_and_counted(folder):
    found = catalog.load_component("data", "question-answers")(
        questions=str(folder / "q.csv"), passages=str(folder / "p.tsv")
    )
    assert list(found.collection.queries.items()) == [
        ("0", "who's a priest?"),
        ("1", 'a "cat" or a dog?'),
        ("2", "which year?"),
        ("3", "what?"),
    ]
    assert found.answers == {"0": ("priest", "the priest's"), "1": ("Dog",), "2": ("12",), "3": ()}
    assert found.collection.counts == {"empty answers dropped": 3, "questions without an answer": 1}
    assert found.collection.documents["1"].text == 'Aaron, "the" priest'


def test_a_run_is_judged_by_the_texts_of_its_passages(folder):
    result = results(folder, RUN_STAGE)
    # 0: passage 1 at rank 2. 1: "dog" is in the title of 3, which is not searched, and in 4. 2: "12" is not in 1912.
    assert values(result) == {"answer-hit@1": 0, "answer-hit@2": 2 / 4, "P_n@2": 1 / 4}
    # The fourth question has no answer that a passage could hold: it counts, as in the papers' denominator.
    assert result["metrics"]["answer-hit@2"]["n"] == 4
    assert result["counts"] == {
        "empty answers dropped": 3,
        "questions without an answer": 1,
        "queries without candidates": 1,
    }
    assert result["protocol"] == "run top 2"


def test_jsonl_compressed_or_not_gives_the_same(folder):
    rows = [
        {"id": 0, "question": "who’s a priest?", "answers": ["priest", "the priest's"]},
        {"id": "1", "question": 'a "cat" or a dog?', "answers": ["", "Dog", " "]},
        {"id": "2", "question": "which year?", "answers": ["12"]},
        {"id": "3", "question": "what?", "answers": [""]},
    ]
    with gzip.open(folder / "q.jsonl.gz", "wt") as handle:
        handle.writelines(json.dumps(row) + "\n" for row in rows)
    texts = {
        "1": ('Aaron, "the" priest', "Cats"),
        "2": ("the cat sat", "Dogs"),
        "3": ("in 1912", "The dog"),
        "4": ("a dog", "Fish"),
    }
    with gzip.open(folder / "p.jsonl.gz", "wt") as handle:
        handle.writelines(json.dumps({"_id": key, "text": t, "title": n}) + "\n" for key, (t, n) in texts.items())
    data = "{source: question-answers, questions: q.jsonl.gz, passages: p.jsonl.gz}"
    assert values(results(folder, RUN_STAGE, data=data)) == values(results(folder, RUN_STAGE))


def test_a_run_reads_its_own_passages_only(folder, monkeypatch):
    monkeypatch.setattr(Stored, "_loaded", lambda self: pytest.fail("all passages were read"))
    assert results(folder, RUN_STAGE)["metrics"]["answer-hit@2"]["value"] == 2 / 4


def test_first_stages_search_all_passages(folder, monkeypatch):
    def candidates(stage):
        task = planning.make(write_task(folder, f"candidates: {stage}")).jobs[0].build_task()
        return {item.id: [d.id for d in item.documents] for item in task.load(limit=None, seed=0).items}

    # "a" is in the shortest passage, "priest" in a longer one; "12" is in none.
    assert candidates("{stage: bm25, depth: 1}") == {"0": ["4"], "1": ["4"], "2": [], "3": []}

    class Block:
        build = staticmethod(BagOfWords)

    monkeypatch.setattr(first_stage, "named", lambda *_, **__: (Block, []))
    (folder / "q.csv").write_text("cat\t['cat']\ndog\t['dog']\n")
    # Titles are searched with the texts; equal scores are ordered by a hash of the ids: 1, 3 and 4 have none of "cat".
    found = candidates("{stage: dense, model: bag, depth: 4}")
    assert found["0"] == ["2", *ties.in_any_order("134")]
    assert found["1"] == [*ties.in_any_order("34"), *ties.in_any_order("12")]


def test_absent_questions_count_as_missed_or_are_skipped(folder):
    (folder / "r.run").write_text(RUN.split("1 Q0 3")[0])
    assert results(folder, RUN_STAGE)["metrics"]["answer-hit@2"]["value"] == pytest.approx(1 / 4)
    skipped = results(folder, RUN_STAGE + "\nmissing: skip")
    assert skipped["metrics"]["answer-hit@2"]["value"] == 1
    assert skipped["metrics"]["answer-hit@2"]["n"] == 1
    assert skipped["protocol"] == "run top 2, absent questions skipped"


def test_scoring_a_run_gives_the_numbers_of_the_run_and_needs_the_texts(folder):
    task = write_task(folder, RUN_STAGE)
    assert zsbench("eval", task, "--out", "runs", cwd=folder).returncode == 0
    [predictions] = (folder / "runs").rglob("predictions")
    for given in (predictions, folder / "r.run"):
        done = zsbench("score", task, "--predictions", str(given), "--json", cwd=folder)
        assert done.returncode == 0, done.stderr
        found = {row["metric"]: row["value"] for row in json.loads(done.stdout)["rows"]}
        assert found == values(results(folder, RUN_STAGE))
    (folder / "r.run").write_text(RUN.replace("0 Q0 2", "0 Q0 999"))
    done = zsbench("score", task, "--predictions", "r.run", cwd=folder)
    assert done.returncode == 3
    assert "passage '999' is not in the collection" in done.stderr
    done = zsbench("score", "open-domain-qa", "--predictions", "r.run", "--gold", "q.csv", cwd=folder)
    assert done.returncode == 2
    assert "answers alone judge no run" in done.stderr


def test_the_embedded_questions_are_answered_better_by_models_than_by_chance(tmp_path):
    made = planning.make("papers/ar2", Choices(embedded=True, settings={"limit": 30, "resamples": 200}))
    outcomes = local.run(made, Options(tmp_path, Cache(None)), lambda *_: None, lambda _: None)
    rows = {outcome.result["method"]: outcome.result["metrics"]["answer-hit@5"] for outcome in outcomes}
    for method in ("icr", "pointwise", "dense"):
        assert rows[method]["value"] > rows["random-order"]["high"], method


BAD = {
    "q.csv:1: answers .*expected a list as Python writes it": "q?\t[open('x')]\n",
    "q.csv:2: answers .*expected a list as Python writes it": "q?\t['a']\nq?\t'a'\n",
    "q.csv:1: 1 column": "q?\n",
    "q.csv:1: answer 7.*expected a text": "q?\t[7]\n",
    "q.csv: no questions": "\n",
}


@pytest.mark.parametrize("message", BAD)
def test_bad_questions_are_named(message, folder):
    (folder / "q.csv").write_text(BAD[message])
    with pytest.raises(UserError, match=message):
        results(folder, RUN_STAGE)


BAD_LINES = {
    "q.jsonl:1: key 'id' is missing": {"question": "q", "answers": []},
    "q.jsonl:1: key 'answers' is 'a'": {"id": "1", "question": "q", "answers": "a"},
    "q.jsonl:1: answer None": {"id": "1", "question": "q", "answers": [None]},
    "id 'a b'.*without blanks": {"id": "a b", "question": "q", "answers": ["x"]},
}


@pytest.mark.parametrize("message", BAD_LINES)
def test_bad_lines_are_named(message, folder):
    (folder / "q.jsonl").write_text(json.dumps(BAD_LINES[message]))
    with pytest.raises(UserError, match=message):
        results(folder, RUN_STAGE, data="{source: question-answers, questions: q.jsonl, passages: p.tsv}")


def test_a_passage_that_stands_twice_is_refused_when_all_are_read(folder):
    (folder / "p.tsv").write_text(PASSAGES + "4\tagain\tFish\n")
    with pytest.raises(UserError, match=r"p.tsv:6: passage id '4' stands twice"):
        results(folder, "candidates: {stage: bm25}")


def test_a_registered_collection_brings_passages_and_answers(monkeypatch, folder):
    import ir_datasets

    class Row:
        def __init__(self, **fields):
            self.__dict__.update(fields)

    class Dataset:
        has_docs = has_queries = staticmethod(lambda: True)
        docs_iter = staticmethod(lambda: iter([Row(doc_id="1", text="a priest", title="Aaron")]))
        queries_iter = staticmethod(lambda: iter([Row(query_id="7", text="who?", answers=("priest",))]))

        @staticmethod
        def docs_store():
            return Row(get_many_iter=lambda ids: (row for row in Dataset.docs_iter() if row.doc_id in ids))

    monkeypatch.setattr(ir_datasets, "load", lambda name: Dataset)
    result = results(folder, "candidates: {stage: bm25}", data="{source: ir-datasets-answers, id: x}")
    assert result["counts"] == {"queries without candidates": 1}
    found = catalog.load_component("data", "ir-datasets-answers")(id="x", questions=str(folder / "q.csv"))
    assert found.answers["1"] == ("Dog",)
    assert found.collection.documents["1"].passage == "Aaron a priest"
    Dataset.queries_iter = staticmethod(lambda: iter([Row(query_id="7", text="who?")]))
    with pytest.raises(UserError, match="have no answers"):
        catalog.load_component("data", "ir-datasets-answers")(id="x")
