"""Sentences in JSON: the layouts that people's files have, and what is wrong with some."""

import json

import pytest

from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.data.sentences.sentence import Mention

TEXT = "Bob Dylan, born in Duluth"


def read(folder, source, rows, **options):
    """Write rows as JSONL, or a list of them as one value, and read them."""
    path = folder / "s.json"
    path.write_text("\n".join(map(json.dumps, rows)) if isinstance(rows, list) else json.dumps(list(rows)))
    return catalog.load_component("data", source)(path=str(path), **options)


BY_WORDS = {"tokens": ["Bob", "Dylan", ",", "born", "in", "Duluth"], "spans": [[0, 1, "person"], [5, 5, "city"]]}


@pytest.mark.parametrize(
    ("row", "options"),
    [
        (BY_WORDS, {}),
        ({**BY_WORDS, "text": TEXT}, {}),
        ({**BY_WORDS, "spans": [[0, 1, "person", 0.75], {"start": 5, "end": 5, "label": "city", "score": 1}]}, {}),
        ({"text": TEXT, "spans": BY_WORDS["spans"]}, {"splitter": "gliner"}),
        ({"text": TEXT, "spans": [[0, 9, "person"], [19, 25, "city"]]}, {"offsets": "characters", "splitter": "gliner"}),
        ({**BY_WORDS, "text": TEXT, "spans": [[0, 9, "person"], [19, 25, "city"]]}, {"offsets": "characters"}),
        ({**BY_WORDS, "spans": [[0, 9, "person"], [20, 26, "city"]]}, {"offsets": "characters"}),
        (
            {"text": TEXT, "spans": [{"start": 0, "end": 9, "label": "person"}, {"start": 19, "end": 25, "type": "city"}]},
            {"offsets": "characters", "splitter": "gliner"},
        ),
    ],
)  # fmt: skip
def test_spans_by_words_and_by_characters(tmp_path, row, options):
    found = read(tmp_path, "jsonl-sentences", [row], **options)
    assert found.items[0].words == ("Bob", "Dylan", ",", "born", "in", "Duluth")
    assert found.items[0].text == row.get("text")
    assert found.spans == [[(0, 1, "person"), (5, 5, "city")]]
    assert found.counts is None


def test_borders_that_are_no_words(tmp_path):
    row = {"id": "x", "text": TEXT, "spans": [[0, 9, "person"], [19, 25, "city"]]}
    with pytest.raises(UserError, match=r"s.json:1: sentence x: span \[0, 9\] is 'Bob Dylan'.*borders: snap"):
        read(tmp_path, "jsonl-sentences", [row], offsets="characters")
    snapped = read(tmp_path, "jsonl-sentences", [row], offsets="characters", borders="snap")
    assert snapped.spans == [[(0, 1, "person"), (4, 4, "city")]]
    assert snapped.counts == {"gold spans snapped to the words they touch": 1}
    kept = read(tmp_path, "jsonl-sentences", [row], offsets="characters", borders="unmatchable")
    assert kept.spans == [[Mention(None, None, "person", None, "Bob Dylan"), (4, 4, "city")]]
    assert kept.counts == {"gold spans whose borders are no words'": 1}


@pytest.mark.parametrize("shape", [list, tuple])
def test_lists_and_lines_of_gliners_json(tmp_path, shape):
    rows = shape([{"tokenized_text": ["in", "Rome"], "ner": [[1, 1, "city"]], "label": ["city", "sea"]}])
    found = read(tmp_path, "gliner-json", rows)
    assert ([item.id for item in found.items], found.spans) == (["0"], [[(1, 1, "city")]])


def test_instructuie_names_that_are_not_at_their_place(tmp_path):
    row = {"sentence": "in Rome now", "entities": [{"name": "Roma", "type": "city", "pos": [3, 7]}]}
    found = read(tmp_path, "instructuie-json", (row,))
    assert found.spans == [[(1, 1, "city")]]
    assert found.counts == {"gold spans that read otherwise than their `name`": 1}


def conversation(text, kind, answer):
    turns = [f"Text: {text}", "I have read it.", f"What describes {kind} in the text?", json.dumps(answer)]
    return {"id": "1", "conversations": [{"from": "x", "value": turn} for turn in turns]}


def test_conversations_of_one_text_are_a_sentence(tmp_path):
    rows = [
        conversation("York and New York", "city", ["York", "New York", "Yor"]),
        conversation("York and New York", "sea", []),
        conversation("York and New York", "city", ["York"]),
        conversation("by the North Sea", "sea", ["North Sea"]),
    ]
    found = read(tmp_path, "universal-ner-json", rows)
    assert [item.words for item in found.items] == [("York", "and", "New", "York")] * 2 + [
        ("by", "the", "North", "Sea")
    ]
    nowhere = Mention(None, None, "city", None, "Yor")
    # The longer text takes its words first; in the second sentence York is there twice.
    assert found.spans == [[(0, 0, "city"), (2, 3, "city"), nowhere], [(0, 0, "city")], [(2, 3, "sea")]]
    assert found.counts == {
        "gold texts that are nowhere in their sentence as words": 1,
        "gold texts that are in their sentence more than once, taken where they first are": 1,
    }


@pytest.mark.parametrize(
    ("source", "rows", "message"),
    [
        ("jsonl-sentences", [{"spans": []}], "s.json:1: keys 'tokens' and 'text' are missing"),
        ("jsonl-sentences", [{"text": " ", "spans": []}], "s.json:1: sentence 0: key 'text' is ' ', without a word"),
        ("jsonl-sentences", [{"tokens": ["a", " "], "spans": []}], "s.json:1: sentence 0: word 1 of key 'tokens' is ' '"),
        ("jsonl-sentences", [{"tokens": ["b", "a"], "text": "a b", "spans": []}], "s.json:1: sentence 0: words that are not"),
        ("jsonl-sentences", [{"id": 5, "tokens": ["a"], "spans": [[0, 1, "x"]]}], r"s.json:1: sentence 5: span \[0, 1, 'x'\]"),
        ("jsonl-sentences", [{"tokens": ["a"], "spans": [[0, 0, "x", "high"]]}], "s.json:1: span"),
        ("jsonl-sentences", [{"tokens": ["a"], "spans": [[None, 0, "x"]]}], "s.json:1: span"),
        ("gliner-json", ({"tokenized_text": ["a"], "ner": []}, 5), "s.json: entry 1: a whole number"),
        ("gliner-json", ({"tokenized_text": ["a"]},), "s.json: entry 0: key 'ner' is missing"),
        ("gliner-json", [{"tokenized_text": ["a"], "ner": [[0, 1, "x"]]}], r"s.json:1: sentence 0: span \[0, 1, 'x'\]"),
        ("instructuie-json", ({"sentence": "a b", "entities": [{"type": "x", "pos": [0, 9]}]},), "entry 0: sentence 0: span"),
        ("instructuie-json", ({"sentence": "a", "entities": [{"type": "x", "pos": ["0", 1]}]},), "entry 0: sentence 0: entity"),
        ("instructuie-json", ({"sentence": "a", "entities": [{"pos": [0, 1]}]},), "entry 0: span"),
        ("universal-ner-json", ({"conversations": []},), "entry 0: a conversation of 0 turns"),
        ("universal-ner-json", (conversation("a", "x", {"a": 1}),), "entry 0: answer"),
        ("universal-ner-json", (conversation(" ", "x", []),), "entry 0: a text without words"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(tmp_path, source, rows, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, source, rows)
