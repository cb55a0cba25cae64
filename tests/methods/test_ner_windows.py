"""Sentences longer than a model reads: windows that overlap, spans put back in place, cuts counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.config.blocks import Block
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Problem
from zsbench.methods.ner._windows import candidates, windows
from zsbench.methods.ner.span_threshold import span_threshold
from zsbench.results import protocols


class Names:
    """Finds runs of words that begin with N, reading a few words; a word's number is its score."""

    def __init__(self, max_words, max_width, answers=""):
        self.answers = answers
        self.max_words, self.max_width, self.cost = max_words, max_width, Cost()

    def span_candidates(self, sentences, labels, *, threshold):
        return [list(self._found(sentence.words, labels[0])) for sentence in sentences]

    def _found(self, words, label):
        assert self.max_words is None or len(words) <= self.max_words
        for start in range(len(words)):
            for end in range(start, min(start + (self.max_width or len(words)), len(words))):
                if all(word.startswith("N") for word in words[start : end + 1]):
                    yield Mention(start, end, label, (end - start + 1) / 10)


def tagger(model, **options):
    """Return what tags one label with the model, and the run's notes."""
    run = RunContext("auto", Cache(None), 0, model.cost)
    return span_threshold(threshold=0.0, **options)(model, Problem(["x"]), run), run.notes


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
    tag, _ = tagger(model, overflow=overflow)
    spans = tag([Sentence("s", ("o", "o", "o", "o", "N", "N"))])
    assert [span.end for span in spans[0]] == ends
    assert model.cost.truncated_items == cut


def test_overlaps_are_settled_by_the_rule_unless_the_model_does_it():
    sentences, every = [Sentence("s", ("N", "N"))], [(0, 0), (0, 1), (1, 1)]
    for answers, decoding, spans, said in [
        ("", None, [(0, 1)], "flat"),
        ("longest first", None, every, "model (longest first)"),
        ("longest first", "flat", [(0, 1)], None),
        ("longest first", "model", every, None),
    ]:
        tag, notes = tagger(Names(9, 2, answers), decoding=decoding)
        assert [span[:2] for span in tag(sentences)[0]] == spans
        assert notes == ({} if said is None else {"settled": {"decoding": said}})
    with pytest.raises(UserError, match="candidates"):
        tagger(Names(9, 2), decoding="model")


def test_what_a_model_settles_stands_in_the_head_and_is_no_part_of_the_question():
    block = Block("methods", "span-threshold", {"threshold": 0.3})
    assert "decoding" not in block.settings()
    assert block.settings({"decoding": "model (longest, then first)"}).startswith(
        "threshold 0.3, decoding model (longest, then first), "
    )
    for rule in ("flat", "model (longest, then first)"):
        stated = f"exact spans; asked: a as b; {block.settings({'decoding': rule})}"
        assert protocols.of_task(stated, block.described()) == "exact spans; asked: a as b"
    given = {"name": "span-threshold", "decoding": "nested"}
    assert protocols.of_task("exact spans; threshold 0.5, decoding nested, overflow chunk", given) == "exact spans"
