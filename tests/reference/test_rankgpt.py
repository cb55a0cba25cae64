"""RankGPT equals the public code: answers read, windows, the order a perfect judge leaves, prompts."""

import json
import re

import pytest

from tests.reference._golden import load_json, some
from zsbench.core.records import Cost
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank._parse import lenient, strict
from zsbench.methods.rerank._permutation import STYLES, build
from zsbench.methods.rerank._windows import windows
from zsbench.methods.rerank.rankgpt import rankgpt

GOLDEN = load_json("rankgpt", "rankgpt.json") or {}
SCHEDULES = {"rankgpt": "rankgpt", "first": "first", "rankllm_async": "covering", "icr_repo": "covering"}


class PerfectJudge:
    """Writes the passages of a window in order of relevance; a passage's text is its number."""

    def __init__(self, relevance):
        self.relevance, self.cost = relevance, Cost()

    def generate(self, prompts, *, max_new_tokens, stop=()):
        answers = []
        for prompt in prompts:
            turns = "\n".join(message["content"] for message in prompt.messages)
            shown = re.findall(r"^\[(\d+)\] (\d+)$", turns, flags=re.M)
            best = sorted(shown, key=lambda pair: -self.relevance[int(pair[1])])
            answers.append(" > ".join(f"[{name}]" for name, _ in best))
        return answers


def test_numbers_are_read_as_by_the_public_parsers():
    for case in some(GOLDEN.get("parse_numeric"), "rankgpt"):
        found = lenient(case["text"], case["n"])
        assert found.order == case["rankllm"], case["text"]
        if isinstance(case["rankgpt"], list):
            assert found.order == case["rankgpt"], case["text"]
        else:  # it breaks down over some digits
            assert case["rankgpt"]["error"] == "ValueError", case["text"]
        wanted = case["strict_icr_repo"]
        assert strict(case["text"], case["n"])[:2] == (wanted["order"], wanted["well_formed"]), case["text"]


def test_letters_are_read_as_by_the_public_parsers():
    for case in some(GOLDEN.get("parse_alpha"), "rankgpt"):
        found = lenient(case["text"], case["n"], letters=True)
        for key in ("first", "rankllm"):
            if isinstance(case.get(key), list):
                assert found.order == case[key], case["text"]


def test_windows_equal_every_published_schedule():
    for case in some(GOLDEN.get("windows"), "rankgpt"):
        for key in SCHEDULES.keys() & case.keys():
            found = windows(case["n"], case["window"], case["step"], SCHEDULES[key])
            assert [list(pair) for pair in found] == case[key], (key, case)


def test_a_perfect_judge_leaves_the_order_of_the_public_code():
    for case in some(GOLDEN.get("oracle_sort"), "rankgpt"):
        model, n = PerfectJudge(case["relevance"]), len(case["relevance"])
        item = RankItem("q", "query", tuple(Document(f"d{i}", str(i)) for i in range(n)))
        rank = rankgpt(window=case["window"], step=case["step"], schedule="rankgpt")
        order = rank(model, item, None)
        assert order == case["order"]
        assert model.cost.comparisons == len(windows(n, case["window"], case["step"], "rankgpt"))
        assert model.cost.malformed_outputs == 0
        # Documents move and the list of scores stays: what a task writes of this order has the reference's scores.
        assert [n - rank for rank in map(order.index, case["order"])] == case["scores_in_output_order"]


def test_prompts_equal_the_published_ones():
    case = GOLDEN.get("prompt")
    if not case:
        pytest.skip("no prompt in this golden folder")
    documents = [Document(str(i), text) for i, text in enumerate(case["passages"])]
    if "rankgpt_messages" in case:
        texts = [STYLES["chat"].shown(document, 300) for document in documents]
        asked = build(STYLES["chat"], texts, case["query"], chat=True)
        assert json.loads(json.dumps(asked.messages)) == case["rankgpt_messages"]
        assert asked.answer == ""
    if "open_llm_listwise_prompt" in case:
        texts = [STYLES["single"].shown(document, None) for document in documents]
        asked = build(STYLES["single"], texts, case["query"], chat=False)
        assert asked.text + asked.answer == case["open_llm_listwise_prompt"]
