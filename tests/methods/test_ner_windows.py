"""Sentences longer than a model reads: windows that overlap, spans put back in place, cuts counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.core.records import Cost
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner._windows import candidates, windows
from zsbench.methods.ner.span_threshold import span_threshold


class Names:
    """Finds runs of words that begin with N, reading a few words; a word's number is its score."""

    answers = ""

    def __init__(self, max_words, max_width):
        self.max_words, self.max_width, self.cost = max_words, max_width, Cost()

    def span_candidates(self, sentences, labels, *, threshold):
        return [list(self._found(sentence.words, labels[0])) for sentence in sentences]

    def _found(self, words, label):
        assert self.max_words is None or len(words) <= self.max_words
        for start in range(len(words)):
            for end in range(start, min(start + (self.max_width or len(words)), len(words))):
                if all(word.startswith("N") for word in words[start : end + 1]):
                    yield Mention(start, end, label, (end - start + 1) / 10)


@given(
    st.lists(st.sampled_from(["N", "o"]), min_size=1, max_size=30),
    st.integers(1, 4),
    st.integers(2, 9),
)
def test_parted_sentences_have_the_candidates_of_whole_ones(words, width, size):
    sentence = Sentence("s", tuple(words))
    whole = candidates(Names(None, width), [sentence], ["x"], 0.0, "chunk")
    parted = candidates(Names(max(size, 2 * width), width), [sentence], ["x"], 0.0, "chunk")
    assert sorted(parted[0]) == sorted(whole[0])


def test_windows_cover_every_word_and_overlap_by_a_span():
    parts = windows([Sentence("s", tuple(map(str, range(10))))], 4, 2, "chunk")
    assert [part.offset for part in parts] == [0, 2, 4, 6]
    assert parts[-1].sentence.words == ("6", "7", "8", "9")
    assert len(windows([Sentence("s", ("a",) * 4)], 4, 2, "chunk")) == 1


@pytest.mark.parametrize(("overflow", "ends", "cut"), [("chunk", [5], 0), ("cut", [], 1)])
def test_a_cut_sentence_is_counted_and_a_parted_one_is_not(overflow, ends, cut):
    model = Names(3, 2)
    tag = span_threshold(overflow=overflow)
    spans = tag(model, [Sentence("s", ("o", "o", "o", "o", "N", "N"))], ["x"])
    assert [span.end for span in spans[0]] == ends
    assert model.cost.truncated_items == cut
