"""Places in a text: words to characters and back, and spans whose borders are no words'."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zsbench.core.errors import UserError
from zsbench.data.sentences.borders import Placer, split
from zsbench.data.sentences.sentence import Sentence

TEXTS = st.text(alphabet="ab-_,. \tß", min_size=1, max_size=30)


@given(text=TEXTS, splitter=st.sampled_from(["blanks", "gliner"]), data=st.data())
def test_words_come_back_from_their_characters(text, splitter, data):
    words = split(text, splitter)
    assume(words)
    assert splitter == "gliner" or words == tuple(text.split())
    sentence = Sentence("1", words, text)
    places = sentence.places()
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start, len(words) - 1))
    first, last = places[start][0], places[end][1]
    for borders in ("error", "snap"):
        assert Placer(borders).place(sentence, first, last, "here") == (start, end)
    assert "".join(text[a:b] for a, b in places) == "".join(text.split())


@given(text=TEXTS, data=st.data())
def test_a_snapped_span_has_the_words_that_it_touches(text, data):
    words = split(text)
    assume(words)
    sentence, placer = Sentence("1", words, text), Placer("snap")
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    touched = [n for n, (first, last) in enumerate(sentence.places()) if first < end and last > start]
    if not touched:
        with pytest.raises(UserError, match="touches no word"):
            placer.place(sentence, start, end, "here")
        return
    assert placer.place(sentence, start, end, "here") == (touched[0], touched[-1])
    exact = (sentence.places()[touched[0]][0], sentence.places()[touched[-1]][1]) == (start, end)
    assert placer.counts == ({} if exact else {"gold spans snapped to the words they touch": 1})


SENTENCE = Sentence("7", ("New", "York-based", "Times"), "New York-based  Times")


@pytest.mark.parametrize(
    ("span", "words", "snapped", "unmatchable"),
    [
        ((0, 14), (0, 1), (0, 1), (0, 1)),
        ((0, 8), "is 'New York', which begins or ends within", (0, 1), None),
        ((15, 21), "which begins or ends within or beside", (2, 2), None),
        ((16, 21), (2, 2), (2, 2), None),  # behind two blanks
        ((14, 16), "touches no word", "touches no word", None),
        ((16, 22), r"span \[16, 22\]; expected 0 <= start < end <= 21", "span", "span"),
        ((3, 3), "characters, end exclusive", "characters", "characters"),
    ],
)
def test_every_way_with_borders(span, words, snapped, unmatchable):
    for borders, expected in (("error", words), ("snap", snapped), ("unmatchable", unmatchable)):
        placer = Placer(borders)
        if isinstance(expected, str):
            with pytest.raises(UserError, match=f"t.json:3: sentence 7: .*{expected}"):
                placer.place(SENTENCE, *span, "t.json:3")
        else:
            assert placer.place(SENTENCE, *span, "t.json:3") == expected
            assert sum(placer.counts.values()) == (expected != words)
