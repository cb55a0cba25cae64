"""BM25's tokens in every script, and messages that say what an analyzer reads."""

import math
import random
import re

import bm25s
import numpy as np
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from zsbench.core import cache, ties
from zsbench.core.errors import UserError
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import Document
from zsbench.search import anserini, bm25
from zsbench.search.analyzers import unicode_tokens, words_of
from zsbench.search.anserini import stored_lengths
from zsbench.search.bm25 import Bm25

CHINESE = {"d1": "北京是中国的首都", "d2": "东京是日本的首都", "d3": "天气很好"}


def collection(documents, queries):
    return Collection({key: Document(key, text) for key, text in documents.items()}, queries, {})


@pytest.mark.parametrize(
    ("text", "words", "bigrams"),
    [
        ("TNF-α don't a_b 3.5", ["tnf", "α", "don", "t", "a", "b", "3", "5"], None),
        ("Café cafe\u0301", ["café", "café"], None),
        ("Straße ΣΊΣΥΦΟΣ", ["strasse", "σίσυφοσ"], None),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"], None),
        ("می\u200cخواهم", ["می\u200cخواهم"], None),
        ("❤\ufe0f !?", [], None),
        ("ＡＢ１２", ["ab12"], None),
        ("東京都 x中y", ["東京都", "x中y"], ["東京", "京都", "x", "中", "y"]),
        ("データ", ["データ"], ["デー", "ータ"]),
        ("ﾃﾞｰﾀ", ["データ"], ["デー", "ータ"]),
        ("한국어 문서", ["한국어", "문서"], ["한국", "국어", "문서"]),
        ("ที่นี่", ["ที่นี่"], ["ที่นี่"]),
    ],
)
def test_tokens_of_every_script(text, words, bigrams):
    assert unicode_tokens(text, bigrams=False) == words
    assert unicode_tokens(text, bigrams=True) == (words if bigrams is None else bigrams)


# Texts and their words as Lucene has them: cut by UAX 29 (rules are named), then stemmed by Porter's steps.
ANSERINI = {
    "A 3-D x of the TNF-alpha": "3 d x tnf alpha",
    "O'Neill's can't cats' it's": "o'neil can't cat",  # WB6 and WB7 before possessives, these before stop words
    "e.g. example.com a:b 1.5 1,000;2 b.1 1.b": "e.g example.com a:b 1.5 1,000;2 b 1 1 b",  # WB6, WB7, WB11, WB12
    "snake_case __x__ __ x_.y": "snake_cas __x__ x_ y",  # WB13a, WB13b
    "is us as dies skies": "us di ski",
    "possibly possible technologies biology apology": "possibl possibl technolog biologi apolog",
    "statins\u2019 Doctor\u2019s naïve cafés β-cell": "statin doctor naïv café β cell",
    "東京 データ あい 한국어 ไทย": "東 京 データ あ い 한국어 ไทย",
    "Windows® ❤\ufe0f \U0001f468\u200d\U0001f469 ?!": "window ® ❤\ufe0f \U0001f468\u200d\U0001f469",
    "12\u202f345": "12\u202f345",
}


def test_anserinis_words_are_lucenes():
    pytest.importorskip("Stemmer")
    words = words_of("anserini")
    assert {text: " ".join(words(text)) for text in ANSERINI} == ANSERINI


@given(st.text(st.sampled_from("aZ0y_.:,;' -\n")))
def test_anserinis_words_of_ascii_are_those_of_every_script(text):
    assert re.findall(anserini._ASCII_WORD, text) == regex.findall(anserini._UNICODE_WORD, text)


def test_lengths_are_those_that_lucene_stores():
    # `SmallFloat.byte4ToInt` gives every length below 40, then every second one, every fourth, ...
    assert stored_lengths(np.arange(88)).tolist() == [
        n if n < 40 else n // 2 * 2 if n < 56 else n // 4 * 4 for n in range(88)
    ]
    assert stored_lengths(np.asarray([2**31 - 1])).tolist() == [24 + (15 << 27)]


