"""Recipes that read zsbench itself find what they name."""

import pytest

from recipes.zsbench_issues import REPORTS, functions


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.id)
def test_the_functions_that_an_issue_asks_for_are_there(report):
    homes = {name[: name.index(".py/") + 3] for name in report.gold}
    known = {name for file in {*homes, *report.files} for name in functions(file)}
    assert set(report.gold) <= known
