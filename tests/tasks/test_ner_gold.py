"""Entities: labels that become one, gold that overlaps, and predictions read with the gold's options."""

import json

import pytest

from tests.tasks._scoring import score
from tests.tasks.test_ner import predicted, refused, task

ROWS = [
    {"id": "a", "tokens": ["New", "York", "Times"], "spans": [[0, 2, "Paper"], [0, 1, "City"]]},
    {"id": "b", "tokens": ["Rome"], "spans": [[0, 0, "City"], [0, 0, "City"]]},
]


def jsonl(folder, rows=ROWS, extra=""):
    return task(folder, "".join(json.dumps(row) + "\n" for row in rows), extra, name="gold.jsonl")


def test_gold_that_overlaps_is_an_error_unless_it_is_nested(tmp_path):
    pred = predicted(tmp_path, [row["spans"] for row in ROWS], ids=["a", "b"])
    place = ["gold.jsonl:1", "sentence a: gold spans [0, 1, 'City'] and [0, 2, 'Paper'] share a word", "nested: true"]
    refused(score(jsonl(tmp_path), pred), *place)
    result = score(jsonl(tmp_path, extra="nested: true\n"), pred, metrics=["F1"])
    assert result["F1"] == 1
    assert "nested gold" in result.screen
    # An overlap with a label that is left out is none, and a span that stands there twice is one.
    assert score(jsonl(tmp_path, extra="excluded_labels: [Paper]\n"), pred, metrics=["F1"])["F1"] == 1


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (
            "label_map: {City: Paper}\n",
            ["t.yaml:4", "'City' and 'Paper' are both asked as 'Paper'", "merged_labels: [Paper]"],
        ),
        (
            "merged_labels: [City]\n",
            ["t.yaml:4", "only gold label 'City' is asked as 'City'; expected a name that two"],
        ),
        ("labels: [Paper]\n", ["gold.jsonl:1", "sentence a: gold label 'City' is not among `labels`"]),
        ("labels: [paper, citi]\nlower_case: true\n", ["gold.jsonl:1", "'city' is not among", "did you mean 'citi'"]),
    ],
)
def test_labels_that_do_not_fit_the_gold(tmp_path, extra, words):
    refused(
        score(jsonl(tmp_path, extra="nested: true\n" + extra), predicted(tmp_path, [[]], ids=["b"])),
        *[word.replace("t.yaml:4", "t.yaml:5") for word in words],
    )


def test_labels_in_small_letters(tmp_path):
    extra = "nested: true\nlabels: [City, Paper]\nlower_case: true\n"
    pred = predicted(tmp_path, [[[0, 2, "paper"], [0, 1, "city"]], [[0, 0, "city"]]], ids=["a", "b"])
    result = score(jsonl(tmp_path, extra=extra), pred, metrics=["F1", "recall(label=*)"])
    assert [row["metric"] for row in result.rows] == ["F1", "recall(label=city)", "recall(label=paper)"]
    assert "labels in small letters, nested gold; asked: city, paper" in result.screen
    refused(
        score(jsonl(tmp_path, extra=extra), predicted(tmp_path, [[], [[0, 0, "City"]]], ids=["a", "b"])),
        "asked as 'city'",
    )
    twice = [{"tokens": ["a"], "spans": [[0, 0, "X"]]}, {"tokens": ["a"], "spans": [[0, 0, "x"]]}]
    refused(score(jsonl(tmp_path, twice, "\nlower_case: true\n"), pred), "t.yaml", "'X' and 'x' are both asked as 'x'")


def test_labels_merged_on_purpose(tmp_path):
    extra = "nested: true\nlabel_map: {City: thing, Paper: thing}\nmerged_labels: [thing]\n"
    pred = predicted(tmp_path, [[[0, 2, "thing"]], [[0, 0, "thing"]]], ids=["a", "b"])
    result = score(jsonl(tmp_path, extra=extra), pred, metrics=["recall"])
    assert result["recall"] == pytest.approx(2 / 3)
    assert "asked: City and Paper as thing" in result.screen


def test_the_head_has_the_labels_in_their_order_with_their_wording(tmp_path):
    extra = "nested: true\nlabels: [river, paper, City]\nlabel_map: {Paper: paper}\n"
    result = score(jsonl(tmp_path, extra=extra), predicted(tmp_path, [[], []], ids=["a", "b"]), metrics=["F1"])
    assert "asked: river, Paper as paper, City" in result.screen


def test_predictions_in_columns_are_read_as_the_gold_is(tmp_path):
    gold = "B-PER,Ann\nI-PER,Lee\nO,ran\n"
    (tmp_path / "g.csv").write_text(gold)
    options = "separator: ',', word_column: 2, tag_column: 1, scheme: IOB2"
    (tmp_path / "t.yaml").write_text(f"description: d\ntype: ner\ndata: {{source: conll, path: g.csv, {options}}}\n")
    (tmp_path / "p.csv").write_text(gold)
    assert score(tmp_path / "t.yaml", tmp_path / "p.csv", metrics=["F1"])["F1"] == 1
    (tmp_path / "p.csv").write_text(gold.replace("B-", "I-"))
    refused(score(tmp_path / "t.yaml", tmp_path / "p.csv"), "p.csv:1", "sentence 0: tag 'I-PER' at the beginning")


def by_characters(folder, spans, **more):
    """Write predictions of one sentence by characters."""
    (folder / "p.jsonl").write_text(json.dumps({"id": "x", "offsets": "characters", "spans": spans, **more}) + "\n")
    return folder / "p.jsonl"


def test_predictions_by_characters(tmp_path):
    text = {"id": "x", "text": "in New York-based firms", "spans": [[3, 17, "city"]]}
    (tmp_path / "g.jsonl").write_text(json.dumps(text) + "\n")
    yaml = "description: d\ntype: ner\ndata: {source: jsonl-sentences, path: g.jsonl, offsets: characters%s}\nlabels: [city]\n"
    (tmp_path / "t.yaml").write_text(yaml % "")
    found = {"start": 3, "end": 17, "label": "city", "text": "New York-based", "score": 0.9}
    assert score(tmp_path / "t.yaml", by_characters(tmp_path, [found]), metrics=["F1"])["F1"] == 1
    within = by_characters(tmp_path, [[3, 11, "city", 0.5]])
    refused(score(tmp_path / "t.yaml", within), "p.jsonl:1", "sentence x: span [3, 11] is 'New York'", "borders: snap")
    (tmp_path / "t.yaml").write_text(yaml % ", borders: snap")
    result = score(tmp_path / "t.yaml", within, metrics=["F1"])
    assert result["F1"] == 1
    assert "predicted spans snapped to the words they touch: 1" in result.screen
    (tmp_path / "t.yaml").write_text(yaml % ", borders: unmatchable")
    result = score(tmp_path / "t.yaml", within, metrics=["F1", "precision"])
    assert (result["F1"], result["precision"]) == (0, 0)
    refused(
        score(tmp_path / "t.yaml", by_characters(tmp_path, [], offsets="bytes")), "p.jsonl:1", "'bytes'", "characters"
    )
    refused(score(tmp_path / "t.yaml", by_characters(tmp_path, [[0, 99, "city"]])), "p.jsonl:1", "end <= 23")
