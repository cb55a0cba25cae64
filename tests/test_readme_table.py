"""README's table of families: every source, model and method it names fits the family of its row."""

import re
from pathlib import Path

import pytest

from zsbench.config import catalog

README = Path(__file__).parents[1] / "README.md"
ROWS = re.findall(r"^\| (`.*) \| (.*) \| (.*) \| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
NAME = re.compile(r"`([a-z0-9-]+)`")


def facts(kind, name):
    return catalog.load_component(kind, name).facts


def column(number, cell):
    """Return a row's cell with `the same` replaced by what it stands for."""
    rows = ROWS[: ROWS.index(cell) + 1]
    return NAME.findall(next(row[number] for row in reversed(rows) if row[number] != "the same"))


@pytest.mark.parametrize("row", ROWS, ids=[row[0].strip("`") for row in ROWS])
def test_a_row_names_what_its_family_takes(row):
    [family] = NAME.findall(row[0])
    task = catalog.load_module("tasks", family).Task
    sources, models, methods = (column(number, row) for number in (1, 2, 3))
    assert sources
    assert {facts("data", name).gives for name in sources} == {task.gives}
    assert {facts("methods", name).family for name in methods} == {task.family}
    needs = [need for name in methods for need in facts("methods", name).needs]
    for name in models:
        assert any(need in offer.__mro__ for offer in facts("models", name).offers for need in needs), name


def test_the_table_is_there():
    assert len(ROWS) >= 13
