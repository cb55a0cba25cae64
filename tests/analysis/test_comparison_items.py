"""The items behind a difference: values and influences, who is right, and files of them."""

import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.made_runs import made
from tests.command import call
from zsbench.analysis.comparison.items import influences
from zsbench.core.errors import UserError
from zsbench.metrics import naming

RIGHT = ([1, 1, 0, 0, 1], [1, 0, 1, 0, 0])
NASTY = ["=1+1", 'a,"b"', "\x1b[31mred", "Ω\nline", "<script>"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=2, max_size=20))
def test_an_influence_is_the_metric_minus_the_metric_of_all_others(rows):
    metric, counts = naming.resolve("F1"), np.array(rows, dtype=float)
    others = [metric.reduce(np.delete(counts, i, axis=0)) for i in range(len(counts))]
    assert influences(metric, counts) == pytest.approx(metric.reduce(counts) - np.array(others), nan_ok=True)


@pytest.mark.parametrize("name", ["mean-per-class", "per-class-std"])
def test_influences_of_metrics_of_all_items_are_those_of_computing_anew(name):
    metric = naming.resolve(name)
    rng = np.random.default_rng(0)
    if metric.of_items is None:
        pytest.fail(f"{name} is a metric of sums: choose another one")
    labels = np.arange(60) % 4
    table = np.asarray(metric.statistics(rng.random((60, 4)), labels), dtype=float)
    others = [metric.reduce(np.delete(table, i, axis=0)) for i in range(60)]
    assert influences(metric, table) == pytest.approx(metric.reduce(table) - np.array(others))


def test_a_single_item_has_no_influence_and_too_many_are_a_sentence():
    assert np.isnan(influences(naming.resolve("F1"), np.ones((1, 3)))).all()
    with pytest.raises(UserError, match="takes too long for 100000 items"):
        influences(naming.resolve("mean-per-class"), np.zeros((100_000, 2)))


@pytest.fixture
def sides(tmp_path):
    """Two runs of five images, one of which both get right, one neither."""
    for name, values in zip("ab", RIGHT, strict=True):
        columns = {"gold": ["cat"] * 5, "prediction": [f"{name} says {key}" for key in NASTY]}
        made(
            tmp_path / name,
            {"acc@1": values, "mean-per-class": [[0, v] for v in values]},
            ids=NASTY, columns=columns, task_type="image-classification",
        )  # fmt: skip
    return tmp_path / "a", tmp_path / "b"


@pytest.mark.parametrize(("side", "expected"), [("first", ['a,"b"', "<script>"]), ("second", ["\x1b[31mred"])])
def test_which_items_one_gets_right_and_the_other_wrong(sides, tmp_path, side, expected):
    code, screen = call("compare", *sides, "--right", side, "--items-out", tmp_path / "o.jsonl")
    assert code == 0, screen.err
    rows = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == expected
    winner, loser = ("first", "second") if side == "first" else ("second", "first")
    assert [(row[f"acc@1.{winner}"], row[f"acc@1.{loser}"]) for row in rows] == [(1, 0)] * len(rows)
    items = "1 item" if len(expected) == 1 else f"{len(expected)} items"
    said = f"{items} that the {winner} run gets right and the {loser} wrong"
    assert said in " ".join(screen.out.split())
    assert f"{items} in" in screen.err


def test_shown_items_hold_gold_and_both_predictions_and_obey_no_terminal_control(sides):
    _, screen = call("compare", *sides, "--items", "20")
    shown = screen.out.split("changed most:\n")[1]
    assert shown.count("gold cat") == 5
    assert "a says <script> -> b says <script>" in shown
    assert "\x1b" not in screen.out
    assert "\\u001b[31mred" in shown


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_all_items_stand_in_a_file_with_both_values_and_predictions(sides, tmp_path, ending):
    path = tmp_path / f"items.{ending}"
    assert call("compare", *sides, "--items-out", path)[0] == 0
    if ending == "parquet":
        rows = pq.read_table(path).to_pylist()
    elif ending == "jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    else:
        rows = list(csv.DictReader(path.open(newline="")))
    assert list(rows[0]) == [
        "task", "first_run", "second_run", "id", "acc@1.first", "acc@1.second", "mean-per-class.right.first",
        "mean-per-class.right.second", "gold", "prediction.first", "prediction.second",
    ]  # fmt: skip
    # Those that changed stand first.
    assert sorted(row["id"] for row in rows[:3]) == sorted(NASTY[i] for i in (1, 2, 4)) or ending == "csv"
    assert [float(row["acc@1.first"]) != float(row["acc@1.second"]) for row in rows] == [True] * 3 + [False] * 2
    if ending == "csv":
        assert {"'=1+1", 'a,"b"', "\\u001b[31mred", "Ω line", "<script>"} == {row["id"] for row in rows}


def test_a_name_that_says_no_format_is_refused_before_anything_is_read(tmp_path):
    code, screen = call("compare", tmp_path / "nowhere", tmp_path / "nowhere", "--items-out", "items.xlsx")
    assert (code, ".csv, .jsonl, .parquet" in screen.err) == (2, True)


def test_undefined_items_are_empty_in_files_and_last(tmp_path):
    made(tmp_path / "a", {"nDCG@10": [np.nan, 0.1, 0.2]})
    made(tmp_path / "b", {"nDCG@10": [0.5, 0.1, 0.9]})
    assert call("compare", tmp_path / "a", tmp_path / "b", "--items-out", tmp_path / "o.jsonl")[0] == 0
    rows = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [(row["id"], row["nDCG@10.first"], row["nDCG@10.second"]) for row in rows] == [
        ("i2", 0.2, 0.9), ("i1", 0.1, 0.1), ("i0", None, None),
    ]  # fmt: skip
