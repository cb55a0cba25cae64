"""Rows over several tasks: values by definition, intervals against simulation, what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.config.suites import Average
from zsbench.core.errors import UserError
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.results.averages import averages, combined


def part(value, low, high):
    return {"value": value, "low": low, "high": high, "unit": "%", "n": 10, "better": "higher"}


def test_the_mean_and_the_harmonic_mean_are_what_they_say():
    parts = [part(0.2, 0.1, 0.4), part(0.6, 0.5, 0.7)]
    assert combined(parts)["value"] == pytest.approx(0.4)
    assert combined(parts, harmonic=True)["value"] == pytest.approx(2 * 0.2 * 0.6 / 0.8)
    assert combined([part(0.0, 0.0, 0.1), part(0.6, 0.5, 0.7)], harmonic=True)["value"] == 0.0


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
def test_shared_test_data_never_narrows_the_interval(rows):
    parts = [part(v, v - a, v + b) for v, a, b in rows]
    for harmonic in (False, True):
        apart, together = (combined(parts, harmonic=harmonic, shared=shared) for shared in (False, True))
        assert together["low"] <= apart["low"] + 1e-12
        assert apart["high"] <= together["high"] + 1e-12
        assert min(v for v, _, _ in rows) - 1e-9 <= apart["value"] <= max(v for v, _, _ in rows) + 1e-9


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
    found, incomplete = averages(wanted, results)
    assert [row["metrics"]["acc@1"]["value"] for row in found] == [0.75]
    assert [(row.model, row.missing) for row in incomplete] == [("n", ["a"])]


def test_an_average_may_stand_in_a_later_one():
    def result(task, value):
        score = {"value": value, "low": value, "high": value, "unit": "%", "n": 1, "better": "higher"}
        same = {"model": "m", "method": "r", "method_kind": "", "method_uses": [], "versions": {}, "device": "cpu"}
        same |= {
            "dtype": "float32",
            "synthetic": False,
            "n_items": 1,
            "cost": {},
            "seeds": {},
            "started": "",
            "seconds": 0,
        }
        return {
            **same,
            "task": task,
            "metrics": {"acc@1": score},
            "config_hash": task,
            "data_fingerprint": task,
            "test_fingerprint": task,
            "model_fingerprint": "",
            "code": "",
            "commit": "",
        }

    wanted = [Average(name="forums", tasks=["a", "b"]), Average(name="all", tasks=["c", "forums"])]
    found, incomplete = averages(wanted, [result("a", 0.2), result("b", 0.4), result("c", 0.9)])
    assert not incomplete
    assert [row["metrics"]["acc@1"]["value"] for row in found] == pytest.approx([0.3, 0.6])
