"""`zsbench compare`: runs joined by item, the test that fits each metric, and what is refused."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.command import call
from zsbench.metrics import naming
from zsbench.metrics.paired import holm, mcnemar, sign_flips
from zsbench.results.items import item_statistics


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of two tasks: of two methods each, and of one of them over a sample."""
    folder = tmp_path_factory.mktemp("runs")
    for task, methods in {
        "synonyms": ["bm25", "random-order"],
        "digits": ["random-class", "other=random-class"],
    }.items():
        named = [part for method in methods for part in ("--method", method)]
        seed = ("--set", "random-class.seed=1") if task == "digits" else ()
        code, screen = call("eval", task, *named, *seed, "--out", folder, "-q")
        assert code == 0, screen.err
    assert call("eval", "synonyms", "--method", "bm25", "--limit", "20", "--out", folder / "few", "-q")[0] == 0
    return folder


def folder_of(runs, task, method):
    return runs / task / task / "none" / method


def compared(*arguments):
    code, screen = call("compare", *arguments, "--json")
    assert code == 0, screen.err
    return json.loads(screen.out)["differences"]


def column(folder, metric):
    return pq.read_table(folder / "items.parquet")[metric].to_numpy()


def test_each_metric_has_the_test_that_fits_it(runs):
    a, b = folder_of(runs, "synonyms", "random-order"), folder_of(runs, "synonyms", "bm25")
    rows = compared(a, b)
    gains = {row["metric"]: column(b, row["metric"]) - column(a, row["metric"]) for row in rows}
    assert [row["metric"] for row in rows] == list(gains) == ["nDCG@10", "MRR@10"]
    for row in rows:
        gain = gains[row["metric"]]
        assert row["test"] == "sign flips"
        assert row["p"] == sign_flips(gain)
        assert row["delta"] == pytest.approx(gain.mean())
        assert row["ci95_low"] < row["delta"] < row["ci95_high"]
        assert (row["wins"], row["ties"], row["losses"]) == tuple(
            int(n) for n in ((gain > 0).sum(), (gain == 0).sum(), (gain < 0).sum())
        )
        assert row["verdict"] == "better"
    assert [row["p_holm"] for row in rows] == holm([row["p"] for row in rows])


def test_accuracies_are_compared_by_mcnemar_and_class_means_by_sign_flips_of_weighted_items(runs):
    a, b = folder_of(runs, "digits", "random-class"), folder_of(runs, "digits", "other")
    accuracy, class_mean = compared(a, b)
    assert (accuracy["test"], class_mean["test"]) == ("McNemar", "sign flips")
    assert accuracy["p"] == mcnemar(column(a, "acc@1"), column(b, "acc@1"))
    metric = naming.resolve("mean-per-class")
    tables = [item_statistics(metric, {n: c.to_numpy() for n, c in zip(t.column_names, t.columns, strict=True)})
              for t in (pq.read_table(folder / "items.parquet") for folder in (a, b))]  # fmt: skip
    # Each class weighs the same: an item of a class of m of n items n / (m n_classes).
    labels, sizes = np.unique(tables[0][:, 0], return_counts=True)
    weights = len(tables[0]) / (len(labels) * sizes[np.searchsorted(labels, tables[0][:, 0])])
    gains = (tables[1][:, 1] - tables[0][:, 1]) * weights
    assert class_mean["delta"] == pytest.approx(gains.mean())
    assert class_mean["p"] == sign_flips(gains)
    drawn = gains[np.random.default_rng(0).integers(0, len(gains), (10_000, len(gains)))].mean(axis=1)
    assert (class_mean["ci95_low"], class_mean["ci95_high"]) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))
    assert (class_mean["wins"], class_mean["losses"]) == (accuracy["wins"], accuracy["losses"])


def test_the_order_of_items_and_of_runs_change_nothing_but_signs(runs, tmp_path):
    a, b = folder_of(runs, "synonyms", "random-order"), folder_of(runs, "synonyms", "bm25")
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    (shuffled / "result.json").write_bytes((b / "result.json").read_bytes())
    table = pq.read_table(b / "items.parquet")
    pq.write_table(table.take(np.random.default_rng(0).permutation(len(table))), shuffled / "items.parquet")
    assert [(r["delta"], r["p"], r["ci95_low"]) for r in compared(a, shuffled)] == [
        (r["delta"], r["p"], r["ci95_low"]) for r in compared(a, b)
    ]
    back = compared(b, a)
    assert [(-r["delta"], r["p"], r["verdict"]) for r in back] == [
        (r["delta"], r["p"], "worse") for r in compared(a, b)
    ]


def test_a_run_against_itself_is_no_difference_and_folders_pair_equal_names(runs):
    rows = compared(runs / "synonyms", runs / "synonyms")
    assert [(row["first_run"], row["second_run"]) for row in rows[::2]] == [
        ("none / bm25",) * 2,
        ("none / random-order",) * 2,
    ]
    assert {(row["delta"], row["p"], row["verdict"]) for row in rows} == {(0, 1, "")}
    code, screen = call("compare", runs / "synonyms", runs / "synonyms")
    assert (code, "none / bm25" in screen.out) == (0, True)


