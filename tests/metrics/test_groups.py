"""Accuracy by group and macro F1, from a table with a group column to the result."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.test_cli import zsbench
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels


def test_the_worst_group_counts():
    scores = np.eye(3)[[0, 1, 2, 0, 0, 0]]
    gold = Labels(np.array([0, 1, 2, 0, 1, 2]), groups=np.array([0, 0, 0, 1, 1, 1]))
    assert naming.resolve("worst-group-acc@1").compute(scores, gold) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="no groups"):
        naming.resolve("worst-group-acc@1").compute(scores, gold.labels)


def test_a_group_of_a_few_items_may_be_left_out():
    scores = np.eye(2)[[0, 0, 0, 1, 1]]
    gold = Labels(np.array([0, 0, 1, 1, 0]), groups=np.array([0, 0, 0, 1, 2]))
    assert naming.resolve("worst-group-acc@1").compute(scores, gold) == 0
    assert naming.resolve("worst-group-acc(min_items=2)@1").compute(scores, gold) == pytest.approx(2 / 3)
    assert np.isnan(naming.resolve("worst-group-acc(min_items=4)@1").compute(scores, gold))


def test_macro_f1_counts_the_classes_of_the_labels_only():
    scores = np.eye(4)[[0, 0, 3]]
    # class 0: precision 1/2, recall 1; class 1: nothing found; class 3 is predicted but never true.
    assert naming.resolve("F1-over-classes").compute(scores, np.array([0, 1, 1])) == pytest.approx((2 / 3 + 0) / 2)


def test_groups_of_a_table_reach_the_metric_and_the_items(tmp_path):
    rows = ["path,label,region"]
    for i in range(8):
        Image.new("L", (4, 4), 30 * i).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,{i % 2},{'north' if i < 4 else 'south'}")
    (tmp_path / "t.csv").write_text("\n".join(rows))
    (tmp_path / "t.yaml").write_text(
        "description: by region\ntype: image-classification\nclasses: [a, b]\nmetrics: [worst-group-acc@1, acc@1]\n"
        "data: {source: image-table, path: t.csv, group: region}\nmethod: {name: majority, of: b}\n"
    )
    done = zsbench("eval", "t.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [row["value"] for row in json.loads(done.stdout)["suites"][0]["rows"]] == [0.5, 0.5]
    import pyarrow.parquet as pq

    table = pq.read_table(next(tmp_path.rglob("items.parquet")))
    assert table.column("group").to_pylist() == ["north"] * 4 + ["south"] * 4
