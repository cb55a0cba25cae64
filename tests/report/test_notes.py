"""Lines under a table: what only some rows of a task have names those rows."""

import pytest

from tests.test_bad_input import cli
from zsbench.report import tables
from zsbench.report.variants import variants


def result(method, *, protocol="p", model="none", counts=None, limit=None, option=1):
    score = {"value": 0.5, "low": 0.4, "high": 0.6, "unit": "%", "n": 10, "better": "higher"}
    config = {"settings": {"limit": limit}, "method": {"name": method, "option": option}}
    names = {"task": "t", "model": model, "method": method, "protocol": protocol, "counts": counts or {}}
    return {**names, "metrics": {"acc@1": score}, "config": config, "cost": {}}


def test_one_protocol_is_one_line():
    assert tables.notes(tables.rows([result("a"), result("b")])) == ["t: p"]


def test_protocols_of_one_task_belong_to_their_rows():
    table = tables.rows([result("a", protocol="1 template"), result("b", protocol="2 templates")])
    assert tables.notes(table) == ["t (a): 1 template", "t (b): 2 templates"]


def test_rows_of_one_method_are_named_by_what_tells_them_apart():
    table = tables.rows([result("a", protocol="p1"), result("a", protocol="p2", option=2)])
    assert tables.notes(table) == ["t (a (option=1)): p1", "t (a (option=2)): p2"]


def test_counts_that_differ_name_model_and_method_and_those_without_any_say_nothing():
    rows = [result("a", counts={"cut": 3}), result("a", model="m"), result("b", counts={"cut": 3}, limit=5)]
    assert tables.notes(tables.rows(rows)) == ["t: p", "t (none / a, none / b (limit=5)): cut: 3"]


def test_a_sample_beside_other_rows_of_its_task_is_marked():
    assert variants([result("a"), result("b", limit=5)]) == ["", "limit=5"]
    assert variants([result("a", limit=5), result("b", limit=5)]) == ["", ""]
    assert variants([result("a", limit=5), result("a", limit=9)]) == ["limit=5", "limit=9"]


def test_eval_says_in_a_line_where_the_answer_to_another_question_went(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["eval", "synonyms", "--method", "bm25", "--offline"]
    assert cli(command, monkeypatch) == 0
    assert "beside" not in capsys.readouterr().err
    for _ in range(2):  # computed, then found
        assert cli([*command, "--limit", "5"], monkeypatch) == 0
        said = capsys.readouterr().err.strip().splitlines()
        assert len(said) == 1
        assert "beside the answer to another question: runs/synonyms/synonyms/none/bm25@" in said[0]


@pytest.mark.parametrize("written", ["txt", "texts"])
def test_an_empty_choice_is_seen_in_a_message(written, monkeypatch, capsys):
    metrics = f'task.metrics=["hit(query={written})@1"]'
    assert cli(["eval", "glyph-captions", "--model", "clip-glyphs", "--offline", "--set", metrics], monkeypatch) == 2
    assert "one of '', text, image; did you mean 'text'" in capsys.readouterr().err