def test_the_items_that_changed_most_are_shown_with_both_predictions(runs):
    a, b = folder_of(runs, "synonyms", "random-order"), folder_of(runs, "synonyms", "bm25")
    gains = np.abs(column(b, "nDCG@10") - column(a, "nDCG@10"))
    most = column(a, "id")[np.argsort(-gains, kind="stable")[:3]]
    shown = call("compare", a, b, "--items", "3")[1].out.split("changed most:\n")[1].splitlines()
    assert [line.split()[0] for line in shown[::4]] == list(most)
    assert [line.split()[0] for line in shown] == [word for key in most for word in (key, "gold:", "first:", "second:")]
    texts = [list(column(side, "prediction")[column(side, "id") == most[0]]) for side in (a, b)]
    assert [line.split(": ", 1)[1].strip()[:40] for line in shown[2:4]] == [text[:40] for [text] in texts]


@pytest.mark.parametrize(
    ("first", "second", "more", "expected"),
    [
        ("synonyms/synonyms/none/bm25", "few", [], "samples of their own: limit none, seed 0 and limit 20, seed 0"),
        ("synonyms", "digits", [], "no task in common (synonyms; digits)"),
        ("synonyms", "synonyms/synonyms/none/bm25", ["--metric", "acc"], "in common: nDCG@10, MRR@10"),
        ("synonyms", "nowhere", [], "no such folder"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(runs, first, second, more, expected):
    code, screen = call("compare", runs / first, runs / second, *more)
    assert code == 2
    assert expected in " ".join(screen.err.split())


def test_several_runs_of_a_task_have_to_have_equal_names(runs, tmp_path):
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    source = folder_of(runs, "synonyms", "bm25")
    result = json.loads((source / "result.json").read_text()) | {"method": "mine"}
    (renamed / "result.json").write_text(json.dumps(result))
    (renamed / "items.parquet").write_bytes((source / "items.parquet").read_bytes())
    code, screen = call("compare", runs / "synonyms", renamed)
    assert code == 2
    said = " ".join(screen.err.split())
    assert "2 runs of 'synonyms': none / bm25 in" in said
    assert "synonyms/none/random-order" in said
    assert [row["delta"] for row in compared(source, renamed)] == [0, 0]


def test_of_several_runs_of_equal_names_those_that_ask_the_same_are_compared(runs, tmp_path):
    for seed in ((), ("--set", "random-order.seed=5")):
        options = ("--method", "random-order", *seed, "--out", tmp_path, "-q")
        assert call("eval", "synonyms", *options)[0] == 0
    [row, _] = compared(tmp_path, folder_of(runs, "synonyms", "random-order"))
    assert (row["delta"], row["p"]) == (0, 1)
    again = compared(tmp_path, tmp_path)
    assert [(row["delta"], row["seeds"]["paired"]) for row in again] == [(0, [0, 0])] * 2


@pytest.fixture
def copy(runs, tmp_path):
    """A copy of a run with its items, to be damaged."""
    source = folder_of(runs, "synonyms", "bm25")
    (tmp_path / "result.json").write_bytes((source / "result.json").read_bytes())
    return tmp_path, pq.read_table(source / "items.parquet")


def _text(table):
    return table.set_column(table.column_names.index("MRR@10"), "MRR@10", [["a"] * len(table)])


DAMAGE = {
    "no column 'id'": lambda table: table.drop_columns(["id"]),
    "no column 'prediction'": lambda table: table.drop_columns(["prediction"]),
    "no numbers of metric 'MRR@10'": _text,
    "no numbers of metric 'nDCG@10'": lambda table: table.drop_columns(["nDCG@10"]),
    "id 'mixed-01' stands twice (rows 1 and 2)": lambda table: table.take([0, *range(len(table))]),
    "119 items": lambda table: table.slice(0, 1),
}


@pytest.mark.parametrize("problem", [*DAMAGE, "not a table of items", "items.parquet is missing"])
def test_damaged_items_are_named_with_their_file(runs, copy, problem):
    folder, table = copy
    if problem in DAMAGE:
        pq.write_table(DAMAGE[problem](table), folder / "items.parquet")
    elif problem == "not a table of items":
        (folder / "items.parquet").write_bytes(b"junk")
    code, screen = call("compare", folder_of(runs, "synonyms", "bm25"), folder)
    said = " ".join(screen.err.split())
    assert (code, problem in said, str(folder) in said) == (2, True, True), said


def test_metrics_without_a_value_and_unknown_ones_beside_known_ones_are_errors(runs, copy):
    folder, table = copy
    empty = [[float("nan")] * len(table)]
    for name in ("nDCG@10", "MRR@10"):
        table = table.set_column(table.column_names.index(name), name, empty)
    pq.write_table(table, folder / "items.parquet")
    assert "no metric has a value" in call("compare", folder, folder)[1].err
    both = ("--metric", "MRR@10", "--metric", "xx")
    code, screen = call("compare", runs / "synonyms", runs / "synonyms", *both)
    assert (code, "no metric 'xx'" in screen.err) == (2, True)


def test_runs_without_a_counterpart_are_counted(runs):
    _, screen = call("compare", runs / "synonyms", folder_of(runs, "synonyms", "bm25"))
    assert "synonyms: 1 run without a counterpart left out" in screen.out
