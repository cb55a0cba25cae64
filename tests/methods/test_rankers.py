"""Sorting, parsing and windows keep their promises for any judge and any text; rankers count what they cost."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zsbench.core.cache import Cache
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import Cost
from zsbench.core.templates import fill
from zsbench.data.collections.documents import Document, RankItem
from zsbench.engine import local
from zsbench.methods.rerank import _sorting as sorting
from zsbench.methods.rerank._parse import choice, lenient, named, strict
from zsbench.methods.rerank._permutation import STYLES, RankPrompt, build
from zsbench.methods.rerank._windows import slide, windows
from zsbench.methods.rerank.cross_encoder import cross_encoder
from zsbench.methods.rerank.dense import dense, scores
from zsbench.methods.rerank.listwise_likelihood import listwise_likelihood
from zsbench.methods.rerank.monot5 import monot5
from zsbench.methods.rerank.pairwise import pairwise
from zsbench.methods.rerank.pointwise import pointwise
from zsbench.methods.rerank.query_likelihood import query_likelihood
from zsbench.methods.rerank.rankgpt import rankgpt
from zsbench.methods.rerank.scores import best_first, log_probability
from zsbench.methods.rerank.setwise import setwise
from zsbench.methods.shared.document_texts import NO_CUT, Cut, converses, cut_tokens, shown
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

sizes = st.integers(0, 14)
relevances = st.lists(st.integers(0, 1000), min_size=0, max_size=14, unique=True)


class Words:
    """Splits texts into words; answers nothing."""

    def __init__(self):
        self.cost, self.calls = Cost(), []

    def tokenize(self, text, *, special):
        offsets, at = [], 0
        for word in text.split():
            at = text.index(word, at)
            offsets.append((at, at + len(word)))
            at += len(word)
        return list(range(len(offsets) + special)), offsets + [(0, 0)] * special


class Random(Words):
    """Answers anything: random logits and log-probabilities, random text."""

    def __init__(self, seed):
        super().__init__()
        self.random = random.Random(seed)

    def label_logits(self, prompts, labels):
        self.calls.append(prompts)
        return np.array([[self.random.gauss(0, 1) for _ in labels] for _ in prompts]).reshape(-1, len(labels))

    def target_logprobs(self, prompts, targets):
        self.calls.append(prompts)
        return [np.array([self.random.gauss(0, 1) for _ in target.split()]) for target in targets]

    def generate(self, prompts, *, max_new_tokens, stop=()):
        self.calls.append(prompts)
        return ["".join(self.random.choices("[]> ABCDX12345 the\n", k=self.random.randrange(12))) for _ in prompts]


class Endpoint(Words):
    """Writes a given answer and has neither tokenizer nor probabilities."""

    tokenize = property()

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def generate(self, prompts, *, max_new_tokens, stop=()):
        self.calls.append(prompts)
        return [self.answer] * len(prompts)


def item(n, query="what is it"):
    return RankItem("q", query, tuple(Document(f"d{i}", f"passage number {i}") for i in range(n)))


def truth(relevance, k):
    return sorted(range(len(relevance)), key=lambda i: -relevance[i])[:k]


# --- sorting


@given(relevances, st.integers(1, 16), st.integers(1, 5))
def test_a_perfect_judge_finds_the_best_k(relevance, k, children):
    n = len(relevance)

    def judge(pairs):
        return [1 if relevance[a] > relevance[b] else -1 for a, b in pairs]

    def pick(candidates):
        return int(np.argmax([relevance[i] for i in candidates]))

    duel = sorting.champion(judge)
    orders = [
        sorting.allpair(n, judge),
        sorting.allpair(n, sorting.once_each(judge), ties="first-point"),
        sorting.heapsort(n, k, duel),
        sorting.heapsort(n, k, pick, children=children),
        sorting.heapsort(n, k, sorting.once(pick), children=children),
        sorting.bubblesort(n, k, duel),
        sorting.bubblesort(n, k, pick, children=children),
        sorting.bubblesort(n, k, sorting.once(pick), children=children),
        sorting.bubblesort_skipping_pairs(n, k, duel),
    ]
    for order in orders:
        assert sorting.top_k(order, n, k)[:k] == truth(relevance, k)


@given(sizes, st.integers(1, 16), st.integers(1, 5), st.integers(0, 99))
def test_any_judge_leaves_a_permutation_and_the_rest_in_place(n, k, children, seed):
    dice = random.Random(seed)

    def judge(pairs):
        return [dice.choice((-1, 0, 1)) for _ in pairs]

    def pick(candidates):
        assert candidates
        return dice.randrange(len(candidates))

    duel = sorting.champion(judge)
    orders = [
        sorting.allpair(n, judge),
        sorting.allpair(n, judge, ties="first-point"),
        sorting.heapsort(n, k, pick, children=children),
        sorting.bubblesort(n, k, pick, children=children),
        sorting.bubblesort_skipping_pairs(n, k, duel),
        sorting.bubblesort_skipping_sets(n, k, pick, children=children),
    ]
    for order in orders:
        found = sorting.top_k(order, n, k)
        assert sorted(found) == list(range(n))
        assert found[k:] == sorted(found[k:])


def test_equal_points_keep_the_first_stage_order():
    def judge(pairs):  # all contradictions but one: 3 beats 0
        return [-1 if pair == (0, 3) else 0 for pair in pairs]

    assert sorting.allpair(4, judge) == [3, 1, 2, 0]

    def circle(pairs):  # 2 beats 0, 0 beats 1, 1 beats 2: one point each
        return [{(0, 1): 1, (0, 2): -1, (1, 2): 1}[pair] for pair in pairs]

    assert sorting.allpair(3, circle) == [0, 1, 2]
    assert sorting.allpair(3, circle, ties="first-point") == [0, 2, 1]


def test_a_candidate_without_a_point_is_left_out_by_the_public_rule_and_comes_back_at_its_place():
    def judge(pairs):  # 0 loses both, 2 beats 1
        return [-1 for _ in pairs]

    assert sorting.allpair(3, judge, ties="first-point") == [2, 1]
    assert sorting.top_k([2, 1], 3, 10) == [2, 1, 0]


def test_a_question_is_put_once():
    asked = []

    def judge(pairs):
        asked.extend(pairs)
        return [1 for _ in pairs]

    remember = sorting.once_each(judge)
    assert remember([(0, 1), (2, 1)]) == [1, 1]
    assert remember([(1, 0), (0, 1), (0, 2)]) == [-1, 1, 1]
    assert asked == [(0, 1), (2, 1), (0, 2)]


def test_answers_of_both_orders_become_a_verdict():
    assert sorting.verdicts([1, -1, -1, 1, 1, 1, -1, -1, 0, -1], absolute=True) == [1, -1, 0, 0, 0]
    assert sorting.verdicts([-0.1, -0.2, -3, -1, -2, -2], absolute=False) == [1, -1, 0]


# --- windows


@given(sizes, st.integers(1, 8), st.integers(1, 8))
def test_covering_windows_leave_no_gap(n, size, step):
    if step > size:
        if size < n:
            with pytest.raises(UserError, match="step"):
                windows(n, size, step)
        return
    found = windows(n, size, step)
    assert {i for start, end in found for i in range(start, end)} == set(range(n))
    assert all(0 <= start < end <= n and end - start <= size for start, end in found)
    assert not found or (found[0][1] == n and found[-1][0] == 0)


@given(relevances, st.integers(2, 8), st.data())
def test_one_pass_of_a_perfect_judge_carries_the_best_to_the_head(relevance, size, data):
    step = data.draw(st.integers(1, size - 1))
    order = slide(len(relevance), size, step, lambda window: sorted(window, key=lambda i: -relevance[i]))
    assert order[: size - step] == truth(relevance, size - step)
    passes = slide(len(relevance), size, step, lambda w: sorted(w, key=lambda i: -relevance[i]), repeats=14)
    assert passes == truth(relevance, len(relevance))


# --- parsers


@given(st.text(), sizes, st.booleans())
def test_any_text_is_read_as_a_permutation(text, n, letters):
    for read in (named, lenient, strict):
        order, well_formed, n_named = read(text, n, letters=letters)
        assert sorted(order) == list(range(n))
        assert n_named == n or not well_formed
        assert n_named or order == list(range(n))


@given(st.text(alphabet="[]> 0123456789①²３AB\n", max_size=40), st.integers(1, 5))
def test_texts_near_the_format_are_read_as_a_permutation(text, n):
    for read in (named, lenient, strict):
        for letters in (False, True):
            assert sorted(read(text, n, letters=letters).order) == list(range(n))


@given(st.permutations(range(9)), st.booleans(), st.booleans())
def test_what_was_asked_for_is_read_as_it_stands(order, letters, opened):
    names = [chr(ord("A") + i) if letters else str(i + 1) for i in order]
    text = " > ".join(f"[{name}]" for name in names)
    for read in (named, lenient, strict):
        assert read(text[opened:], 9, letters=letters) == (order, True, 9)
        assert read(text + "\n\nI hope this helps.", 9, letters=letters) == (order, True, 9)


def test_readers_at_the_edges():
    assert lenient("1" * 5000, 3) == ([0, 1, 2], False, 0)
    assert lenient("[2] > [1]", 3) == ([1, 0, 2], False, 2)
    assert lenient("AB", 12, letters=True).order[0] == 11
    assert strict("[1] > [1] > [2]", 3) == ([0, 1, 2], False, 0)
    assert strict("[2] > [1] > [3] > [9]", 3) == ([1, 0, 2], True, 3)
    assert lenient("", 0) == ([], True, 0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("B", 1),
        (" b\n", 1),
        ("Passage B", 1),
        ("**C**", 2),
        ('"A".', 0),
        ("The most relevant passage is C: it says so.", 2),
        ("a good question; B", 1),
        ("A better one is passage C.", 2),
        ("AB", None),
        ("D", None),
        ("", None),
        ("Bread", None),
        ("neither", None),
    ],
)
def test_the_label_that_an_answer_names(text, found):
    assert choice(text, "ABC") == found


# --- texts and prompts


def test_texts_are_cut_by_words_or_tokens_and_counted():
    model, asked = Words(), RankItem("q", "one two three", (Document("a", "x  y z", "T"), Document("b", "u v")))
    assert shown(model, asked, Cut(passage=3, query=2)) == ("one two", ["T x  y", "u v"])
    assert shown(model, asked, Cut(unit="words", passage=3, query=None)) == ("one two three", ["T x y", "u v"])
    # The query once and the first passage twice.
    assert model.cost.truncated_items == 3
    assert shown(model, asked, NO_CUT)[1] == ["T x  y z", "u v"]
    assert model.cost.truncated_items == 3


def test_a_model_without_tokenizer_cannot_cut_by_tokens():
    with pytest.raises(UserError, match="unit: words"):
        cut_tokens(object(), "some text", 1)


@pytest.mark.parametrize("template", ["{nobody}", "{", "{0}", "{query.x}"])
def test_a_template_that_cannot_be_filled_in_is_named(template):
    with pytest.raises(UserError, match="cannot be filled in"):
        fill(template, query="q")


def test_braces_in_texts_are_left_alone():
    assert fill("{query}: {passage}", query="{x}", passage="{") == "{x}: {"


def test_who_converses():
    class Chat(Words):
        def chat(self, messages):
            return "<user>" + messages[-1]["content"]

    class Base(Chat):
        converses = False

    assert converses(Chat())
    assert not converses(Base())
    assert converses(Endpoint(""))  # only writes
    assert not converses(Random(0))  # probabilities, but no turns: an encoder-decoder


def test_ranking_prompts_in_other_identifiers_and_styles():
    documents = [Document("a", "see [A] and [2]", "Title"), Document("b", "plain")]
    passages = [RankPrompt().shown(document, 300) for document in documents]
    assert passages == ["Title: Title Content: see [A] and [2]", "plain"]
    asked = build(STYLES["rankllm"], passages, "why [1]", identifiers="alpha", chat=True)
    assert [message["role"] for message in asked.messages] == ["system", "user"]
    content = asked.messages[1]["content"]
    # RankLLM puts round brackets around numbers, whatever its identifiers are, in the query, too.
    assert "an alphabetical identifier []." in content
    assert "search query: why (1).\n[A] Title: Title Content: see [A] and (2)\n[B] plain\nSearch Query" in content
    assert "e.g., [B] > [A], Answer concisely" in content
    plain = build(RankPrompt(system="S", head="", tail="? {query}", answer="!"), ["x", "y"], "q", chat=False)
    assert (plain.text, plain.answer, plain.messages) == ("S\n\n[1] x\n[2] y? q", "!", ())


@pytest.mark.parametrize(("style", "example"), [("rankzephyr", "[2] > [1]"), ("rankvicuna", "[4] > [2]")])
def test_the_wording_that_distilled_rankers_were_trained_on(style, example):
    asked = build(STYLES[style], ["one", "two [7]"], "why", chat=True)
    system, user = (message["content"] for message in asked.messages)
    assert system.endswith("relevancy to the query.")
    assert "a numerical identifier []. Rank" in user
    assert "search query: why.\n\n[1] one\n[2] two (7)\nSearch Query: why.\nRank the 2 passages" in user
    assert user.endswith(f"e.g., {example}, Only respond with the ranking results, do not say any word or explain.")


def test_only_the_chat_style_removes_the_artefact_of_empty_titles():
    model, asked = Endpoint("[2] > [1]"), RankItem("q", "why", (Document("a", "Title: Content: x"), Document("b", "y")))
    for style in ("chat", "single", "rankllm"):
        rankgpt(prompt=style)(model, asked, None)
    chat, single, rankllm = (prompts[0] for prompts in model.calls)
    assert [turn["content"] for turn in chat.messages if turn["content"].startswith("[1]")] == ["[1] x"]
    assert "[1] Title: Content: x\n" in single.messages[0]["content"]
    assert "[1] Title: Content: x\n" in rankllm.messages[1]["content"]
    rankgpt(prompt="chat", max_words=1)(model, asked, None)
    assert model.calls[-1][0].messages[3]["content"] == "[1] x"


# --- scores


def test_scores_order_with_ties_in_place_and_refuse_nan():
    assert best_first([0.5, 2.0, 0.5, -1.0]) == [1, 0, 2, 3]
    assert best_first([]) == []
    with pytest.raises(RunError, match="NaN"):
        best_first([1.0, float("nan")])


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=1, max_size=6))
def test_log_probability_is_that_of_a_softmax(pairs):
    logits = np.array(pairs)
    shifted = logits - logits.max(axis=1, keepdims=True)
    wanted = shifted[:, 0] - np.log(np.exp(shifted).sum(axis=1))
    np.testing.assert_allclose(log_probability(logits), wanted, rtol=1e-9, atol=1e-12)


def test_similarities():
    query, documents = np.array([3.0, 4.0]), np.array([[3.0, 4.0], [30.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(scores(query, documents, cosine=False), [25.0, 90.0, 0.0])
    np.testing.assert_allclose(scores(query, documents, cosine=True), [1.0, 0.6, 0.0])


# --- rankers

RANKERS = [
    pointwise(),
    query_likelihood(),
    query_likelihood(flavour="reference"),
    monot5(max_tokens=12),
    *(
        pairwise(sort=sort, scoring=scoring, k=k, flavour=flavour)
        for sort in ("allpair", "heapsort", "bubblesort")
        for scoring in ("likelihood", "generation", "duot5")
        for k, flavour in ((2, "correct"), (99, "reference"))
    ),
    *(
        setwise(sort=sort, scoring=scoring, k=k, flavour=flavour, num_child=num_child)
        for sort in ("heapsort", "bubblesort")
        for scoring in ("likelihood", "generation")
        for k, flavour, num_child in ((2, "correct", 2), (99, "reference", 3))
    ),
    listwise_likelihood(),
    listwise_likelihood(window=3, step=1, repeats=1, schedule="rankgpt"),
    *(
        rankgpt(window=4, step=2, prompt=prompt, parser=parser, identifiers=identifiers)
        for prompt in ("chat", "rankllm", "single")
        for parser in ("lenient", "strict")
        for identifiers in ("numeric", "alpha")
    ),
]


@settings(max_examples=25)
@given(sizes.filter(bool), st.integers(0, 9999))
def test_every_ranker_returns_a_permutation_whatever_the_model_says(n, seed):
    for rank in RANKERS:
        model = Random(seed)
        assert sorted(rank(model, item(n), None)) == list(range(n))
        assert model.cost.malformed_outputs <= 2 * model.cost.comparisons


@pytest.mark.parametrize("rank", [pointwise(), query_likelihood(), monot5()])
def test_all_candidates_of_a_query_are_scored_in_one_call(rank):
    model = Random(0)
    rank(model, item(7), None)
    assert [len(prompts) for prompts in model.calls] == [7]


def test_all_pairs_are_asked_in_one_call_and_in_both_orders():
    model = Random(0)
    pairwise(sort="allpair")(model, item(5), None)
    [prompts] = model.calls
    assert len(prompts) == 20
    assert model.cost.comparisons == 10
    first, second = prompts[:2]
    assert first.text.index("number 0") < first.text.index("number 1")
    assert second.text.index("number 1") < second.text.index("number 0")


def test_malformed_answers_are_counted_and_the_order_stays():
    model = Endpoint("I cannot rank these.")
    assert rankgpt(window=4, step=2)(model, item(8), None) == list(range(8))
    assert (model.cost.comparisons, model.cost.malformed_outputs) == (3, 3)
    words = Cut(unit="words")
    for rank in (setwise(scoring="generation", cut=words), pairwise(scoring="generation", cut=words)):
        model = Endpoint("neither")
        assert rank(model, item(8), None)[:8] in (list(range(8)), rank(Endpoint("?"), item(8), None))
        assert model.cost.malformed_outputs == len([p for prompts in model.calls for p in prompts]) > 0


def test_partly_right_answers_are_used_by_one_parser_only_and_counted_by_both():
    for parser, wanted in (("lenient", [2, 0, 1]), ("strict", [0, 1, 2])):
        model = Endpoint("[3] > [3]")
        assert rankgpt(parser=parser)(model, item(3), None) == wanted
        assert model.cost.malformed_outputs == 1


def test_likelihood_needs_probabilities():
    words = Cut(unit="words")
    for rank in (setwise(cut=words), pairwise(cut=words), pairwise(scoring="duot5", cut=words)):
        with pytest.raises(UserError, match="generation"):
            rank(Endpoint("A"), item(3), None)


def test_chat_style_shows_each_passage_in_a_turn():
    model = Endpoint("[2] > [1]")
    assert rankgpt()(model, item(2), None) == [1, 0]
    [[prompt]] = model.calls
    roles = [message["role"] for message in prompt.messages]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user", "assistant", "user"]


def test_windows_larger_than_the_alphabet_are_refused():
    with pytest.raises(UserError, match="26"):
        rankgpt(window=27, identifiers="alpha")


def test_monot5_cuts_the_document_and_keeps_the_end_of_the_prompt():
    model = Random(0)
    long = RankItem("q", "why", (Document("a", " ".join(f"w{i}" for i in range(99))), Document("b", "short")))
    monot5(max_tokens=10)(model, long, None)
    [[first, second]] = model.calls
    assert first.text == "Query: why Document: w0 w1 w2 w3 w4 Relevant:"
    assert second.text == "Query: why Document: short Relevant:"
    assert model.cost.truncated_items == 1


def test_cross_encoder_asks_about_all_pairs_at_once():
    class Pairs(Words):
        def score_pairs(self, pairs):
            self.calls.append(pairs)
            return np.array([float(text.split()[-1]) % 3 for _, text in pairs], dtype=np.float32)

    model = Pairs()
    assert cross_encoder()(model, item(6), None) == [2, 5, 1, 4, 0, 3]
    assert model.calls == [[("what is it", f"passage number {i}") for i in range(6)]]


def test_dense_encodes_each_document_once_a_run():
    class Encoder(Words):
        def encode_documents(self, texts):
            self.calls.append(list(texts))
            return np.array([[float(text.split()[-1]), 1.0] for text in texts], dtype=np.float32)

        def encode_queries(self, texts):
            return np.array([[1.0, 0.0]] * len(texts), dtype=np.float32)

    model, rank, collection = Encoder(), dense(), object()
    assert rank(model, item(3), collection) == [2, 1, 0]
    assert rank(model, item(5), collection) == [4, 3, 2, 1, 0]
    assert model.calls == [[f"passage number {i}" for i in range(3)], ["passage number 3", "passage number 4"]]
    rank(model, item(1), object())
    assert len(model.calls) == 3  # another collection, other documents


# --- end to end


def test_embedded_rows_show_their_cost(tmp_path):
    choices = Choices(models=("lm-synonyms",), methods=("bm25", "setwise", "rankgpt"), settings={"limit": 8})
    made = planning.make("synonyms", choices)
    outcomes = local.run(made, Options(tmp_path / "out", Cache(tmp_path / "c")), lambda *_: None, lambda _: None)
    results = {outcome.result["method"]: outcome.result for outcome in outcomes if not outcome.error}
    assert set(results) == {"bm25", "setwise", "rankgpt"}
    value = {name: result["metrics"]["nDCG@10"]["value"] for name, result in results.items()}
    assert value["setwise"] > value["rankgpt"] > value["bm25"]
    cost = {name: result["cost"] for name, result in results.items()}
    assert cost["setwise"]["comparisons"] > 0
    assert cost["setwise"]["tokens_generated"] == 0
    assert cost["rankgpt"]["comparisons"] == 8 * 3
    assert cost["rankgpt"]["tokens_generated"] == 8 * 3 * 3
    # The model was never taught the format; the lenient reader finds its letters all the same.
    assert cost["rankgpt"]["malformed_outputs"] == 8 * 3
