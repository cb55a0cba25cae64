"""Counts and lists of labels: verbatim, and every mistake with its line."""

import pytest

from zsbench.core.errors import UserError
from zsbench.data.label_counts import read_counts, read_labels


def write(tmp_path, text, name="counts.json"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_labels_are_taken_as_written_but_for_blanks_around_them_and_those_without_a_mention_are_left_out(tmp_path):
    path = write(tmp_path, '{"Person ": 3, "person": 1, "none": 0, "\\u00e9": 2}')
    assert read_counts(path) == {"Person": 3, "person": 1, "é": 2}
    assert read_labels(path) == ["Person", "person", "é"]
    assert read_labels(write(tmp_path, "person\n\n  city\n", "labels.txt")) == ["person", "city"]
    assert read_labels(write(tmp_path, '["a", "b"]', "labels.json")) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n"a": 1,\n"b": -2\n}', r"counts.json:3: label 'b' has -2 mentions"),
        ('{"a": 1.5}', r"counts.json: label 'a' has 1.5 mentions"),
        ('{"a": true}', "has true mentions"),
        ('{"a": 1000000000000000000000}', "has 1000000000000000000000 mentions"),
        ('{"a": NaN}', "has null mentions"),
        ('{\n"a": {"a": 1}\n}', r":2: label 'a' has .* mentions"),
        ('{\n"a": 1,\n"b": 1,\n"a": 2\n}', r"counts.json:4: not valid JSON .key 'a' stands twice"),
        ('{\n"é": -1\n}', r":2: label 'é' has -1 mentions"),
        ('{\n"a": 1,\n" ": 1}', r":3: label ' ' is empty"),
        ('{"a": 0}', "no label with a mention"),
        ("{}", "no label with a mention"),
        ("[1]", "a list; expected JSON"),
        ("{", "not valid JSON"),
    ],
)
def test_counts_that_are_none_are_refused(tmp_path, text, said):
    with pytest.raises(UserError, match=said):
        read_counts(write(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("labels.txt", "\n \n", "no texts"),
        ("labels.txt", "a\nb\na\n", "label 'a' stands twice"),
        ("labels.json", '["a", ""]', "label 2 is empty"),
        ("labels.json", "[]", "no texts"),
        ("labels.json", '{"a": 0}', "no label with a mention"),
    ],
)
def test_lists_of_labels_that_are_none_are_refused(tmp_path, name, text, said):
    with pytest.raises(UserError, match=said):
        read_labels(write(tmp_path, text, name))
