"""Function localisation: a pool for each issue, both layouts, every first stage, whole runs, scoring, what is refused."""

import json

import pytest

from tests.tasks.test_rerank import BagOfWords
from tests.test_cli import zsbench
from zsbench.config import catalog
from zsbench.config.paths import ASSETS
from zsbench.core import ties
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.collections import issues
from zsbench.engine import local
from zsbench.metrics.rankings.localisation import Changed
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options
from zsbench.search import candidates as first_stage
from zsbench.tasks.rerank.function_localisation import Task

# Both repositories have a function of one name, with other texts.
ROWS = [
    {
        "id": "one",
        "query": "the cat is lost",
        "candidates": [
            {"id": "a.py/f", "text": "dog"},
            {"id": "a.py/C/g", "text": "fish"},
            {"id": "b.py/h", "text": "cat"},
        ],
        "gold": ["b.py/h"],
    },
    {
        "id": "two",
        "query": "no fish for the bird",
        "candidates": [
            {"id": "c.py/f", "text": "cat"},
            {"id": "a.py/f", "text": "fish bird"},
            {"id": "b.py/h", "text": "bird"},
        ],
        "gold": ["a.py/f", "b.py/h"],
    },
    {"id": "three", "query": "only new code", "candidates": [{"id": "a.py/f", "text": "dog"}], "gold": []},
]
METRICS = "[localisation-acc@1, localisation-acc@2, localisation-acc(level=file)@1]"


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, ROWS)
    for row in ROWS:
        own = tmp_path / "data" / f"swe_{row['id']}"
        (own / "qrels").mkdir(parents=True)
        texts = [{"_id": c["id"], "title": "", "text": c["text"]} for c in row["candidates"]]
        (own / "corpus.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
        (own / "queries.jsonl").write_text(json.dumps({"_id": row["id"], "text": row["query"]}))
        judged = "".join(f"{row['id']}\t{name}\t1\n" for name in row["gold"])
        (own / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    (tmp_path / "data" / "other_four").mkdir()
    return tmp_path


def write(folder, rows):
    (folder / "i.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_task(folder, extra="", data="{source: issue-functions, path: i.jsonl}"):
    text = f"type: function-localisation\ndescription: d\ndata: {data}\nmetrics: {METRICS}\n{extra}\n"
    (folder / "t.yaml").write_text(text)
    return str(folder / "t.yaml")


def result(folder, method, extra="", **options):
    made = planning.make(write_task(folder, extra, **options), Choices(methods=(method,)))
    [outcome] = local.run(made, Options(folder / "out", Cache(None), True), lambda *_: None, print)
    if outcome.error:
        raise outcome.error
    return outcome.result


def values(found):
    return [score["value"] for score in found["metrics"].values()]


def candidates(folder, extra):
    data = planning.make(write_task(folder, extra)).jobs[0].build_task().load(limit=None, seed=0)
    return {item.id: [d.id for d in item.documents] for item in data.items}


FOLDERS = "{source: issue-folders, path: data, prefix: swe_}"


@pytest.mark.parametrize("data", ["{source: issue-functions, path: i.jsonl}", FOLDERS])
def test_methods_order_the_functions_of_each_repository(data, folder):
    # As listed, the one gold function of `one` is last, and those of `two` are second and third: that means nothing.
    pools = result(folder, "first-stage", data=data)
    first = [ties.in_any_order([c["id"] for c in row["candidates"]], row["id"])[0] for row in ROWS[:2]]
    assert values(pools)[0] == (first[0] == "b.py/h") / 2
    assert pools["counts"] == {"instances without gold left out": 1}
    assert pools["protocol"] == "all functions"
    assert pools["n_items"] == 2
    # The statistics of BM25 are those of the instance: in `two`, "fish" and "bird" are found in its own a.py/f.
    assert values(result(folder, "bm25", data=data)) == [0.5, 1, 0.5]


def test_the_layouts_hold_the_same(folder):
    lines = catalog.load_component("data", "issue-functions")(path=str(folder / "i.jsonl"))
    folders = catalog.load_component("data", "issue-folders")(path=str(folder / "data"), prefix="swe_")
    assert lines.counts == folders.counts
    assert sorted(lines.issues, key=lambda i: i.id) == sorted(folders.issues, key=lambda i: i.id)


def test_candidates_are_all_functions_or_the_best_of_a_stage(folder, monkeypatch):
    listed = {row["id"]: [c["id"] for c in row["candidates"]] for row in ROWS if row["gold"]}
    everything = {key: ties.in_any_order(own, key) for key, own in listed.items()}
    assert candidates(folder, "") == candidates(folder, "candidates: {stage: pool}") == everything
    assert candidates(folder, "candidates: {depth: 2}") == {key: own[:2] for key, own in everything.items()}
    assert candidates(folder, "candidates: {stage: bm25}") == {"one": ["b.py/h"], "two": ["a.py/f", "b.py/h"]}
    shuffled = candidates(folder, "candidates: {shuffle: true}")
    assert {key: sorted(own) for key, own in shuffled.items()} == {k: sorted(v) for k, v in everything.items()}
    (folder / "r.run").write_text("one Q0 b.py/h 1 2 x\none Q0 a.py/f 2 1 x\n")
    run = candidates(folder, "candidates: {stage: run, path: r.run}")
    assert run == {"one": ["b.py/h", "a.py/f"], "two": []}
    loads = []

    class Block:
        build = staticmethod(lambda: loads.append(1) or BagOfWords())

    monkeypatch.setattr(first_stage, "named", lambda *_, **__: (Block, []))
    dense = candidates(folder, "candidates: {stage: dense, model: bag, depth: 1}")
    assert dense == {"one": ["b.py/h"], "two": ["a.py/f"]}
    assert loads == [1]


def test_a_method_with_a_memory_does_not_mix_repositories(folder):
    from zsbench.methods.rerank.dense import dense

    job = planning.make(write_task(folder)).jobs[0]
    task = Task(job.task, job.source)
    data = task.load(limit=None, seed=0)
    rank, model = dense(), BagOfWords()
    orders = [rank(model, item, task.collection(data, item)) for item in data.items]
    # a.py/f is about dogs in `one` and about fish and birds in `two`.
    assert [item.documents[order[0]].id for item, order in zip(data.items, orders, strict=True)] == ["b.py/h", "a.py/f"]


def test_an_instance_without_prediction_counts_as_missed_or_is_skipped(folder):
    (folder / "r.run").write_text("two Q0 b.py/h 1 2 x\ntwo Q0 a.py/f 2 1 x\n")
    found = result(folder, "first-stage", "candidates: {stage: run, path: r.run}")
    assert values(found) == [0, 0.5, 0]
    assert found["counts"]["queries without candidates"] == 1
    found = result(folder, "first-stage", "candidates: {stage: run, path: r.run}\nmissing: skip")
    assert values(found) == [0, 1, 0]
    assert found["protocol"] == "run top 2, absent instances skipped"


def test_a_fix_may_touch_more_files_than_those_of_its_functions(folder):
    write(folder, [{**ROWS[0], "gold_files": ["b.py", "setup.py"]}])
    assert values(result(folder, "bm25")) == [1, 1, 0]
    assert issues.changed(["b.py/h"]) == Changed(frozenset({"b.py/h"}), frozenset({"b.py"}))


def test_gold_that_is_no_candidate_is_counted_and_cannot_be_found(folder):
    write(folder, [{**ROWS[0], "gold": ["b.py/h", "z.py/new"]}])
    found = result(folder, "bm25")
    assert values(found) == [0, 0, 0]
    # Two of the three functions share no word with the issue.
    assert found["counts"] == {"gold functions not among candidates": 1, "queries with candidates of equal score": 1}


def test_scoring_a_run_gives_the_numbers_of_the_run(tmp_path):
    done = zsbench("eval", "zsbench-issues", "--method", "bm25", "--method", "random-order", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found, chance = json.loads(done.stdout)["suites"][0]["results"]
    assert found["metrics"]["localisation-acc@1"]["low"] > chance["metrics"]["localisation-acc@1"]["high"]
    [predictions] = (tmp_path / "runs").rglob("bm25/predictions")
    gold = ASSETS / "data" / "zsbench-issues" / "issues.jsonl"
    whole = ["score", "zsbench-issues", "--predictions", str(predictions), "--json"]
    bare = ["score", "function-localisation", "--gold", str(gold), "--predictions", str(predictions), "--json"]
    for command in (whole, [*bare, "--metric", "localisation-acc@1"]):
        judged = zsbench(*command, cwd=tmp_path)
        rows = {row["metric"]: row["value"] for row in json.loads(judged.stdout)["rows"]}
        assert rows == {name: found["metrics"][name]["value"] for name in rows}, judged.stderr
    assert set(rows) == {"localisation-acc@1"}


BAD = {
    r"i.jsonl:1: key 'query' is missing": {"query": None},
    r"i.jsonl:1: candidate \{'id': 'x'\}.*expected": {"candidates": [{"id": "x"}]},
    r"i.jsonl:1: candidate id 'x' stands twice": {"candidates": [{"id": "x", "text": ""}] * 2},
    r"i.jsonl:1: key 'gold' is \[1\]": {"gold": [1]},
    r"i.jsonl:1: key 'gold_files' is 'b.py'": {"gold_files": "b.py"},
    r"no instance whose gold names a function": {"gold": []},
    r"id 'my file.py/f'.*without blanks": {"candidates": [{"id": "my file.py/f", "text": ""}]},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_issues_are_named(message, folder):
    write(folder, [{key: value for key, value in {**ROWS[0], **BAD[message]}.items() if value is not None}])
    with pytest.raises(UserError, match=message):
        result(folder, "first-stage")


def test_an_issue_that_stands_twice_and_folders_that_are_none_are_refused(folder):
    write(folder, [ROWS[0], ROWS[0]])
    with pytest.raises(UserError, match="item id 'one' stands twice"):
        result(folder, "first-stage")
    for path, prefix, message in (("data", "no", r"no folders 'no\*'"), ("none", "", "none: no such folder")):
        with pytest.raises(UserError, match=message):
            catalog.load_component("data", "issue-folders")(path=str(folder / path), prefix=prefix)
    queries = folder / "data" / "swe_one" / "queries.jsonl"
    queries.write_text(queries.read_text() + "\n" + json.dumps({"_id": "more", "text": "x"}))
    judged = folder / "data" / "swe_one" / "qrels" / "test.tsv"
    judged.write_text(judged.read_text() + "more\tb.py/h\t1\n")
    with pytest.raises(UserError, match="2 judged queries"):
        result(folder, "first-stage", data=FOLDERS)