def test_on_ascii_text_words_are_what_plain_reads():
    documents = {"d1": "The cat's 2nd hat", "d2": "a DOG in_the house", "d3": ""}
    plain, words = (Bm25(collection(documents, {"q": "x"}), analyzer=name) for name in ("plain", "words"))
    for query in ("cat hat", "The house in", "nothing"):
        assert plain.scores(query).tolist() == words.scores(query).tolist()


def test_bigrams_find_chinese_documents():
    index = Bm25(collection(CHINESE, {"q": "x"}), analyzer="bigrams")
    assert next(iter(index.top("中国的首都", 3))) == "d1"
    assert next(iter(index.top("日本", 3))) == "d2"
    assert not index.top("音乐", 3)


@pytest.mark.parametrize(
    ("documents", "queries", "options", "message"),
    [
        (CHINESE, {"q": "首都"}, {}, r"no document has a token for `analyzer: plain`.*a to z.*`analyzer: words`"),
        ({"d1": "", "d2": "  "}, {"q": "x"}, {}, "no document has any text"),
        ({"d1": "!?"}, {"q": "x"}, {"analyzer": "words"}, "no document has a token for `analyzer: words`"),
        ({"d1": "a cat"}, {"q1": "", "q2": " "}, {}, "no query has any text.*topics"),
    ],
)
def test_the_message_tells_the_truth(documents, queries, options, message):
    with pytest.raises(UserError, match=message):
        Bm25(collection(documents, queries), **options)


def test_a_query_without_any_token_finds_nothing_and_says_so():
    index = Bm25(collection({"d1": "a cat"}, {"q1": "cat", "q2": "猫"}))
    assert index.tokens("猫") == []
    assert not index.top("猫", 1)
    assert index.scores("猫").tolist() == [0]


ANALYSIS = {
    "plain": {"token_pattern": r"[a-z0-9]+", "stopwords": None},
    "english": {"stopwords": "en"},
}


@pytest.mark.parametrize("analyzer", ANALYSIS)
@pytest.mark.parametrize(("k1", "b"), [(0.9, 0.4), (1.2, 0.75), (0.0, 0.0)])
def test_scores_are_those_of_bm25s_to_the_last_bit(analyzer, k1, b):
    options = {**ANALYSIS[analyzer], "show_progress": False}
    if analyzer == "english":
        options["stemmer"] = pytest.importorskip("Stemmer").Stemmer("english")
    draw = random.Random(0)
    words = ["Run", "running", "the", "cat's", "café", "x1", "of", "a", "naïve", *(f"w{n}" for n in range(80))]
    texts = [" ".join(draw.choices(words, k=draw.randint(0, 40))) for _ in range(300)]
    theirs = bm25s.BM25(k1=k1, b=b, method="lucene")
    theirs.index(bm25s.tokenize(texts, **options), show_progress=False)
    ours = Bm25(collection(dict(enumerate(texts)), {"q": "x"}), k1=k1, b=b, analyzer=analyzer)
    for _ in range(50):
        query = " ".join(draw.choices(words, k=5)) + " unknown"
        [tokens] = bm25s.tokenize([query], return_ids=False, **options)
        assert ours.tokens(query) == tokens
        assert ours.scores(query).tolist() == theirs.get_scores(tokens).tolist()


def test_a_large_index_is_kept_by_the_content_of_the_documents(tmp_path, monkeypatch):
    monkeypatch.setattr(bm25, "_LARGE", 2)
    monkeypatch.setattr(cache, "_current", cache.Cache(tmp_path))
    built, build = [], bm25.build
    monkeypatch.setattr(bm25, "build", lambda *given, **options: built.append(1) or build(*given, **options))

    def scores(documents, **options):
        return Bm25(collection(documents, {"q": "x"}), **options).scores("a cat").tolist()

    first, other = {"d1": "a cat", "d2": "a dog"}, {"d1": "a cat", "d2": "the dog"}
    wanted = scores(first)
    assert scores(first) == wanted
    assert len(built) == 1
    assert scores(other) != wanted
    assert scores(first, k1=1.2) != wanted
    assert scores(first, analyzer="words") == wanted
    assert len(built) == 4


