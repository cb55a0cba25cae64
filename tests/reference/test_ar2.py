"""AR2's evaluation equals the public code: which texts hold an answer, top-k accuracy, and its own sums over ranks."""

import math
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tests.reference._golden import load_json, some
from zsbench.metrics import naming
from zsbench.metrics.rankings.answers import Answered
from zsbench.metrics.rankings.has_answer import folded, has_answer

GOLDEN = load_json("ar2", "ar2.json") or {}
KINDS = ("answers", "answers_ar2")


def tokens(text):
    """The definition, token by token."""
    pattern = r"([\p{L}\p{N}\p{M}]+)|([^\p{Z}\p{C}])"
    return [match.group().lower() for match in regex.finditer(pattern, unicodedata.normalize("NFD", text))]


def contained(answer, text):
    wanted, found = tokens(answer), tokens(text)
    return any(found[i : i + len(wanted)] == wanted for i in range(len(found) - len(wanted) + 1))


def rankings(hits, depth):
    """Return runs of `depth` passages, and gold in which those at the given ranks hold the answer."""
    run = {f"p{rank}": float(depth - rank) for rank in range(depth)}
    gold = [
        Answered(["yes"], lambda passage, own=frozenset(own): "yes" if int(passage[1:]) in own else "no")
        for own in hits
    ]
    return [run] * len(hits), gold


def test_the_same_texts_hold_an_answer():
    for case in some(GOLDEN.get("has_answer"), "ar2"):
        assert has_answer(case["answers"], case["text"]) == case["result"], case


def test_top_k_accuracy_equals_the_public_code():
    hits, found = some(GOLDEN.get("hits"), "ar2"), GOLDEN.get("top_k_hits") or {}
    for k, value in some(found.items(), "ar2"):
        pred, gold = rankings(hits, max([int(k), *(rank + 1 for own in hits for rank in own)]))
        assert naming.resolve(f"answer-hit@{k}", kinds=KINDS).compute(pred, gold) == pytest.approx(value, abs=1e-12)


def test_its_own_sums_equal_the_public_code():
    hits = some(GOLDEN.get("hits"), "ar2")
    pred, gold = rankings(hits, max([100, *(rank + 1 for own in hits for rank in own)]))
    for name, value in some((GOLDEN.get("eval_tool") or {}).items(), "ar2"):
        assert naming.resolve(name, kinds=KINDS).compute(pred, gold) == pytest.approx(value, abs=1e-12), name


def test_its_sums_by_hand():
    # Hits at ranks 2 and 4 of 5.
    pred, gold = rankings([[1, 3]], 5)
    logs = [math.log2(rank + 1) for rank in range(1, 6)]
    by_hand = {
        "MRR_n@5": 1 / 2,
        "MRR_n@1": 0,
        "MAP_n@5": (1 / 2 + 2 / 4) / 5,
        "P_n@5": 2 / 5,
        "DCG_n@5": 1 / logs[1] + 1 / logs[3],
        "nDCG_n@5": (1 / logs[1] + 1 / logs[3]) / sum(logs),
    }
    for name, value in by_hand.items():
        assert naming.resolve(name, kinds=KINDS).compute(pred, gold) == pytest.approx(value, abs=1e-12), name


CHARACTERS = st.sampled_from("aAbΣσς'-. \t\n\u00a0\u200bé\u0301İßẞ12½人")
TEXTS = st.text(CHARACTERS, max_size=12) | st.text(max_size=12)


@given(st.lists(TEXTS, max_size=3), TEXTS)
def test_a_text_within_a_text_is_a_list_of_tokens_within_a_list(answers, text):
    assert has_answer(answers, text) == any(contained(answer, text) for answer in answers)


@given(TEXTS)
def test_every_text_holds_itself_and_its_tokens(text):
    assert has_answer([text], text)
    assert folded(text).split(" ")[1:-1] == tokens(text)


def test_every_question_counts_unless_its_ranking_is_left_out():
    hit = naming.resolve("answer-hit@2", kinds=KINDS)
    reciprocal = naming.resolve("MRR_n@2", kinds=KINDS)
    texts = {"p": "no", "q": "the answer"}.__getitem__
    run = {"p": 2.0, "q": 1.0}
    pred = [run, run, {}, None]
    gold = [Answered(["answer"], texts), Answered([], texts), Answered(["answer"], texts), Answered(["answer"], texts)]
    # The public code divides by the number of questions, also of those whose answers nothing can hold.
    rows = [1.0, 0.0, 0.0, math.nan]
    assert hit.statistics(pred, gold).tolist() == pytest.approx(rows, nan_ok=True)
    assert reciprocal.statistics(pred, gold).tolist() == pytest.approx([0.5, *rows[1:]], nan_ok=True)
    assert hit.compute(pred[:2], gold[:2]) == 0.5
    with pytest.raises(ValueError, match="shorter"):
        hit.statistics(pred, gold[:2])


def test_a_passage_is_searched_once_whatever_the_number_of_metrics():
    asked = []
    question = Answered(["no"], lambda passage: asked.append(passage) or "a text")
    for name in ("answer-hit@3", "P_n@3", "DCG_n@2"):
        naming.resolve(name, kinds=KINDS).compute([{"a": 3.0, "b": 2.0, "c": 1.0}], [question])
    assert sorted(asked) == ["a", "b", "c"]
