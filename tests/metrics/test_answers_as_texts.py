"""Lists that language models answer: what is read, and which texts are the same mention."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.metrics.spans.answers import normal, normalised, parsed


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('["a", "b"]', ["a", "b"]),
        ('["a"] ["b"]', ["a"]),
        (' ["a"]', None),
        ("['a']", None),
        ('["a]b"]', None),
        ('["a",\n"b"]', None),
        ("[1]", None),
        ("[null]", None),
        ('[["a"]]', None),
        ('[{"name": "a"}]', None),
        ('["a", NaN]', None),
        ("", None),
        ("[" * 100_000 + "]", None),
    ],
    ids=lambda value: str(value)[:12],
)
def test_the_first_list_at_the_beginning_is_read(answer, expected):
    assert parsed(answer) == expected


@given(st.text())
def test_comparing_twice_is_comparing_once_and_ignores_case_punctuation_and_blanks(text):
    once = normal(text)
    assert once == " ".join(once.split())
    assert not set(once) & set("!,.;[]'\"-_")
    assert normal(f"  {text}\t.") == once


@given(st.lists(st.sampled_from(["The Who", "who", "WHO!", "an", "", "Queen"])))
def test_a_text_stands_once_whatever_its_spelling(texts):
    found = normalised(texts)
    assert len(set(found)) == len(found)
    assert set(found) == {normal(text) for text in texts}
    assert normalised(reversed(texts)) == normalised([*reversed(texts), *texts])
