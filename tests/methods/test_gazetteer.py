"""The gazetteer finds what it has seen, the longest first, from left to right."""

from hypothesis import given
from hypothesis import strategies as st

from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.records import Cost
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet
from zsbench.methods.ner import Problem
from zsbench.methods.ner.gazetteer import find, gazetteer, learn

WORDS = st.lists(st.sampled_from("abc"), max_size=8).map(tuple)


def train(*rows):
    """Return a training set of (words, spans) rows."""
    return SentenceSet(
        [Sentence(str(n), tuple(words.split())) for n, (words, _) in enumerate(rows)], [r for _, r in rows]
    )


def test_equally_frequent_labels_are_settled_by_the_alphabet():
    rows = [("x y", [(0, 0, "b"), (1, 1, "b")]), ("x y", [(0, 0, "a"), (1, 1, "c")]), ("y", [(0, 0, "c")])]
    assert learn(train(*rows)) == {("x",): "a", ("y",): "c"}


def test_a_mention_without_borders_teaches_nothing():
    assert learn(train(("x", [Mention(None, None, "a", None, "z")]))) == {}


def test_labels_that_are_not_asked_keep_their_mentions_from_others():
    run = RunContext("auto", Cache(None), 0, Cost())
    data = train(("x y", [(0, 1, "misc")]), ("y", [(0, 0, "a")]))
    tag = gazetteer()(None, Problem(["a"], data), run)
    assert tag([Sentence("s", ("x", "y", "y"))]) == [[Mention(2, 2, "a")]]
    assert run.notes["counts"] == {"found mentions of labels that are not asked": 1}


@given(st.dictionaries(WORDS.filter(len), st.sampled_from(["p", "q"]), max_size=5), WORDS)
def test_what_is_found_is_a_name_and_nothing_longer_was_there(names, words):
    found = find(words, names, max(map(len, names), default=0))
    taken = [(span.start, span.end) for span in found]
    assert taken == sorted(taken)
    free = 0
    for start, end in taken:
        assert not any(words[i:j] in names for i in range(free, start) for j in range(i + 1, len(words) + 1))
        assert words[start : end + 1] in names
        assert not any(words[start:j] in names for j in range(end + 2, len(words) + 1))
        free = end + 1
    assert not any(words[i:j] in names for i in range(free, len(words)) for j in range(i + 1, len(words) + 1))
