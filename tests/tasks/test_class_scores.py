"""Predictions over classes: every form that says the same is read the same, everything else is refused with its row."""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zsbench.core import doubts
from zsbench.core.errors import UserError
from zsbench.core.records import Score, TaskData
from zsbench.core.score_kinds import ScoreKind
from zsbench.tasks.classification.doubts import below_chance, count_equal_best
from zsbench.tasks.formats import class_tables, prediction_tables
from zsbench.tasks.formats.class_scores import ClassScores

NAMES = ["dog", "sea cow", "cat"]


@dataclass
class Item:
    id: str


ITEMS = [Item("a"), Item("b"), Item("c")]
LABELS = [2, 0, 1]
FORMS = [[2, 0, 1], [2.0, 0.0, 1.0], ["2", "0", "1"], ["2.0", "0.0", "1.0"], ["cat", "dog", "sea_cow"]]


def table(path, **columns):
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"id": ["a", "b", "c"], **columns}), path)
    elif path.suffix == ".jsonl":
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        path.write_text("".join(json.dumps({"id": key, **row}) + "\n" for key, row in zip("abc", rows, strict=True)))
    else:
        rows = zip("abc", *columns.values(), strict=True)
        cells = ["\t".join(json.dumps(v) if isinstance(v, list) else str(v) for v in row) for row in rows]
        path.write_text("\n".join(["\t".join(["id", *columns]), *cells]) + "\n")
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".tsv"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_labels_in_every_form(tmp_path, form, suffix):
    found = ClassScores(NAMES).read(table(tmp_path / f"p{suffix}", label=form))
    assert found == dict(zip("abc", LABELS, strict=True))


@pytest.mark.parametrize("cells", [("cat", "dog", "sea cow"), ("2", "0", "1")])
def test_a_csv_of_ids_and_classes(tmp_path, cells):
    """The layout in which the pseudolabels of CLIP are published and judged."""
    rows = zip("abc", cells, strict=True)
    (tmp_path / "p.csv").write_text("id,class\n" + "".join(f"{key},{cell}\n" for key, cell in rows))
    assert ClassScores(NAMES).read(tmp_path / "p.csv") == dict(zip("abc", LABELS, strict=True))


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".tsv"])
def test_scores_keep_their_precision(tmp_path, suffix):
    rows = [[0.1, 0.1 + 1e-12, 0.0], [1.0, 2.0, 3.0], [1e-300, 0.0, -1.0]]
    found = ClassScores(NAMES).read(table(tmp_path / f"p{suffix}", scores=rows))
    assert [list(row) for row in found.values()] == rows


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64(), pa.int16(), pa.uint64(), pa.bool_()], ids=str)
@pytest.mark.parametrize("layout", [pa.list_, pa.large_list, lambda kind: pa.list_(kind, 3)])
@pytest.mark.parametrize("cut", [slice(0, 3), slice(1, 3)])
def test_columns_are_read_as_rows_are(tmp_path, kind, layout, cut):
    """Buffers of every type and layout, also of a part of a table, hold what row-by-row reading finds."""
    rows = [[0, 1, 1], [1, 0, 1], [1, 1, 0]] if kind == pa.bool_() else [[5, 1, 2], [0, 7, 3], [1, 1, 9]]
    whole = pa.table({"id": ["a", "b", "c"], "scores": pa.array(rows, pa.list_(pa.int64())).cast(layout(kind))})
    pq.write_table(whole.slice(cut.start, cut.stop - cut.start), tmp_path / "p.parquet", row_group_size=2)
    fast = ClassScores(NAMES).read(tmp_path / "p.parquet")
    one_by_one = class_tables._row_by_row(
        tmp_path / "p.parquet", list(prediction_tables.read(tmp_path / "p.parquet", ("id", "scores"))), [], None
    )
    assert list(fast) == one_by_one.ids
    assert [row.tolist() for row in map(np.float64, fast.values())] == [row.tolist() for row in one_by_one.cells]


