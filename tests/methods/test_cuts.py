"""Texts in every script are cut where a limit says so, by words and by tokens, and every text that is cut is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.methods.test_rankers import Random
from zsbench.core.errors import RunError, UserError
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank import cuts
from zsbench.methods.rerank.first import FirstPrompt, first
from zsbench.methods.rerank.icr import icr
from zsbench.methods.rerank.listwise_likelihood import listwise_likelihood
from zsbench.methods.rerank.monot5 import monot5
from zsbench.methods.rerank.pairwise import pairwise
from zsbench.methods.rerank.pointwise import pointwise
from zsbench.methods.rerank.query_likelihood import query_likelihood
from zsbench.methods.rerank.rankgpt import rankgpt
from zsbench.methods.rerank.setwise import setwise
from zsbench.methods.shared.document_texts import Cut

CHINESE, THAI = "東京都に住んでいます。" * 20, "สวัสดีชาวโลกทั้งหลาย" * 20
LATIN, LONG_WORD = "one two three four five " * 40, "abcdefghij" * 60
LONG = {"Chinese": CHINESE, "Thai": THAI, "Latin": LATIN, "one long word": LONG_WORD}


class Bytes(Random):
    """A model of 4,000 tokens, one a byte of UTF-8, that answers at random."""

    max_tokens = 4000

    def __init__(self):
        super().__init__(0)
        self.read = []

    def tokenize(self, text, *, special):
        offsets = [(i, i + 1) for i, c in enumerate(text) for _ in c.encode()]
        return list(text.encode()), offsets

    def next_token_logits(self, ids):
        import numpy as np

        self.read.append(len(ids))
        return np.array([self.random.random() for _ in range(256)], np.float32)

    def attention_mass(self, prefix, tails, *, n_layers=None):
        import numpy as np

        self.read += [len(prefix) + len(tail) for tail in tails]
        draw = np.random.default_rng(0)
        return [draw.random((1, 1, len(prefix) + len(tail))).astype(np.float32) for tail in tails]

    def generate(self, prompts, *, max_new_tokens, stop=()):
        self.read += [len(prompt.text.encode()) for prompt in prompts]
        return ["A"] * len(prompts)

    def label_logits(self, prompts, labels):
        self.read += [len(prompt.text.encode()) for prompt in prompts]
        return super().label_logits(prompts, labels)

    def target_logprobs(self, prompts, targets):
        self.read += [len(prompt.text.encode()) for prompt in prompts]
        return super().target_logprobs(prompts, targets)


class Small(Bytes):
    max_tokens = 1200


def item(text, query="why", n=4):
    return RankItem("q", query, tuple(Document(f"d{i}", text + str(i)) for i in range(n)))


# --- words and tokens


@given(st.text(alphabet="abc \n東京ก็ำ你好一二é", max_size=30), st.integers(0, 12))
def test_a_text_has_no_more_words_than_the_limit_and_loses_none_within_it(text, limit):
    cut = cuts.cut_words(text, limit)
    assert cuts.n_words(cut) == min(limit, cuts.n_words(text))
    assert "".join(text.split()).startswith("".join(cut.split()))
    if not cuts.unparted(text):
        assert cut == " ".join(text.split()[:limit])
    assert cuts.cut_words(text, None) == text


def test_words_are_characters_with_their_marks_where_no_blanks_part_them():
    assert cuts.n_words("東京 Tokyo 都") == 4
    assert cuts.cut_words("ก็ดี", 1) == "ก็"
    assert cuts.cut_words("abc東京def ghi", 3) == "abc東京"
    assert cuts.cut_words("abc東京def ghi", 4) == "abc東京def"
    assert cuts.cut_words("漢\u3099字", 1) == "漢\u3099"


@given(st.text(alphabet="ab é東京𠀋 ", max_size=12), st.integers(0, 40))
def test_no_more_tokens_than_the_limit_are_left_and_no_character_is_split(text, limit):
    cut = cuts.cut_tokens(Bytes(), text, limit)
    assert len(cut.encode()) <= limit
    assert text.startswith(cut)
    following = text[len(cut) : len(cut) + 1]
    assert not following or len((cut + following).encode()) > limit


@pytest.mark.parametrize("script", LONG)
def test_texts_that_fit_stay_and_others_get_as_much_room_as_there_is(script):
    model, texts = Bytes(), [LONG[script], "short"]

    def length(shown):
        return sum(len(text.encode()) for text in shown) + 10

    for room in (None, 4000):
        model.max_tokens = room
        assert cuts.fitted(model, texts, length) == texts
    model.max_tokens = 100
    cut = cuts.fitted(model, texts, length)
    assert length(cut) <= 100 < length(cut) + 4
    assert (cut[1], model.cost.truncated_items) == ("short", 1)
    model.max_tokens = 11
    with pytest.raises(RunError, match="a token of each"):
        cuts.fitted(model, texts, length)


# --- every ranker

PLAIN = FirstPrompt(chat=False, system=None, head="", tail="{query}", answer="")
CUT = Cut(passage=30, query=8)
RANKERS = {
    "pointwise": pointwise(cut=CUT),
    "query-likelihood": query_likelihood(cut=CUT),
    "monot5": monot5(max_tokens=90),
    "pairwise": pairwise(cut=CUT),
    "setwise": setwise(cut=CUT),
    "listwise-likelihood": listwise_likelihood(cut=CUT),
    "rankgpt": rankgpt(max_words=None, max_tokens=30, prompt="single", max_new_tokens=1),
    "rankgpt, words": rankgpt(max_words=12, prompt="single", max_new_tokens=1),
    "first, words": first(max_words=12, prompt=PLAIN),
    "icr, words": icr(max_words=12, calibration="none"),
}
BY_WORDS = {"rankgpt, words", "first, words", "icr, words"}


@pytest.mark.parametrize("script", LONG)
@pytest.mark.parametrize("name", RANKERS)
def test_every_passage_that_is_cut_is_counted_once(name, script):
    if name in BY_WORDS and script == "one long word":
        pytest.skip("a word is not cut by words")
    model = Bytes()
    RANKERS[name](model, item(LONG[script]), None)
    assert model.cost.truncated_items == 4
    RANKERS[name](model, item("x"), None)
    assert model.cost.truncated_items == 4


@pytest.mark.parametrize("script", LONG)
@pytest.mark.parametrize("name", ["pointwise", "query-likelihood", "pairwise", "setwise", "listwise-likelihood"])
def test_a_query_that_is_cut_is_counted(name, script):
    model = Bytes()
    RANKERS[name](model, item("x", LONG[script]), None)
    assert model.cost.truncated_items == 1


@pytest.mark.parametrize("script", LONG)
@pytest.mark.parametrize(
    ("rank", "prompts"), [(first(prompt=PLAIN), 1), (icr(), 1), (first(prompt=PLAIN, window=3, step=1), 2)]
)
def test_prompts_that_do_not_fit_lose_tokens_of_their_passages(rank, prompts, script):
    model = Small()
    assert sorted(rank(model, item(LONG[script] * 2), None)) == list(range(4))
    assert max(model.read) <= Small.max_tokens
    assert max(model.read) > Small.max_tokens - 30
    # Latin words are more than 300, characters of the others as well; a long word is one.
    assert model.cost.truncated_items == prompts + (0 if script == "one long word" else 4)


def test_a_query_longer_than_the_model_reads_is_an_error_that_names_what_helps():
    for rank in (first(prompt=PLAIN), icr()):
        with pytest.raises(RunError, match="window"):
            rank(Small(), item("some text", "q" * 3000), None)


@pytest.mark.parametrize("script", LONG)
def test_monot5_cuts_a_query_that_leaves_the_document_no_room(script):
    model = Bytes()
    monot5(max_tokens=60)(model, item("y" * 50, LONG[script]), None)
    assert max(model.read) <= 60
    assert model.cost.truncated_items == 5
    with pytest.raises(UserError, match="max_tokens: 27 tokens, of which the wording takes 28"):
        monot5(max_tokens=27)(Bytes(), item("text"), None)


def test_an_empty_query_is_a_tie_to_query_likelihood():
    order = query_likelihood()(Bytes(), item("text", " "), None)
    assert (order, order.tied) == ([0, 1, 2, 3], True)


def test_windows_move_by_half_their_size_where_nothing_else_is_said():
    seen = []

    class Judge(Bytes):
        def generate(self, prompts, *, max_new_tokens, stop=()):
            seen.extend(prompt.text.count("text") for prompt in prompts)
            return [""]

    rankgpt(window=4, prompt="single", max_new_tokens=1)(Judge(), item("text", n=8), None)
    assert seen == [4, 4, 4]
