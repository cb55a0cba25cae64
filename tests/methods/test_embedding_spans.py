"""Spans compared with labels by their vectors: each text once, cosines, descriptions of every label."""

import json

import numpy as np
import pytest

from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import Cost
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Problem
from zsbench.methods.ner.embedding_spans import embedding_spans

VECTORS = {"town": [3, 0], "river": [0, 2], "a stream": [0, 1], "Paris": [5, 0], "Seine": [1, 2], "of": [0, 0]}


class Table:
    """Vectors from a table; notes what it was asked."""

    fingerprint, dtype, device = "table", "float32", "cpu"

    def __init__(self):
        self.asked, self.cost = [], Cost()

    def encode_queries(self, texts):
        return np.array([VECTORS[text] for text in texts], dtype=np.float32)

    def encode_documents(self, texts):
        self.asked += texts
        return np.array([VECTORS.get(text, [-1, -1]) for text in texts], dtype=np.float32)


def tagged(*sentences, labels=("town", "river"), model=None, cache=None, **options):
    model = model or Table()
    run = RunContext("auto", cache or Cache(None), 0, model.cost)
    tag = embedding_spans(**options)(model, Problem(list(labels)), run)
    return tag([Sentence(str(n), tuple(words.split())) for n, words in enumerate(sentences)])


def test_scores_are_cosines_whatever_the_length_of_vectors():
    [spans] = tagged("Paris and Seine", multi_label=True, threshold=0.4)
    expected = [(0, 0, "town", 1.0), (2, 2, "river", 2 / 5**0.5), (2, 2, "town", 1 / 5**0.5)]
    assert [span[:3] for span in spans] == [row[:3] for row in expected]
    assert [span.score for span in spans] == pytest.approx([row[3] for row in expected], abs=1e-6)
    assert [span.label for span in tagged("Seine", threshold=0.4)[0]] == ["river"]


def test_every_text_is_encoded_once(tmp_path):
    first, second = Table(), Table()
    assert tagged("Paris , Paris", "Paris", model=first, cache=Cache(tmp_path))[1][0][:3] == (0, 0, "town")
    tagged("Seine and Paris", model=second, cache=Cache(tmp_path))
    assert [first.asked, second.asked] == [["Paris"], ["Seine"]]


def test_candidates_of_every_case_neither_begin_nor_end_with_a_function_word():
    model = Table()
    tagged("the Paris of Seine .", model=model, candidates="all", max_width=3)
    assert model.asked == ["Paris", "Paris of Seine", "Seine"]


def test_descriptions_speak_for_labels(tmp_path):
    path = tmp_path / "d.json"
    path.write_text(json.dumps({"town": "town", "river": "a stream"}))
    assert tagged("Seine", descriptions=str(path))[0][0].label == "river"
    for texts, words in [
        ({"town": "town"}, "no text for label 'river'"),
        ({"town": "town", "river": "a stream", "rivr": "x"}, "'rivr' is asked nowhere.*did you mean 'river'"),
        ({"town": " ", "river": "a stream"}, "not texts by label"),
    ]:
        path.write_text(json.dumps(texts))
        with pytest.raises(UserError, match=words):
            tagged("Seine", descriptions=str(path))


def test_a_vector_without_length_is_an_error_with_its_text():
    with pytest.raises(RunError, match="the vector of 'of' is NaN or zero"):
        tagged("Paris", labels=("town", "of"))


def test_a_sentence_without_candidates_has_no_spans():
    assert tagged("nothing here", "") == [[], []]
    assert tagged("Paris", max_width=1) == [[Mention(0, 0, "town", 1.0)]]
