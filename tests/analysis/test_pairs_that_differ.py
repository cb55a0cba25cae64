"""Pairs of runs that are not quite alike: other labels, other metrics, equal names, a few items, unchanged items."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.made_runs import made, made_average
from tests.command import call
from zsbench.analysis import comparison
from zsbench.analysis.comparison.averages import average_difference
from zsbench.core.errors import UserError, did_you_mean
from zsbench.metrics import naming
from zsbench.metrics.bootstrap import resampled
from zsbench.metrics.paired import bootstrap_p, sign_flips
from zsbench.results.finished_run import finished_runs

RNG = np.random.default_rng(3)
MACRO = "F1(average=macro)"
QUICK = ("--resamples", "200")


def spans(labels):
    return [[(i, i, label) for i, label in enumerate(each)] for each in labels]


GOLD = spans([["PER"], ["LOC", "PER"], ["ORG"], ["PER", "ORG"], ["LOC"], ["LOC"]])
ONE = spans([["PER"], ["LOC", "ORG"], ["ORG"], ["PER", "PER"], ["ORG"], ["LOC"]])
WIDE = spans([["AGE"], ["LOC", "PER"], ["ORG"], ["PER", "SIZE"], ["LOC"], ["LOC"]])


@pytest.fixture
def span_runs(tmp_path):
    """Two runs of which one predicted two labels that gold lacks, in the middle and at the end of the alphabet."""
    runs = []
    for name, pred in (("a", ONE), ("b", WIDE)):
        tables = {key: naming.resolve(key).statistics(pred, GOLD) for key in ("F1", MACRO)}
        columns = {"prediction": [str(each) for each in pred]}
        runs.append(made(tmp_path / name, tables, task_type="ner", columns=columns))
    return runs


def test_macro_averages_of_other_predicted_labels_are_compared_from_the_labels_of_each_run(span_runs):
    metric = naming.resolve(MACRO)
    tables = [run.statistics(metric) for run in span_runs]
    assert [table.shape[1] for table in tables] == [9, 15]
    rows = {row.metric: row for row in comparison.differences(*span_runs, resamples=500)}
    row = rows[MACRO]
    assert (row.first, row.second) == (metric.compute(ONE, GOLD), metric.compute(WIDE, GOLD))
    # The same resamples of sentences, judged anew from the spans themselves.
    index = np.random.default_rng(0).integers(0, 6, (500, 6))
    values = []
    for rows_of_items in index:
        gold = [GOLD[i] for i in rows_of_items]
        values.append([metric.compute([side[i] for i in rows_of_items], gold) for side in (ONE, WIDE)])
    gains = np.subtract(*np.transpose(values)[::-1])
    (first, second), _ = resampled(metric, tables, resamples=500)
    assert second - first == pytest.approx(gains)
    assert (row.low, row.high) == pytest.approx(tuple(np.quantile(gains, [0.025, 0.975])))


def test_items_of_other_predicted_labels_are_those_whose_prediction_changed(span_runs, tmp_path):
    code, screen = call(
        "compare", *(run.folder for run in span_runs), "--metric", MACRO, "--right", "second", "--items-out",
        tmp_path / "o.jsonl", *QUICK,
    )  # fmt: skip
    assert code == 0, screen.err
    rows = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert rows
    assert all(row["prediction.first"] != row["prediction.second"] for row in rows)


def test_a_metric_that_runs_keep_otherwise_is_left_out_in_a_sentence_and_the_others_stay(tmp_path):
    right = np.array([[1.0], [0], [1], [1]])
    both = {"acc@1": right, "mean-per-class": np.hstack([[[0.0], [0], [1], [1]], right])}
    a = made(tmp_path / "a", both, task_type="image-classification")
    b = made(tmp_path / "b", both, task_type="image-classification")
    wide = np.hstack([both["mean-per-class"], right])
    table = {name: np.asarray(a.items[name]) for name in a.items if not name.startswith("mean")}
    import pyarrow as pa
    import pyarrow.parquet as pq

    table |= {f"mean-per-class.{i}": wide[:, i] for i in range(3)}
    pq.write_table(pa.table(table), b.folder / "items.parquet")
    code, screen = call("compare", a.folder, b.folder, "--items", "2", *QUICK)
    assert code == 0, screen.err
    assert "one: left out, for runs keep 2 and 3 statistics an item of metric 'mean-per-class'" in " ".join(
        screen.out.split()
    )
    b = finished_runs([b.folder])[0]
    notes = []
    assert comparison.differences(a, b, metrics=["mean-per-class"], resamples=200, notes=notes) == []
    assert len(notes) == 2
    assert [row.metric for row in comparison.differences(a, b, resamples=200)] == ["acc@1"]
    code, screen = call("compare", a.folder, b.folder, "--metric", "mean-per-class")
    assert (code, "2 and 3 statistics" in screen.err) == (2, True)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=12), st.integers(100, 20_000))
def test_p_of_a_bootstrap_of_differences_of_one_sign_is_not_below_that_of_exact_sign_flips(gains, resamples):
    units = len(gains)
    never_below_zero = np.full(resamples, np.mean(gains))
    assert bootstrap_p(never_below_zero, units=units) >= sign_flips(gains) - 1e-12
    assert bootstrap_p(never_below_zero, units=units) == max(bootstrap_p(never_below_zero), 2 ** (1 - units))
    assert bootstrap_p(np.zeros(resamples), units=units) == 1


@pytest.mark.parametrize(("n", "least"), [(1, 1.0), (2, 0.5), (3, 0.25)])
def test_few_items_are_never_significant_and_are_said_to_be_few(tmp_path, n, least):
    for name, value in (("a", 0.1), ("b", 0.9)):
        made(tmp_path / name, {"nDCG@10": [value] * n})
    code, screen = call("compare", tmp_path / "a", tmp_path / "b", "--test", "bootstrap", "--json", *QUICK)
    [row] = json.loads(screen.out)["differences"]
    assert (code, row["p"], row["stars"], row["note"]) == (0, least, "", f"few items: {n}")
    out = call("compare", tmp_path / "a", tmp_path / "b", "--test", "bootstrap", *QUICK)[1].out
    assert "+80.0 – +80.0 ~" in out
    assert f"~ nDCG@10 on one: few items: {n}" in out
    assert f"one, {n} item" + ("," if n == 1 else "s,") in out


def test_clusters_not_items_bound_p(tmp_path):
    columns = {"cluster": ["x"] * 30 + ["y"] * 30}
    a, b = (made(tmp_path / name, {"nDCG@10": [v] * 60}, columns=columns) for name, v in (("a", 0.1), ("b", 0.9)))
    [row] = comparison.differences(a, b, test="bootstrap", resamples=200)
    assert (row.p, row.note) == (0.5, "few clusters: 2")


def test_a_pair_without_the_metric_is_counted_and_only_what_nobody_has_is_an_error(tmp_path):
    for name in "ab":
        made(tmp_path / name / "t0", {"nDCG@10": RNG.random(5), "MRR@10": RNG.random(5)}, method=name, task="t0")
        made(tmp_path / name / "t1", {"MRR@10": RNG.random(5)}, method=name, task="t1")
    arguments = ("compare", tmp_path, "--by", "method", "--items", "1", *QUICK)
    code, screen = call(*arguments, "--metric", "nDCG@10")
    assert code == 0, screen.err
    assert "1 pair of runs without 'nDCG@10' left out (t1)" in screen.out
    assert "t1, none" not in screen.out
    code, screen = call(*arguments, "--metric", "nDCG@100")
    assert (code, "no metric 'nDCG@100'; did you mean 'nDCG@10'" in screen.err) == (2, True)


def test_rows_of_a_folder_s_models_name_method_and_options(tmp_path):
    for model in ("m", "n"):
        for method, options in (("x", {}), ("y", {"k": 1}), ("y", {"k": 2})):
            folder = tmp_path / model / method / str(options.get("k", 0))
            config = {"method": {"name": method, **options}}
            made(folder, {"nDCG@10": RNG.random(5)}, model=model, method=method, config=config, config_hash=str(folder))
    code, screen = call("compare", tmp_path, "--by", "model", *QUICK)
    assert code == 0, screen.err
    named = [line.split("nDCG@10")[0].strip() for line in screen.out.splitlines() if "nDCG@10 ↑" in line]
    assert named == ["x", "y (k=1)", "y (k=2)"]
    assert [line for line in screen.out.splitlines() if line.startswith(("first:", "second:"))] == [
        "first: m", "second: n"
    ]  # fmt: skip
    code, screen = call("compare", tmp_path / "m" / "x", tmp_path / "n" / "x", "--by", "model", *QUICK)
    assert "method: x" in screen.out
    rows = json.loads(call("compare", tmp_path, "--by", "model", "--json", *QUICK)[1].out)["differences"]
    assert [row["first_variant"] for row in rows] == ["", "k=1", "k=2"]


def test_several_baselines_meet_every_run_of_a_model(tmp_path):
    for model, method in (("none", "x"), ("none", "y"), ("m", "z")):
        made(tmp_path / method, {"nDCG@10": RNG.random(5)}, model=model, method=method)
    rows = json.loads(call("compare", tmp_path, "--by", "model", "--json", *QUICK)[1].out)["differences"]
    assert {frozenset((row["first_run"], row["second_run"])) for row in rows} == {
        frozenset(("none / x", "m / z")), frozenset(("none / y", "m / z"))
    }  # fmt: skip


@pytest.mark.parametrize(
    ("configs", "fingerprints", "expected"),
    [
        ([{"model": {"model": "a"}}, {"model": {"model": "b"}}], ["", ""], "differ in model.model (a, b)"),
        ([{}, {}], ["1", "2"], "differ in the model's weights or files"),
        ([{}, {}], ["", ""], "are of one config"),
        ([{"method": {"prompt": "p" * 99}}, {"method": {"k": 1}}], ["", ""], "differ in method.prompt, method.k (d"),
    ],
)
def test_runs_of_equal_names_show_their_folders_and_what_differs(tmp_path, configs, fingerprints, expected):
    for name, config, fingerprint in zip("ab", configs, fingerprints, strict=True):
        facts = {"model": "m", "method": "x", "config": config, "model_fingerprint": fingerprint}
        made(tmp_path / name, {"nDCG@10": RNG.random(5)}, **facts)
    code, screen = call("compare", tmp_path / "a", tmp_path / "b", "--allow", "prompts", "--format", "markdown", *QUICK)
    assert code == 0, screen.err
    said = screen.out.replace("\\", "")
    assert f"first: {tmp_path / 'a'}" in said
    assert f"second: {tmp_path / 'b'}" in said
    assert expected in said


def test_class_means_list_items_by_whether_they_are_right_and_not_those_that_are_the_same(tmp_path):
    right = {"a": [1, 0, 0, 1, 0, 1], "b": [1, 1, 0, 0, 1, 1]}
    for name, values in right.items():
        table = np.stack([[0, 0, 0, 1, 1, 1], values], axis=1)
        made(tmp_path / name, {"mean-per-class": table}, task_type="image-classification")
    code, screen = call("compare", tmp_path / "a", tmp_path / "b", "--right", "second", *QUICK)
    assert code == 0, screen.err
    listed = screen.out.split("mean-per-class, 2 items that the second run gets right and the first wrong:\n")[1]
    assert [line.split()[:4] for line in listed.splitlines()] == [
        ["i1", "0.000", "->", "1.000"], ["i4", "0.000", "->", "1.000"]
    ]  # fmt: skip


def test_an_influence_that_moves_with_other_items_alone_wins_no_item(tmp_path):
    counts = {"a": [[1, 0, 0], [0, 1, 1], [1, 1, 0]], "b": [[1, 0, 0], [1, 0, 0], [1, 1, 0]]}
    for name, table in counts.items():
        made(tmp_path / name, {"F1": table}, task_type="ner")
    for side, expected in (("second", ["i1"]), ("first", [])):
        call("compare", tmp_path / "a", tmp_path / "b", "--right", side, "--items-out", tmp_path / "o.jsonl", *QUICK)
        assert [json.loads(line)["id"] for line in (tmp_path / "o.jsonl").read_text().splitlines()] == expected


def test_an_id_that_stands_twice_is_named_with_its_rows_whichever_side_it_is_on(tmp_path):
    a = made(tmp_path / "a", {"nDCG@10": RNG.random(4)}, ids=["x", "y", "z", "y"])
    b = made(tmp_path / "b", {"nDCG@10": RNG.random(4)}, ids=["x", "y", "z", "w"])
    for pair in ((a, b), (b, a), (a, a)):
        with pytest.raises(UserError, match=r"a.items\.parquet: id 'y' stands twice \(rows 2 and 4\)"):
            comparison.differences(*pair)


def test_differences_in_percent_are_points_and_others_have_their_unit(tmp_path):
    for name in "ab":
        made(tmp_path / name, {"AbsRel": RNG.random((9, 2)), "RMSE": RNG.random((9, 2))}, task_type="depth")
    _, screen = call("compare", tmp_path / "a", tmp_path / "b", "--format", "markdown", *QUICK)
    rows = [line for line in screen.out.splitlines() if line.startswith(("| AbsRel", "| RMSE"))]
    assert [row.split("|")[4].split()[1].rstrip("*") for row in rows] == ["points", "m"]
    _, screen = call("compare", tmp_path / "a", tmp_path / "b", "--metric", "AbsRel", "--format", "markdown", *QUICK)
    assert "| points |" in screen.out
    assert "%" not in screen.out.split("---")[-1].split("Points: second minus first")[0]


@pytest.fixture
def suites(tmp_path):
    """Two methods over two tasks with their average, in one suite."""
    for method in "ab":
        runs = [
            made(
                tmp_path / task / "none" / method, {"acc@1": RNG.random(8) < 0.5}, task=task, method=method,
                task_type="image-classification", test_fingerprint=task, config_hash=f"{method}{task}",
            )
            for task in ("t0", "t1")
        ]  # fmt: skip
        made_average(tmp_path / "all" / "none" / method, runs)
    return tmp_path


def test_tests_of_averages_have_a_name_of_their_own_and_two_averages_are_compared_by_a_function(suites):
    _, screen = call("compare", suites, "--by", "method", *QUICK)
    assert "Paired tests: acc@1: McNemar; averages: bootstrap of all tasks." in " ".join(screen.out.split())
    runs = finished_runs([suites], averages=True)
    first, second = (run for run in runs if run.is_average)
    difference = average_difference(first, second, runs, resamples=200)
    rows = json.loads(call("compare", suites, "--by", "method", "--json", *QUICK)[1].out)["differences"]
    [average] = [row for row in rows if row["is_average"]]
    assert (difference.value, difference.p, difference.low) == (average["delta"], average["p"], average["ci95_low"])
    assert difference.note.startswith("few items: 8")
    lacking = [run for run in runs if run.result["config_hash" if not run.is_average else "task"] != "at0"]
    assert "lacks the result of 't0'" in average_difference(first, second, lacking)


def test_an_average_alone_is_told_to_bring_its_suite(suites):
    code, screen = call("compare", suites / "all" / "none" / "a", suites / "all" / "none" / "b")
    said = " ".join(screen.err.split())
    assert (code, "'all' is an average, which has no items of its own; expected the suite's folder" in said) == (
        2,
        True,
    )


def test_of_equally_near_metrics_the_top_one_comes_first():
    assert did_you_mean("accc", ["acc@5", "acc@1"]) == "did you mean 'acc@1', 'acc@5'?"


@pytest.mark.parametrize("width", ["40", "60"])
def test_narrow_terminals_cut_no_value_of_a_folder_s_methods(suites, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    _, screen = call("compare", suites, "--by", "method", *QUICK)
    rows = json.loads(call("compare", suites, "--by", "method", "--json", *QUICK)[1].out)["differences"]
    for row in rows:
        assert f"{100 * row['delta']:+.1f}" in screen.out
        assert f"{100 * row['ci95_low']:+.1f} – {100 * row['ci95_high']:+.1f} ~" in screen.out
    assert "…" not in screen.out
