"""Rows over several tasks: values by definition, intervals against simulation, what is refused."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.config.suites import Average
from zsbench.core.errors import UserError
from zsbench.metrics import bootstrap, naming
from zsbench.metrics.intervals import wilson
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.results import joint
from zsbench.results.averages import averages
from zsbench.results.combination import Combination, combined
from zsbench.results.finished_run import FinishedRun


def part(value, low, high):
    return {"value": value, "low": low, "high": high, "unit": "%", "n": 10, "better": "higher"}


HARMONIC = Combination("harmonic", (0, 1))


def test_the_mean_and_the_harmonic_mean_are_what_they_say():
    parts = [part(0.2, 0.1, 0.4), part(0.6, 0.5, 0.7)]
    assert combined(parts)["value"] == pytest.approx(0.4)
    assert combined(parts, HARMONIC)["value"] == pytest.approx(2 * 0.2 * 0.6 / 0.8)
    assert combined([part(0.0, 0.0, 0.1), part(0.6, 0.5, 0.7)], HARMONIC)["value"] == 0.0


def test_an_undefined_part_makes_the_average_undefined():
    assert combined([part(None, None, None), part(0.5, 0.4, 0.6)])["value"] is None


def test_the_interval_covers_about_as_often_as_it_says():
    rng, truth, n, hits = np.random.default_rng(0), (0.3, 0.8, 0.55), 200, 0
    for _ in range(400):
        shares = [rng.binomial(n, p) / n for p in truth]
        parts = [part(p, p - 1.96 * (p * (1 - p) / n) ** 0.5, p + 1.96 * (p * (1 - p) / n) ** 0.5) for p in shares]
        found = combined(parts)
        hits += found["low"] <= np.mean(truth) <= found["high"]
    assert 0.91 <= hits / 400 <= 0.98


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0, 0.2), st.floats(0, 0.2)), min_size=2, max_size=6))
def test_errors_that_go_together_never_narrow_the_interval_of_a_mean(rows):
    parts = [part(v, v - a, v + b) for v, a, b in rows]
    apart, together = combined(parts), combined(parts, correlations=np.ones((len(parts), len(parts))))
    assert together["low"] <= apart["low"] + 1e-12
    assert apart["high"] <= together["high"] + 1e-12
    assert together["low"] == pytest.approx(np.mean([v - a for v, a, _ in rows]))
    assert min(v for v, _, _ in rows) - 1e-9 <= apart["value"] <= max(v for v, _, _ in rows) + 1e-9


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 0.3))
def test_a_harmonic_mean_stays_within_its_interval_and_within_what_its_parts_allow(a, b, below, above):
    ends = [(v, max(0, v - below), min(1, v + above)) for v in (a, b)]
    score = combined([part(*end) for end in ends], HARMONIC)
    assert score["low"] <= score["value"] <= score["high"]
    assert HARMONIC.value(np.array([low for _, low, _ in ends])) - 1e-12 <= score["low"]
    assert score["high"] <= HARMONIC.value(np.array([high for _, _, high in ends])) + 1e-12


def test_a_harmonic_part_at_zero_moves_the_end_as_one_that_is_nearly_zero_does():
    at, near = (combined([part(0.8, 0.7, 0.87), part(v, 0.0, 0.037)], HARMONIC)["high"] for v in (0.0, 1e-6))
    assert at == pytest.approx(near, abs=1e-5)
    assert at == pytest.approx(2 * 0.8 * 0.037 / 0.837, rel=0.02)


def wilson_part(right, n):
    low, high = wilson(right, n)
    return {**part(right / n, low, high), "n": n, "interval": "wilson"}


@pytest.mark.parametrize("truth", [(0.99,) * 10, (0.3, 0.8, 0.55)])
def test_a_mean_of_shares_covers_near_its_bounds_too(truth):
    rng, n, hits = np.random.default_rng(1), 30, 0
    for _ in range(400):
        score = combined([wilson_part(rng.binomial(n, p), n) for p in truth])
        hits += score["low"] <= np.mean(truth) <= score["high"]
    assert 0.92 <= hits / 400 <= 0.99


def test_all_right_is_no_interval_of_zero():
    score = combined([wilson_part(30, 30)] * 3)
    assert (score["high"], score["low"]) == (1.0, pytest.approx(wilson(90, 90)[0]))


def written(folder, task, columns, metric="acc@1", interval="wilson", place="one", **facts):
    """Return a finished run of `acc@1` or `MAP` with these items."""
    table = np.asarray(columns.get(metric), dtype=float)
    folder = folder / task
    folder.mkdir(parents=True)
    pq.write_table(pa.table({**columns, "prediction": [""] * len(table)}), folder / "items.parquet")
    low, high = wilson(table.sum(), len(table)) if interval == "wilson" else (table.mean() - 0.05, table.mean() + 0.05)
    row = result(task, float(table.mean()), metric=metric)
    row["metrics"][metric] |= {"low": low, "high": high, "n": len(table), "interval": interval}
    kind = "image-classification" if metric == "acc@1" else "rerank"
    return FinishedRun(folder, {**row, "task_type": kind, "config": {"task": {"data": {"path": place}}}, **facts})


def test_tasks_over_the_same_items_are_paired_by_item_in_whatever_order(tmp_path):
    rng = np.random.default_rng(0)
    right = (rng.random(200) < 0.6).astype(float)
    other = np.where(rng.random(200) < 0.2, 1 - right, right)
    order = rng.permutation(200)
    ids = np.arange(200).astype(str)
    runs = [
        written(tmp_path, "a", {"id": ids, "acc@1": right}),
        written(tmp_path, "b", {"id": ids[order], "acc@1": other[order]}),
        written(tmp_path, "c", {"id": ids, "acc@1": other}, place="elsewhere"),
    ]
    r = joint.correlations(runs, ["acc@1"] * 3)
    assert r[0, 1] == pytest.approx(np.corrcoef(right, other)[0, 1], abs=1e-9)
    assert (r[0, 2], r[1, 2]) == (0, 0)
    [both], _ = averages([Average(name="both", tasks=["a", "b"])], runs)
    [apart], _ = averages([Average(name="apart", tasks=["a", "c"])], runs)
    widths = [row["metrics"]["acc@1"]["high"] - row["metrics"]["acc@1"]["low"] for row in (both, apart)]
    assert widths[0] > 1.2 * widths[1]


def test_the_interval_over_shared_items_covers(tmp_path):
    rng, hits = np.random.default_rng(2), 0
    for number in range(120):
        latent = rng.normal(size=(150, 1))
        right = (np.sqrt(0.6) * latent + np.sqrt(0.4) * rng.normal(size=(150, 3)) < 0.2533).astype(float)  # p = 0.6
        ids = np.arange(150).astype(str)
        runs = [written(tmp_path / str(number), f"t{i}", {"id": ids, "acc@1": right[:, i]}) for i in range(3)]
        [row], _ = averages([Average(name="mean", tasks=["t0", "t1", "t2"])], runs)
        hits += row["metrics"]["acc@1"]["low"] <= 0.6 <= row["metrics"]["acc@1"]["high"]
    assert 0.89 <= hits / 120 <= 0.99


def test_a_task_that_stands_in_an_average_twice_counts_twice(tmp_path):
    rng = np.random.default_rng(3)
    ids = np.arange(100).astype(str)
    runs = [
        written(tmp_path, task, {"id": ids, "MAP": rng.random(100)}, "MAP", "bootstrap(B=9, seed=0)", place=task)
        for task in "ab"
    ]
    wanted = [Average(name="inner", tasks=["a", "b"]), Average(name="outer", tasks=["inner", "a"])]
    [_, outer], _ = averages(wanted, runs)
    score = outer["metrics"]["MAP"]
    assert score["value"] - score["low"] == pytest.approx(0.05 * np.hypot(0.75, 0.25))
    assert score["interval"] == "mover"


def test_items_that_are_gone_are_never_too_narrow_and_said(tmp_path, caplog):
    ids = np.arange(50).astype(str)
    runs = [written(tmp_path, task, {"id": ids, "acc@1": np.arange(50) % 2}) for task in "ab"]
    (runs[1].folder / "items.parquet").unlink()
    assert (joint.correlations(runs, ["acc@1"] * 2) == 1).all()
    assert "items.parquet is missing" in caplog.text


@pytest.mark.parametrize("name", ["MAP", "mean-hit", "mean-per-class", "median-rank"])
def test_influences_are_those_of_leaving_a_unit_out(name):
    rng = np.random.default_rng(4)
    metric = naming.resolve(name)
    table = np.floor(rng.random((60, 4)) * 3)
    units = np.arange(60) // 2
    without = np.array([metric.reduce(table[units != unit]) for unit in range(30)])
    expected = without.mean() - without
    moved = joint.influences(metric, table, units)
    assert abs(moved.sum()) < 1e-9
    if metric.of_sums is not None:
        assert moved == pytest.approx(expected, abs=1e-12)
    elif expected.any():
        assert np.corrcoef(moved, expected)[0, 1] > 0.5


SUITE = """description: two halves
runs:
  - tasks: [{use: digits, label: one}, {use: glyphs, label: two}]
    methods: random-class
