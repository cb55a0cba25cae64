"""Each search finds what its definition finds, one name and one caption at a time."""

import re
import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.analysis.frequency.counting import lemmas, searches, words
from zsbench.analysis.frequency.counting.tallies import Tally
from zsbench.core.errors import UserError

LETTERS = "abcABC_- .'\"/()é\u0301ÉßΣς1京\n\t🙂"
TEXTS = st.text(st.sampled_from(LETTERS), max_size=14)
NAMES = st.lists(TEXTS.filter(lambda name: re.search("[abc1]", name)), min_size=1, max_size=5, unique=True)
PLURALS = st.sampled_from(["dog", "dogs", "fire", "truck", "trucks", "wolves", "wolf", "berries", "berry", "a"])


def counted(search, names, texts):
    slots, finder = searches.make(search, {name: [name] for name in names}, "concepts")
    tally = Tally(slots)
    tally.add(*slots.of_terms(*finder.find(texts)))
    return {one.concept: one.count for one in tally.counts()}


def plain_words(text):
    """The definition of a word of `exact`, character by character."""
    folded = [c.casefold() if unicodedata.category(c)[0] in "LNM" else " " for c in unicodedata.normalize("NFC", text)]
    return unicodedata.normalize("NFC", "".join(folded)).split()


def holds(text, name, lemma=str):
    ours, theirs = ([lemma(word) for word in plain_words(each)] for each in (text, name))
    return any(ours[start : start + len(theirs)] == theirs for start in range(len(ours)))


@given(NAMES, st.lists(TEXTS, min_size=1, max_size=6))
def test_exact(names, texts):
    expected = {name: sum(holds(text, name) for text in texts) for name in names}
    assert counted(searches.Search("exact"), names, texts) == expected


@given(st.lists(st.lists(PLURALS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=4, unique=True), st.lists(st.lists(PLURALS, max_size=6).map(" ".join), min_size=1, max_size=4))  # fmt: skip
def test_lemma(names, texts):
    expected = {name: sum(holds(text, name, lemmas.lemma) for text in texts) for name in names}
    assert counted(searches.Search("lemma"), names, texts) == expected
    ours = [{lemmas.lemma(word) for word in plain_words(text)} for text in texts]
    present = set().union(*ours)
    asked = {name: {lemmas.lemma(word) for word in plain_words(name)} & present for name in names}
    expected = {name: sum(bool(words) and words <= own for own in ours) for name, words in asked.items()}
    assert counted(searches.Search("lemma", "intersection"), names, texts) == expected


@given(NAMES, st.lists(TEXTS, min_size=1, max_size=6))
def test_substring(names, texts):
    def folded(text):
        return " ".join(unicodedata.normalize("NFC", text).casefold().replace("_", " ").split())

    expected = {name: sum(folded(name) in folded(text) for text in texts) for name in names}
    assert counted(searches.Search("substring"), names, texts) == expected


def _fts5():
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("create virtual table captions using fts5(text)")
    except sqlite3.OperationalError:
        pytest.skip("this sqlite3 has no full-text search")
    return connection


@given(NAMES, st.lists(TEXTS, min_size=1, max_size=6))
def test_fts_is_what_sqlite_finds(names, texts):
    connection = _fts5()

    def cleaned(text):
        return text.replace('"', "").replace("'", "").replace("-", " ").replace("_", " ")

    # An emoji is a letter to SQLite's table of Unicode 6.1 when it is younger, as this module's docstring says.
    rows = [(cleaned(text).replace("🙂", " "),) for text in texts]
    connection.executemany("insert into captions values (?)", rows)
    query = "select count(*) from captions where captions match ?"
    expected = {
        name: connection.execute(query, (f'"{cleaned(name)}"'.replace("🙂", " "),)).fetchone()[0] for name in names
    }
    assert counted(searches.Search("fts"), names, texts) == expected


def test_characters_are_folded_as_sqlite_folds_them():
    connection = _fts5()
    characters = [chr(code) for code in range(0x21, 0x500) if chr(code) not in "\"'\u0378"]
    assigned = [c for c in characters if unicodedata.category(c) != "Cn"]
    connection.executemany("insert into captions values (?)", [(f"q{c}z",) for c in assigned])
    connection.execute("create virtual table words using fts5vocab(captions, 'instance')")
    found = {}
    for term, row, _, _ in connection.execute("select * from words order by doc, offset"):
        found.setdefault(row - 1, []).append(term)
    differ = [c for n, c in enumerate(assigned) if words.of_text(f"q{c}z", "unicode61") != found[n]]
    assert differ == ["\u037f"], "a letter younger than SQLite's table"


@given(st.text(st.sampled_from("abeimnosuvxyzch"), min_size=1, max_size=8), st.sampled_from(["", "s", "es", "ies", "men", "ves", "ses"]))  # fmt: skip
def test_every_word_is_a_form_of_its_lemma(stem, ending):
    word = stem + ending
    assert word in lemmas.forms(lemmas.lemma(word))


def test_listed_words_are_forms_of_their_lemmas():
    listed = {*lemmas._TABLE, *lemmas._KEPT, *lemmas._IE}
    assert [word for word in sorted(listed) if word not in lemmas.forms(lemmas.lemma(word))] == []


def test_a_name_with_nothing_to_look_for():
    with pytest.raises(UserError, match="concepts: '!!' of concept 'x' has nothing that 'exact' looks for"):
        searches.make(searches.Search(), {"x": ["dog", "!!"]}, "concepts")


def test_long_words_and_words_that_begin_alike_are_told_apart():
    names = ["incomprehensibilities", "incomprehensibility", "incompre", "incompr"]
    texts = ["Incomprehensibilities", "incompre incomprehensibil", "incomprehensibilityx"]
    assert counted(searches.Search(), names, texts) == {
        "incomprehensibilities": 1,
        "incomprehensibility": 0,
        "incompre": 1,
        "incompr": 0,
    }
