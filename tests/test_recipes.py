"""Recipes that read zsbench itself find what they name."""

import json

import numpy as np
import pytest

from recipes import glyphs, ner_words, retrieved_glyphs
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


def test_counted_synonyms_and_retrieved_glyphs_are_of_the_trained_concepts():
    folder = ASSETS / "data" / retrieved_glyphs.NAME
    counts = [*json.loads((folder / "counts.json").read_text()).values()]
    trained = json.loads((ASSETS / "models" / retrieved_glyphs.MODEL / "concept_counts.json").read_text())
    for concept, entry in zip(glyphs.CLASSES, counts, strict=True):
        assert [entry["name"], *entry["alternates"]] == [
            retrieved_glyphs.official(concept), *retrieved_glyphs.synonyms(concept)
        ]  # fmt: skip
        assert entry["actual_freq"] == trained[concept]
    with np.load(folder / "retrieved.npz", allow_pickle=False) as held:
        found = np.bincount(held["labels"])
    assert found.tolist() == [min(entry["actual_freq"], retrieved_glyphs.MOST) for entry in counts]


def test_a_synonym_is_found_as_whole_words():
    hits = retrieved_glyphs.found(["a capital B", "a letter b", "an abacus", "a number one"])
    assert hits["letter B"] == {"capital B": [0], "letter B": [1], "B": [0, 1]}
    assert hits["digit one"] == {"number one": [3], "digit one": []}