@pytest.mark.parametrize("depth", [1, 3, 500])
def test_the_best_and_the_scores_of_some_are_those_of_all(depth):
    draw = random.Random(1)
    words = [f"w{n}" for n in range(9)]
    documents = {f"d{n}": " ".join(draw.choices(words, k=draw.randint(0, 6))) for n in range(700)}
    index = Bm25(collection(documents, {"q": "x"}))
    for query in ("w1", "w2 w3 w3", "w4 w5 unknown", "unknown", ""):
        scores = dict(zip(documents, index.scores(query).tolist(), strict=True))
        positive = {name: score for name, score in scores.items() if score > 0}
        wanted = ties.best_first(positive, query)[:depth]
        assert list(index.top(query, depth).items()) == [(name, positive[name]) for name in wanted]
        some = draw.sample(list(documents), 50)
        assert index.scores_of(query, some).tolist() == [scores[name] for name in some]


def test_one_index_stays_in_memory(monkeypatch):
    documents = {"d1": "a cat", "d2": "a dog"}
    options = {"k1": 0.9, "b": 0.4, "analyzer": "plain"}
    first = bm25.indexed(collection(documents, {"q": "x"}), **options)
    assert bm25.indexed(collection(documents, {"q": "y"}), **options) is first
    assert bm25.indexed(collection({**documents, "d3": "a"}, {"q": "x"}), **options) is not first


TITLED = st.lists(
    st.tuples(st.text("ab ", max_size=6), st.text("abc ", max_size=8)).filter(lambda pair: pair[1].strip()), min_size=1
)


def one_field(texts, query, k1, b):
    """BM25 of one field by its formula: N, df and the mean length over the texts that have a word."""
    words = [text.split() for text in texts]
    held = [own for own in words if own]
    mean = sum(map(len, held)) / max(1, len(held))

    def score(own):
        total = 0.0
        for word in query.split():
            df = sum(word in other for other in held)
            idf = math.log(1 + (len(held) - df + 0.5) / (df + 0.5))
            tf = own.count(word)
            total += idf * tf / (tf + k1 * (1 - b + b * len(own) / mean)) if tf else 0.0
        return total

    return np.array([score(own) for own in words])


@given(TITLED, st.floats(0.1, 3), st.floats(0.1, 3))
def test_fields_have_statistics_of_their_own_and_add_up(documents, of_title, of_text):
    pool = Collection({str(i): Document(str(i), text, title) for i, (title, text) in enumerate(documents)}, {}, {})
    index = Bm25(pool, k1=1.2, b=0.7, fields={"title": of_title, "text": of_text})
    for query in ("a", "b c", "a a c", "d"):
        titles, texts = (one_field([pair[side] for pair in documents], query, 1.2, 0.7) for side in (0, 1))
        np.testing.assert_allclose(index.scores(query), of_title * titles + of_text * texts, rtol=1e-4, atol=1e-6)


def test_a_document_without_a_text_is_in_no_field_and_an_empty_field_adds_nothing():
    documents = {"a": Document("a", "", "cat"), "b": Document("b", "dog", "cat"), "c": Document("c", "cat dog", "")}
    index = Bm25(Collection(documents, {}, {}), fields={"title": 1.0, "text": 1.0})
    assert index.top("cat", 3).keys() == {"b", "c"}
    bare = {key: Document(key, text) for key, text in CHINESE.items()} | {
        "x": Document("x", "a b a"),
        "y": Document("y", "b"),
    }
    both = Bm25(Collection(bare, {}, {}), fields={"title": 5.0, "text": 1.0}, analyzer="words")
    whole = Bm25(Collection(bare, {}, {}), analyzer="words")
    assert both.scores("a b 天气很好").tolist() == whole.scores("a b 天气很好").tolist()


def test_a_large_fielded_index_is_kept_under_its_own_key(tmp_path, monkeypatch):
    monkeypatch.setattr(bm25, "_LARGE", 1)
    pool = Collection({"a": Document("a", "dog", "cat"), "b": Document("b", "cat", "dog")}, {}, {})
    monkeypatch.setattr(cache, "_current", cache.Cache(tmp_path))
    found = [Bm25(pool, fields=fields).scores("cat").tolist() for fields in ({}, {"title": 2.0}, {"text": 1.0}) * 2]
    assert found[:3] == found[3:]
    assert found[0][0] == found[0][1]
    assert found[1][1] == 0 < found[1][0]
    assert found[1][0] == pytest.approx(2 * found[2][1])
