"""What is right for an item stands beside its answer in items.parquet, in the words of its type of task."""

import pyarrow.parquet as pq
import pytest

from tests.command import call

GOLD = {
    "digits": ("random-class", lambda text: text.startswith("digit ")),
    "synonyms": ("random-order", lambda text: 0 < len(text.split()) <= 5),
    "names-unseen": ("capitalised-runs", lambda text: text == "" or text.endswith(")")),
    "synonyms-sessions": ("last-items", lambda text: text != ""),
}


@pytest.mark.parametrize("task", GOLD)
def test_gold_is_a_column_of_items(task, tmp_path):
    method, is_gold = GOLD[task]
    code, screen = call("eval", task, "--method", method, "--limit", "6", "--offline", "-q", "--out", tmp_path)
    assert code == 0, screen.err
    [path] = tmp_path.rglob("items.parquet")
    gold = pq.read_table(path)["gold"].to_pylist()
    assert len(gold) == 6
    assert all(is_gold(text) for text in gold), gold
    assert any(gold)


def test_classes_go_by_their_names(tmp_path):
    code, screen = call(
        "eval", "glyphs", "--method", "random-class", "--limit", "8", "--offline", "-q", "--out", tmp_path
    )
    assert code == 0, screen.err
    [path] = tmp_path.rglob("items.parquet")
    table = pq.read_table(path).to_pandas()
    per_number = table.groupby("mean-per-class.0")["gold"].nunique()
    assert (per_number == 1).all()
    assert table["gold"].nunique() == len(per_number)
