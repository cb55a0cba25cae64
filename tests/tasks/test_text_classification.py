"""Texts end to end: formats, keywords, metrics of single classes, and bad input with its place."""

import json

import numpy as np
import pytest

from zsbench.config.schema import Settings
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run import given, judge
from zsbench.run.runner import Options

TEXTS = {"a1": ("the cat", "cats"), "a2": ("a dog", "dogs"), "a3": ("cat and cat", "cats"), "a4": ("dog dog", "dogs")}
WORDS = {"cat": [1.0, 0], "dog": [0, 1.0], "cats": [0.9, 0.1], "dogs": [0.2, 0.8]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Four texts, and vectors of them and of all words."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, [{"id": key, "text": text, "label": label} for key, (text, label) in TEXTS.items()])
    vectors = {text: [1.0, 0.1] if "cat" in text else [0.1, 1.0] for text, _ in TEXTS.values()} | WORDS
    np.savez(tmp_path / "v.npz", texts=list(vectors), text_features=np.array(list(vectors.values()), dtype=np.float32))
    return tmp_path


def write(folder, rows):
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def planned(folder, method="similarity", data=None, **keys):
    data = {"source": "text-table", "path": "t.jsonl", **(data or {})}
    task = {"type": "text-classification", "description": "d", "data": data, **keys}
    task = {"keywords": {"cats": ["cat"], "dogs": ["dog"]}, **task}
    (folder / "task.yaml").write_text(
        json.dumps({key: value for key, value in task.items() if value is not None}, indent=1)
    )
    model = {"adapter": "text-vectors", "queries": "v.npz", "documents": "v.npz"}
    suite = {"runs": [{"tasks": "task.yaml", "models": model, "methods": method}]}
    (folder / "s.yaml").write_text(json.dumps(suite))
    return planning.make("s.yaml", Choices(settings={"resamples": 100}))


def run(folder, **given):
    [outcome] = local.run(
        planned(folder, **given), Options(folder / "out", Cache(None)), lambda *_: None, lambda _: None
    )
    if outcome.error:
        raise outcome.error
    return outcome.result


def values(result):
    return {name: score["value"] for name, score in result["metrics"].items()}


def test_scores_over_all_and_single_classes(folder):
    found = values(run(folder, metrics=["F1-over-all-classes", "acc", "class-recall(label=*)"]))
    assert found == {
        "F1-over-all-classes": 1.0,
        "acc@1": 1.0,
        "class-recall(label=cats)": 1.0,
        "class-recall(label=dogs)": 1.0,
    }


def test_a_rule_over_the_corpus_says_what_defines_its_classes(folder):
    result = run(folder, method={"name": "lbl2transformervec", "similarity_threshold": 0.5})
    assert result["notes"]["documents per class"] == {"cats": 2, "dogs": 2}
    assert result["method_kind"] == "transductive"
    assert values(result) == {"F1-over-all-classes": 1.0, "acc@1": 1.0}


def test_a_table_with_a_header_reads_as_json_lines_do(folder):
    rows = "id,title,body,label\n" + "".join(
        f"{key},{t.split()[0]},{' '.join(t.split()[1:])},{y}\n" for key, (t, y) in TEXTS.items()
    )
    (folder / "t.csv").write_text(rows)
    joined = run(folder, data={"path": "t.csv", "text": ["title", "body"]})
    assert values(joined) == values(run(folder))


def test_labels_may_count_from_one(folder):
    write(folder, [{"text": text, "label": 1 + "cd".index(label[0])} for text, label in TEXTS.values()])
    assert values(run(folder, data={"first_label": 1}, classes=["cats", "dogs"]))["acc@1"] == 1.0
    with pytest.raises(UserError, match=r"t\.jsonl:1, column 'label': label 1; expected a whole number from 2 on"):
        run(folder, data={"first_label": 2}, classes=["cats", "dogs"])


def test_texts_of_several_labels_are_ranked_by_class(folder):
    write(
        folder,
        [{"text": text, "label": [label, "dogs"] if label == "cats" else [label]} for text, label in TEXTS.values()],
    )
    found = values(run(folder, metrics=["mAP"]))
    assert found == {"mAP": 1.0}
    with pytest.raises(UserError, match="F1-over-all-classes"):
        run(folder, metrics=["F1-over-all-classes"])


ROW = {"text": "the cat", "label": "cats"}
BAD = {
    "an empty text": ([ROW, {"text": " ", "label": "dogs"}], {}, r"t\.jsonl:2: column 'text' is empty.*empty: drop"),
    "a text that is none": ([{"text": None, "label": "cats"}, ROW], {}, r"t\.jsonl:1: column 'text' is empty"),
    "no label": ([ROW, {"text": "a dog", "label": ""}], {}, r"t\.jsonl:2, column 'label': label ''"),
    "a label that is no class": (
        [ROW, {"text": "dog dog", "label": "dogs"}, {"text": "a dog", "label": "dog"}],
        {"classes": ["cats", "dogs"]},
        r"t\.jsonl:3: label 'dog', which is no class.*did you mean 'dogs'",
    ),
    "a number that is no class": (
        [{"text": "a dog", "label": 0}, {"text": "a cat", "label": 2}], {"classes": ["cats", "dogs"]}, r"t\.jsonl:2: label 2"),
    "a class twice": ([ROW, {"text": "a dog", "label": "dogs"}], {"classes": ["cats", "cats"]}, r"task\.yaml:\d+: .*twice|cats"),
    "one class": ([ROW], {}, "one class"),
    "a class without keywords": (None, {"keywords": {"cats": ["cat"]}}, r"task\.yaml:\d+: no keywords for class 'dogs'"),
    "keywords of no class": (
        None, {"keywords": {"cats": ["cat"], "dog": ["dog"]}}, r"task\.yaml:\d+: keywords of 'dog', which is no class.*'dogs'"),
    "an empty list of classes": (None, {"classes": []}, r"task\.yaml:\d+: .*classes"),
    "an empty list of keywords": (None, {"keywords": {"cats": [], "dogs": ["dog"]}}, r"task\.yaml:\d+: .*keywords.cats"),
    "a metric of no class": (None, {"metrics": ["class-F1(label=dog)"]}, r"task\.yaml:\d+: .*no class 'dog'.*'dogs'"),
    "a keyword without vector": (
        None, {"keywords": {"cats": ["cat", "lion"], "dogs": ["dog"]}}, r"v\.npz: class 'cats', keyword 'lion': no vector"),
    "a missing column": (None, {"data": {"text": "body"}}, r"t\.jsonl:1: key 'body' is missing"),
    "two ids alike": (
        [{"id": "a", **ROW}, {"id": "a", "text": "a dog", "label": "dogs"}], {},
        r"t\.jsonl:2: item id 'a' stands twice \(first in .*t\.jsonl:1\)"),
    "a truth value for a label": (
        [{"text": "a", "label": True}, {"text": "b", "label": False}], {"classes": ["cats", "dogs"]},
        r"t\.jsonl:1, column 'label': label true, a truth value"),
    "a number for a text": ([ROW, {"text": 5, "label": "dogs"}], {}, r"t\.jsonl:2: column 'text' is '5', no text"),
    "a list for a text": ([ROW, {"text": ["b"], "label": "dogs"}], {}, r"t\.jsonl:2: column 'text' is .*, no text"),
    "a list for an id": ([{"id": ["b"], **ROW}], {}, r"t\.jsonl:1: key 'id' is .*a text or a number"),
    "several labels without metrics for them": (
        [{"text": "a dog", "label": ["cats", "dogs"]}, {"text": "a", "label": ["cats"]}], {"metrics": None},
        r"task\.yaml:\d+: metric 'F1-over-all-classes' for items of several labels.*mAP"),
    "labels from one": (
        [{"text": "a dog", "label": 1}, {"text": "a cat", "label": 2}], {"classes": ["cats", "dogs"]},
        r"t\.jsonl:2: label 2.*count from 1, which `first_label: 1` says"),
    "a class twice beside names": (None, {"classes": ["cats", "dogs", "cats"]}, r"task\.yaml:\d+: class 'cats' stands twice"),
    "no labels at all": (None, {"data": {"label": None}, "classes": ["cats", "dogs"]}, r"t\.jsonl:1: no label; .*for `unlabeled:`"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_an_error_with_its_place(name, folder):
    rows, keys, message = BAD[name]
    if rows:
        write(folder, rows)
    with pytest.raises(UserError, match=message):
        run(folder, **keys)


def test_empty_texts_may_be_left_out_counted_or_kept(folder):
    write(folder, [ROW, {"text": "", "label": "dogs"}, {"text": "a dog", "label": "dogs"}])
    result = run(folder, data={"empty": "drop"})
    assert (result["n_items"], result["counts"]) == (2, {"empty texts left out": 1})
    assert "empty texts left out: 1 of 3" in result["notes"]["warning"]
    assert len(planned(folder, data={"empty": "keep"}).jobs) == 1


def test_keywords_of_a_file_are_named_with_their_line(folder):
    (folder / "k.json").write_text('{\n "cats": ["cat"],\n "dog": ["dog"]\n}')
    with pytest.raises(UserError, match=r"k\.json:3: keywords of 'dog', which is no class"):
        run(folder, keywords="k.json")
    (folder / "k.json").write_text('{\n "cats": ["cat"],\n "dogs": []\n}')
    with pytest.raises(UserError, match=r"k\.json:3: keywords of 'dogs'"):
        run(folder, keywords="k.json")


def test_classes_of_the_same_document_tie_and_the_table_says_so(folder):
    alike = {"cats": ["cat", "cat"], "dogs": ["cat"]}
    result = run(folder, method="lbl2transformervec", keywords=alike)
    assert result["counts"] == {
        "items with equal best scores (acc counts them as wrong, F1 takes the first class)": 4,
        "repeated keywords, which count each time": 1,
    }
    warning = result["notes"]["warning"]
    assert "2 of 2 classes are defined by the same documents or words" in warning
    assert "F1 takes the first class): 4 of 4" in warning
    assert "order of the labels" not in warning


def test_more_documents_a_class_than_there_are_is_a_doubt(folder):
    result = run(folder, method={"name": "lbl2transformervec", "min_num_docs": 9})
    assert "`min_num_docs: 9` of a corpus of 4: all of it defines every class" in result["notes"]["warning"]


LACKING = {
    "keywords": ("similarity", {"keywords": None}, "no keywords.*described_by: names"),
    "validation": ({"name": "lbl2transformervec", "similarity_threshold": [0.1, 0.2]}, {}, "validation:"),
    "unlabeled": ({"name": "lbl2transformervec", "corpus": "unlabeled"}, {}, "unlabeled:"),
}


@pytest.mark.parametrize("name", LACKING)
def test_what_a_rule_lacks_is_said_before_anything_is_loaded(name, folder):
    method, keys, message = LACKING[name]
    with pytest.raises(UserError, match=message):
        planned(folder, method=method, **keys)


def test_names_alone_need_no_keywords(folder):
    assert values(run(folder, method={"name": "similarity", "described_by": "names"}, keywords=None))["acc@1"] == 1.0


def test_validation_texts_are_drawn_class_by_class_and_test_texts_among_them_doubted(folder):
    both = {"source": "text-table", "path": "t.jsonl"}
    chosen = {"name": "lbl2transformervec", "similarity_threshold": [0.1, 0.5]}
    result = run(folder, method=chosen, validation=both, validation_shots=1)
    assert result["notes"]["chosen on"]["texts"] == 2
    assert result["notes"]["chosen on"]["split"] == "test"
    assert "oracle" in result["notes"]["warning"]
    with pytest.raises(UserError, match="class 0 has 2 texts"):
        run(folder, method=chosen, validation=both, validation_shots=3)


@pytest.mark.parametrize("column", ["scores", "probabilities"])
def test_scores_of_a_file_have_to_say_what_they_are_where_metrics_take_probabilities(folder, column):
    [job] = planned(folder, metrics=["certain-ratio"]).jobs
    task = job.build_task()
    data = task.load(limit=None, seed=0, score_only=True)
    rows = [{"id": key, column: [0.98, 0.02] if key < "a3" else [0.6, 0.4]} for key in TEXTS]
    (folder / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = given.predictions(given.resolved(folder / "p.jsonl"), task, data.items)
    if column == "scores":
        with pytest.raises(UserError, match="a column named `logits` or `probabilities`"):
            judge.judge(task, job.task, data, found, Settings(), title="t")
    else:
        judged = judge.judge(task, job.task, data, found, Settings(), title="t")
        assert judged.scores["certain-ratio"].value == 0.5
