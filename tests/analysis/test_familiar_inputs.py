"""What `zsbench familiarity` and `transfer-splits` take for labels and counts, and what they say of odd ones."""

import json

import numpy as np
import pytest

from tests.command import call
from zsbench.analysis.familiarity import inputs, splits
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.label_counts import read_counts
from zsbench.models.text.word_vectors import word_vectors
from zsbench.search import label_vectors


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZSBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "w.txt").write_text("person 1 0\ncity 0 1\nnothing 0 0\n")
    (tmp_path / "m.yaml").write_text("adapter: word-vectors\nvectors: w.txt\n")
    (tmp_path / "t.json").write_text('{"city": 3, "nothing": 1}')
    return tmp_path


def test_unknown_words_and_zero_vectors_are_counted(folder):
    model = word_vectors(vectors="w.txt")
    asked = ["city", "zzz", "nothing", "city-zzz"]
    found = label_vectors.compared(model, asked, ["city", "nothing"], cache=Cache(None), name="w")
    assert (found.evaluation.unknown, found.evaluation.zero, found.training.zero) == (
        ("zzz",),
        ("nothing",),
        ("nothing",),
    )
    assert label_vectors.doubts({("t", "e"): found, ("t", "f"): found}) == [
        "t: 1 of 2 labels with a zero vector, which is near nothing: nothing",
        "e: 1 of 4 labels without a word that the embedder knows, each as the mean of all words: zzz",
        "e: 1 of 4 labels with a zero vector, which is near nothing: nothing",
        "f: 1 of 4 labels without a word that the embedder knows, each as the mean of all words: zzz",
        "f: 1 of 4 labels with a zero vector, which is near nothing: nothing",
    ]
    found.require_known("e", "t", "w")


@pytest.mark.parametrize("command", [("familiarity",), ("transfer-splits", "--out", "o")])
def test_labels_of_which_nothing_is_known_are_refused(folder, command):
    (folder / "e.txt").write_text("zzz\nqqq\n")
    code, screen = call(*command, "--train", "t.json", "--eval", "e.txt", "--model", "m.yaml")
    assert (code, screen.out) == (2, "")
    assert "m.yaml: no label of 'e' has a known word or a vector (zzz, qqq)" in screen.err


def test_one_label_ranks_nothing_by_entropy():
    with pytest.raises(
        UserError, match=r"'one' has one label.*expected benchmarks of two labels or more, or --rule max"
    ):
        splits.require_ranking({"two": 2, "one": 1}, "entropy")
    splits.require_ranking({"one": 1}, "max")
    assert np.ptp(splits.score(np.array([[0.1, 0.9]]), "entropy")) == 0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("e.txt", '["city",\n "lake"\n', "e.txt:3: not valid JSON"),
        ("e.txt", '{"city": -3}', "label 'city' has -3 mentions"),
        ("e.csv", "label,n\ncity,3\n", "e.csv:1: several columns"),
        ("e.json", '["city", "city "]', "label 'city' stands twice"),
    ],
)
def test_what_is_no_list_of_labels_is_refused(folder, name, text, said):
    (folder / name).write_text(text)
    with pytest.raises(UserError) as caught:
        inputs.evaluation_labels(name, "--eval")
    assert said in str(caught.value)


def test_labels_that_only_look_like_something_else_are_labels(folder):
    (folder / "e.txt").write_text("[CLS]\nvitamin B-12\n")
    assert inputs.evaluation_labels("e.txt", "--eval")[1] == ["[CLS]", "vitamin B-12"]
    (folder / "e.txt").write_text('{"city": 3, "lake": 0}')
    assert inputs.evaluation_labels("e.txt", "--eval")[1] == ["city"]
    (folder / "e.conll").write_text("Bob B-city\n")
    assert inputs.evaluation_labels("e.conll", "--eval") == ("e", ["city"])
    (folder / "tags.txt").write_text("Bob B-city\nruns O\n")
    assert inputs.evaluation_labels("tags.txt", "--eval") == ("tags", ["city"])


def test_blanks_around_a_label_are_no_part_of_it(folder):
    (folder / "c.json").write_text('{" city ": 3, "in peru": 1}')
    assert read_counts(folder / "c.json") == {"city": 3, "in peru": 1}
    (folder / "s.jsonl").write_text(
        json.dumps({"id": "a", "tokens": ["x", "y"], "spans": [[0, 0, " city"], [1, 1, "city"]]})
    )
    assert inputs.training_counts("s.jsonl", "--train") == ("s", {"city": 2})


@pytest.mark.parametrize(("written", "said"), [("null", "null"), ("true", "true")])
def test_a_wrong_count_is_shown_as_json_has_it(folder, written, said):
    (folder / "c.json").write_text(f'{{"city": {written}}}')
    with pytest.raises(UserError, match=f"label 'city' has {said} mentions"):
        read_counts(folder / "c.json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--train", "l.txt"),
            "l.txt: labels alone, one a line ('city'); expected JSON {\"label\": number of mentions}",
        ),
        (("--train", "t.json", "--train", "./t.json"), "--train: './t.json' is named twice"),
        (("--train", "t.json", "--model", "w.txt"), "adapter: word-vectors, vectors: w.txt"),
        (("--train", "t.json", "--plot", "."), ".: a folder; expected the name of a file to write"),
    ],
)
def test_what_was_meant_is_said(folder, arguments, said):
    (folder / "l.txt").write_text("city\nriver\n")
    model = () if "--model" in arguments else ("--model", "m.yaml")
    code, screen = call("familiarity", "--eval", "l.txt", *arguments, *model)
    assert (code, said in screen.err) == (2, True), screen.err
