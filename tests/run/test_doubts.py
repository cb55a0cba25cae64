"""Answers that nobody could read and items that were lost are a marked doubt, beside the others and at any width."""

import io

import pytest
from rich.console import Console

from zsbench.core import doubts
from zsbench.core.cache import Cache
from zsbench.core.records import Cost, TaskData
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.report import tables, terminal
from zsbench.run.runner import Options


@pytest.mark.parametrize(
    ("malformed", "answers", "marked"), [(0, 0, False), (1, 20, False), (2, 20, True), (12, 12, True), (3, 0, True)]
)
def test_a_share_of_malformed_answers_is_a_doubt(malformed, answers, marked):
    assert bool(doubts.of_answers(Cost(answers=answers, malformed_outputs=malformed))) is marked


@pytest.mark.parametrize(
    ("name", "count", "marked"),
    [
        ("queries without candidates", 1, False),
        ("queries without candidates", 2, True),
        ("queries absent from the run", 20, True),
        ("judged queries without text", 2, True),
        ("broken images left out (a.png, b.png)", 2, True),
        ("judged documents not in the corpus", 20, False),
    ],
)
def test_a_share_of_lost_items_is_a_doubt(name, count, marked):
    found = doubts.of_items(TaskData([None] * 20, [], None, "", {name: count}))
    assert (f"{name}: {count} of" in found) is marked


def test_doubts_stand_in_one_line_each_once():
    assert doubts.joined("a", "", "b", "a") == "a; b"
    assert doubts.joined("", "") == ""


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_unreadable_answers_are_marked_at_every_width(width, tmp_path):
    made = planning.make("synonyms", Choices(("lm-synonyms",), ("rankgpt",), {"limit": 2}))
    [outcome] = local.run(made, Options(tmp_path, Cache(tmp_path / "cache")), lambda *_: None, lambda _: None)
    malformed, answers = outcome.result["cost"]["malformed_outputs"], outcome.result["cost"]["answers"]
    assert malformed == answers == 6
    screen = Console(file=io.StringIO(), width=width)
    screen.print(terminal.to_rich(tables.rows([outcome.result]), width))
    text = screen.file.getvalue()
    assert "rankgpt !" in " ".join(text.split())
    assert "6 of 6 answers are malformed" in " ".join(text.split())