averages:
  - {name: both, tasks: [one, TWO], metric: acc@1}
"""


def run(*arguments):
    found = CliRunner().invoke(app, list(arguments))
    assert found.exit_code == 0, found.output
    return found


def test_a_suite_gets_its_average_row_and_a_typo_is_refused(tmp_path):
    good = tmp_path / "suite.yaml"
    good.write_text(SUITE.replace("TWO", "two"))
    rows = json.loads(run("eval", str(good), "--out", str(tmp_path / "out"), "--json").stdout)["suites"][0]["rows"]
    by_task = {row["task"]: row["value"] for row in rows if row["metric"] == "acc@1"}
    assert by_task["both"] == pytest.approx((by_task["one"] + by_task["two"]) / 2)
    assert "both" in run("table", str(tmp_path / "out"), "--format", "csv").stdout
    (tmp_path / "bad.yaml").write_text(SUITE.replace("TWO", "tow"))
    with pytest.raises(UserError, match="tow"):
        planning.make(str(Path(tmp_path / "bad.yaml")), Choices())
    (tmp_path / "bad.yaml").write_text(SUITE.replace("TWO", "two").replace("acc@1", "acc@5"))
    with pytest.raises(UserError, match="no metric of 'one' 'acc@5'; did you mean 'acc@1'"):
        planning.make(str(Path(tmp_path / "bad.yaml")), Choices())


def test_an_average_with_a_missing_task_says_so_and_leaves_no_old_row(tmp_path):
    good = tmp_path / "suite.yaml"
    good.write_text(SUITE.replace("TWO", "two"))
    out = tmp_path / "out"
    run("eval", str(good), "--out", str(out), "--json")
    row = out / "suite" / "both" / "none" / "random-class" / "result.json"
    assert row.is_file()
    # The second task's class names are too few for its labels now, so that it fails.
    good.write_text(good.read_text().replace("label: two}", "label: two, classes: [a]}"))
    found = CliRunner().invoke(app, ["eval", str(good), "--out", str(out), "--quiet"])
    assert found.exit_code != 0
    message = "warning: suite: no row 'both' for none / random-class: 1 of its 2 tasks have no result (two)"
    assert message in found.stderr
    assert not row.exists()


def result(task, value, model="m", method="zero-shot", metric="acc@1"):
    score = {**part(value, value, value), "interval": "wilson"}
    keys = {"method_kind": "inductive", "method_uses": [], "versions": {}, "device": "cpu", "dtype": "float32"}
    keys |= {
        "synthetic": False,
        "n_items": 10,
        "cost": {},
        "config_hash": task,
        "data_fingerprint": task,
        "test_fingerprint": task,
        "model_fingerprint": "",
        "code": "",
        "commit": "",
    }
    return {"task": task, "model": model, "method": method, "metrics": {metric: score}, "seeds": {}, "started": "",
            "seconds": 1.0, **keys}  # fmt: skip


def test_only_models_with_some_but_not_all_tasks_are_incomplete():
    wanted = [Average(name="both", tasks=["a", "b"])]
    results = [result("a", 0.5), result("b", 1.0), result("b", 0.2, model="n"), result("c", 0.1, model="o")]
    found, incomplete = averages(wanted, [FinishedRun(Path(), row) for row in results])
    assert [row["metrics"]["acc@1"]["value"] for row in found] == [0.75]
    assert [(row.model, row.missing) for row in incomplete] == [("n", ["a"])]


def test_an_average_may_stand_in_a_later_one():
    wanted = [Average(name="forums", tasks=["a", "b"]), Average(name="all", tasks=["c", "forums"])]
    runs = [FinishedRun(Path(), result(*of)) for of in (("a", 0.2), ("b", 0.4), ("c", 0.9))]
    rows, incomplete = averages(wanted, runs)
    assert not incomplete
    assert [row["metrics"]["acc@1"]["value"] for row in rows] == pytest.approx([0.3, 0.6])


def test_influences_follow_the_draws_that_gave_the_values(monkeypatch):
    monkeypatch.setattr(bootstrap, "_COUNTS_DRAWN_ABOVE", 20)  # as above 20,000 units, where counts are drawn at once
    rng = np.random.default_rng(4)
    metric = naming.resolve("mean-per-class")
    table = np.floor(rng.random((60, 2)) * 2)
    without = np.array([metric.reduce(np.delete(table, item, axis=0)) for item in range(60)])
    moved = joint.influences(metric, table, np.arange(60))
    assert np.corrcoef(moved, without.mean() - without)[0, 1] > 0.5
