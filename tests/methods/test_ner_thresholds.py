"""Thresholds of spans: one for all labels, some of single labels, the best on validation data."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks._scoring import zsbench
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet
from zsbench.methods.ner import Problem
from zsbench.methods.ner._thresholds import GRID
from zsbench.methods.ner.span_threshold import span_threshold
from zsbench.metrics import naming
from zsbench.plan import planning
from zsbench.plan.choices import Choices

LABELS = ["person", "song"]


class Scored:
    """Answers with the candidates that a sentence's id names in a table."""

    answers, max_words, max_width = "", None, None

    def __init__(self, table):
        self.table, self.cost = table, Cost()

    def span_candidates(self, sentences, labels, *, threshold):
        return [[span for span in self.table[s.id] if span.score > threshold] for s in sentences]


def sentences(*ids):
    return [Sentence(name, ("a", "b", "c", "d")) for name in ids]


def tagged(table, problem, **options):
    """Return what a rule answers for every sentence of a table, and the run's notes."""
    model = Scored(table)
    run = RunContext("auto", Cache(None), 0, model.cost)
    tag = span_threshold(**options)(model, problem, run)
    return tag(sentences(*table)), run.notes


def test_a_labels_own_threshold_stands_above_the_general_one():
    table = {"s": [Mention(0, 0, "person", 0.6), Mention(1, 1, "song", 0.6), Mention(2, 2, "song", 0.3)]}
    [spans], _ = tagged(table, Problem(LABELS), thresholds={"person": 0.7, "song": 0.2})
    assert [(span.start, span.label) for span in spans] == [(1, "song"), (2, "song")]


def test_what_a_labels_threshold_forbids_takes_no_place():
    table = {"s": [Mention(0, 1, "person", 0.6), Mention(1, 1, "song", 0.55)]}
    assert [span.label for span in tagged(table, Problem(LABELS))[0][0]] == ["person"]
    assert [span.label for span in tagged(table, Problem(LABELS), thresholds={"person": 0.6})[0][0]] == ["song"]


def test_a_threshold_of_no_label_names_the_nearest():
    with pytest.raises(UserError, match=r"label 'persn' is asked nowhere.*did you mean 'person'"):
        tagged({"s": []}, Problem(LABELS), thresholds={"persn": 0.7})


scored = st.tuples(st.integers(0, 3), st.sampled_from(LABELS), st.floats(0, 1))


@settings(max_examples=20)  # each decodes at every threshold of the grid
@given(st.lists(st.lists(scored, max_size=6), min_size=1, max_size=4), st.data())
def test_the_chosen_threshold_is_the_lowest_of_the_best(rows, data):
    table = {str(n): [Mention(at, at, label, score) for at, label, score in row] for n, row in enumerate(rows)}
    gold = [[(at, at, data.draw(st.sampled_from(LABELS)))] for at in range(len(table))]
    gold = [[span for span in row if span[0] < 4] or [(0, 0, "song")] for row in gold]
    problem = Problem(LABELS, validation=SentenceSet(sentences(*table), gold))
    _, notes = tagged(table, problem, threshold="validation")
    f1 = naming.resolve("F1", kinds=("spans",))
    values = [f1.compute(tagged(table, problem, threshold=t)[0], gold) for t in GRID]
    best = GRID[values.index(max(values))]
    assert notes["chosen"] == f"threshold {best:g}, by micro F1 on {len(table)} validation sentences"


def evaluated(folder, **more):
    """Return exit code and screen of a run that chooses its threshold."""
    task = folder / "t.yaml"
    data = {"source": "jsonl-sentences", "path": "asset:data/names-recurring/test.jsonl"}
    labels = {"labels": "asset:data/names-recurring/labels.txt"}
    task.write_text(json.dumps({"description": "d", "type": "ner", "data": data, "metrics": ["F1"], **labels, **more}))
    code, out, err = zsbench("eval", task, "--model", "ner-synthetic", "--set", "method.threshold=validation",
                             "--limit", "20", "--offline", "--out", folder / "o")  # fmt: skip
    return code, " ".join((out + err).split())


def sentences_of(name):
    return {"source": "jsonl-sentences", "path": f"asset:data/{name}.jsonl"}


def test_the_chosen_threshold_stands_below_the_table(tmp_path):
    code, screen = evaluated(tmp_path, validation=sentences_of("names-recurring/validation"))
    assert code == 0
    assert re.search(r"t: chosen: threshold 0\.\d+, by micro F1 on 80 validation sentences", screen)
    assert "uses validation set" in screen
    assert "upper bound" not in screen


def test_a_threshold_chosen_on_the_test_sentences_is_marked(tmp_path):
    code, screen = evaluated(tmp_path, validation=sentences_of("names-recurring/test"))
    assert code == 0
    assert "the threshold is chosen on the test sentences: an upper bound" in screen


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "no validation set"),
        (
            {"validation": sentences_of("ner-synthetic/seen")},
            "seen.jsonl:1: sentence seen-000: gold label 'newspaper from korea' is not among `labels`",
        ),
    ],
)
def test_without_fitting_validation_data_nothing_is_chosen(tmp_path, more, words):
    code, screen = evaluated(tmp_path, **more)
    assert code == 2
    assert words in screen


def test_a_threshold_of_a_label_that_the_yaml_does_not_ask_is_refused_before_anything_is_loaded():
    options = ("task.labels=[ship, town]", "method.thresholds={twon: 0.3}")
    with pytest.raises(UserError, match=r"a threshold of label 'twon', which is asked nowhere.*did you mean 'town'"):
        planning.make("names-recurring", Choices(("ner-synthetic",), ("span-threshold",), {}, options))