def test_rows_of_other_lengths_are_kept_for_the_check(tmp_path):
    pq.write_table(pa.table({"id": ["a", "b"], "scores": [[1.0, 2.0], [3.0, 4.0, 5.0]]}), tmp_path / "p.parquet")
    read = ClassScores(NAMES).read(tmp_path / "p.parquet")
    assert [row.tolist() for row in read.values()] == [[1.0, 2.0], [3.0, 4.0, 5.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_what_is_written_is_a_list_of_float32_a_row(tmp_path, dtype):
    ClassScores(NAMES).write(tmp_path / "s.parquet", ITEMS, list(np.arange(9).reshape(3, 3).astype(dtype)))
    table = pq.read_table(tmp_path / "s.parquet")
    assert table.schema.field("scores").type == pa.list_(pa.float32())
    assert table["scores"].to_pylist() == np.arange(9.0).reshape(3, 3).tolist()


@pytest.mark.parametrize(
    ("column", "cells", "message"),
    [
        ("label", [0, 3, 1], r"item 'b' has label 3; expected 0 to 2 \(3 classes\)$"),
        ("label", [1, 3, 2], "has label 3.*count from 1"),
        ("label", [0.6, 1.0, 1.0], r"row 0: label 0\.6"),
        ("label", [0, None, 1], "row 1: label None; expected a whole number from 0 on, or a class name$"),
        ("label", ["dog", "cta", "cat"], "row 1: label 'cta'.*did you mean 'cat'"),
        ("label", ["dog", "0", "cat"], "row 1: label 0 among class names"),
        ("scores", [[1.0, 2.0, 3.0], None, [1.0, 2.0, 3.0]], "row 1: scores None"),
        ("scores", [[1.0, None, 3.0]] * 3, "row 0: scores"),
        ("scores", [["x", "y", "z"]] * 3, "row 0: scores"),
        (
            "points",
            [1, 2, 3],
            "no column of scores or labels; expected one of scores, logits, probabilities, label, class",
        ),
    ],
)
def test_what_is_no_prediction_is_refused_with_its_row(tmp_path, column, cells, message):
    with pytest.raises(UserError, match=message):
        ClassScores(NAMES).read(table(tmp_path / "p.parquet", **{column: cells}))


def test_ids_stand_once_and_scores_are_as_many_as_classes(tmp_path):
    pq.write_table(pa.table({"id": ["a", "a"], "label": [0, 1]}), tmp_path / "p.parquet")
    with pytest.raises(UserError, match=r"row 1: id 'a' stands twice"):
        ClassScores(NAMES).read(tmp_path / "p.parquet")
    own = ClassScores(NAMES)
    item = Item("a")
    assert own.check(item, np.zeros(3)) == own.check(item, np.int64(2)) == ""
    assert own.check(item, np.zeros(2)) == "image a: 2 scores, expected one for each of 3 classes"
    assert own.check(item, np.array([0, np.nan, 0])) == "image a: a score is NaN"


def test_predictions_of_the_same_classes_in_another_order_are_read_by_name(tmp_path):
    kind = ScoreKind("logits", 100.0, 30.5)
    scores = ClassScores(NAMES, kind)
    scores.write(tmp_path / "s.parquet", ITEMS, [np.array([1.0, 2.0, 3.0])] * 3)
    scores.write(tmp_path / "l.parquet", ITEMS, LABELS)
    other = ClassScores(["cat", "dog", "sea_cow"])
    assert list(other.read(tmp_path / "s.parquet")["a"]) == [3.0, 1.0, 2.0]
    assert list(other.read(tmp_path / "l.parquet").values()) == [0, 1, 2]
    assert other.kind == kind
    for names in (["cat", "dog"], ["cat", "dog", "cow"], [*NAMES, "fox"]):
        with pytest.raises(UserError, match="predictions over 3 classes, not the task's"):
            ClassScores(names).read(tmp_path / "s.parquet")
    with pytest.raises(UserError, match=r"scores that are logits.*expected votes, as before"):
        ClassScores(NAMES, ScoreKind("votes")).read(tmp_path / "s.parquet")


@pytest.mark.parametrize(
    ("right", "n", "n_classes", "doubted"),
    [
        (0, 32, 10, True),
        (0, 28, 10, False),
        (0, 10, 10, False),
        (3, 32, 10, False),
        (1, 1000, 10, True),
        (0, 8, 2, True),
    ],
)
def test_accuracy_below_chance_is_tested_by_itself(right, n, n_classes, doubted):
    score = Score(right / n, 0, 1, "%", n, "wilson")
    assert bool(below_chance({"acc@1": score}, n_classes)) is doubted
    assert below_chance({}, n_classes) == ""
    assert below_chance({"acc@1": score}, n_classes, n_tied=n) == ""  # ties say nothing of the order


def test_equal_best_scores_of_single_labels_are_counted_and_a_share_of_them_doubted():
    def counted(gold, predictions):
        data = TaskData([None] * len(gold), gold, None, "")
        count_equal_best(data, [np.asarray(one) for one in predictions])
        return data.counts.get(doubts.EQUAL_BEST, 0), doubts.of_items(data)

    n, doubt = counted([0, 1, 0], [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [2.0, 1.0, 1.0]])
    assert n == 1
    assert doubt == f"{doubts.EQUAL_BEST}: 1 of 3"
    assert counted([0] * 30, [[0.5, 0.5]] + [[1.0, 0.0]] * 29) == (1, "")
    assert counted([0, 1], [1, 1]) == (0, "")
    assert counted([[0], [0, 1]], [[1.0, 1.0]] * 2) == (0, "")


@pytest.mark.parametrize("column", ["logits", "probabilities", "scores"])
def test_a_column_says_what_its_scores_are(tmp_path, column):
    from zsbench.config.schema import Settings
    from zsbench.core.errors import RunError
    from zsbench.plan import planning
    from zsbench.plan.choices import Choices
    from zsbench.run import given, judge

    np.savez(tmp_path / "v.npz", features=np.eye(3), labels=[0, 1, 2], class_names=NAMES, ids=["a", "b", "c"])
    text = (
        "type: image-classification\ndescription: d\ndata: {source: features, path: v.npz}\nmetrics: [certain-ratio]\n"
    )
    (tmp_path / "t.yaml").write_text(text)
    [job] = planning.make(str(tmp_path / "t.yaml"), Choices(methods=("random-class",))).jobs
    task = job.build_task()
    data = task.load(limit=None, seed=0, score_only=True)
    written = table(tmp_path / "p.parquet", **{column: [[0.98, 0.01, 0.01], [0.5, 0.3, 0.2], [10.0, 0.0, 0.0]]})

    def certain():
        found = given.predictions(given.resolved(written), task, data.items)
        return judge.judge(task, job.task, data, found, Settings(), title="t").scores["certain-ratio"].value

    if column == "scores":
        with pytest.raises((RunError, UserError), match="a column named `logits` or `probabilities`"):
            certain()
    else:
        assert certain() == pytest.approx({"logits": 1 / 3, "probabilities": 2 / 3}[column])
