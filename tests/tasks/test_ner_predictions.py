"""Predicted spans that contradict themselves, and columns that are one: errors, or counted."""

import json

import pytest

from tests.tasks._scoring import score
from tests.tasks.test_ner import GOLD, RIGHT, predicted, refused, task


def lines(folder, *rows):
    (folder / "p.jsonl").write_text("\n".join(rows) + "\n")
    return folder / "p.jsonl"


def test_words_and_tags_in_one_column_are_refused(tmp_path):
    path = task(tmp_path)
    path.write_text(path.read_text().replace("path: gold.txt", "path: gold.txt, word_column: 2"))
    refused(score(path, predicted(tmp_path)), "word_column", "tag_column", "2")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_score_that_is_no_number_is_refused_with_its_line(tmp_path, value):
    spans = lines(
        tmp_path, json.dumps({"id": "0", "spans": RIGHT[0]}), f'{{"id": "1", "spans": [[0, 1, "person", {value}]]}}'
    )
    refused(score(task(tmp_path), spans), "p.jsonl:2", value)


def test_a_text_that_is_not_that_of_its_borders_is_counted(tmp_path):
    spans = [RIGHT[0], [[0, 1, "person", 0.9, "Peter Black"]]]
    result = score(task(tmp_path), predicted(tmp_path, spans), metrics=["F1"])
    assert result["F1"] == 1
    assert "predicted spans that read otherwise than their `text`: 1" in result.screen
    spans = [RIGHT[0], [[0, 1, "person", 0.9, "Peter Blackburn"]]]
    assert "read otherwise" not in score(task(tmp_path), predicted(tmp_path, spans), metrics=["F1"]).screen


def test_metrics_of_scores_name_the_sentence_without_one(tmp_path):
    refused(
        score(task(tmp_path), predicted(tmp_path), metrics=["F1(threshold=0.3)"]), "p.jsonl:1", "sentence 0", "no score"
    )


def test_old_line_ends_are_named(tmp_path):
    path = task(tmp_path)
    (tmp_path / "gold.txt").write_bytes(GOLD.replace("\n", "\r").encode())
    refused(score(path, predicted(tmp_path)), "gold.txt", "line")
