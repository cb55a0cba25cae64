"""Recipes that read zsbench itself find what they name."""

import json

import pytest

from recipes import ner_words
from recipes.zsbench_issues import REPORTS, functions
from zsbench.config.paths import ASSETS
from zsbench.models.spans._network import SpanScorer


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.id)
def test_the_functions_that_an_issue_asks_for_are_there(report):
    homes = {name[: name.index(".py/") + 3] for name in report.gold}
    known = {name for file in {*homes, *report.files} for name in functions(file)}
    assert set(report.gold) <= known


def test_word_vectors_and_splits_of_labels_are_those_of_the_shipped_tagger():
    folder = ASSETS / "data" / ner_words.NAME
    written = ner_words.lines(SpanScorer.from_folder(ASSETS / "models" / "ner-synthetic"))
    assert (folder / "vectors.txt").read_text().splitlines() == written
    for rule in ner_words.RULES:
        for name, labels in ner_words.split_labels(ASSETS, rule).items():
            assert json.loads((folder / f"{name}.json").read_text()) == labels
