"""`import zsbench` is light; what it evaluates and loads is what the command line evaluates and shows."""

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zsbench
from tests.command import call

V1 = Path(__file__).parents[1] / "results" / "v1"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSBENCH_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def results(place):
    return zsbench.evaluate("synonyms", methods=["random-order", "bm25"], out=place / "runs", limit=12, resamples=200)


def test_importing_is_light():
    code = (
        "import sys; before = set(sys.modules); import zsbench; new = set(sys.modules) - before; "
        "heavy = {'numpy', 'torch', 'pandas', 'pydantic', 'pyarrow', 'rich', 'typer', 'yaml'} & set(sys.modules); "
        "assert not heavy, heavy; assert len(new) < 40, sorted(new); "
        "assert not [name for name in new if name.startswith('zsbench.')]; dir(zsbench); zsbench.UserError; "
        "assert not {'numpy', 'torch', 'pandas', 'pydantic'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_all_that_is_offered_is_there_and_nothing_else():
    assert {name for name in zsbench.__all__ if getattr(zsbench, name) is None} == set()
    assert set(zsbench.__all__) <= set(dir(zsbench))
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        _ = zsbench.evalute
    assert (Path(zsbench.__file__).parent / "py.typed").is_file()


def test_the_command_goes_on_from_what_python_did(results, place):
    code, screen = call(
        "eval", "synonyms", "--method", "random-order", "--method", "bm25", "--out", "api", "--limit", 12
    )
    assert code == 0, screen.err
    again = zsbench.evaluate("synonyms", methods=["random-order", "bm25"], out="api", limit=12)
    assert [run.result["started"] for run in again] == [run.result["started"] for run in zsbench.load("api")]
    code, screen = call(
        "eval", "synonyms", "--method", "random-order", "--method", "bm25", "--out", "api", "--limit", 12
    )
    assert "2 of 2 runs were there already" in screen.err
    values = [{name: score["value"] for name, score in run.result["metrics"].items()} for run in results]
    assert values == [{name: score["value"] for name, score in run.result["metrics"].items()} for run in again]


def test_runs_are_a_sequence(results, place):
    assert (len(results), bool(results), bool(results[:0])) == (2, True, False)
    assert [run.title for run in results] == ["none / random-order", "none / bm25"]
    assert results[1].folder == place / "runs/synonyms/synonyms/none/bm25"
    assert [run.title for run in results[1:]] == ["none / bm25"]
    assert repr(results) == "<zsbench.Results: 2 runs (1 task, 1 model, 2 methods)>"
    assert "metrics" not in repr(results[0])


def test_frame_is_the_table_with_the_suite(results):
    frame = results.frame()
    table = pd.read_csv(io.StringIO(results.table("csv")))
    assert frame.columns.tolist() == ["suite", *table.columns]
    assert set(frame["suite"]) == {"synonyms"}
    assert frame["value"].tolist() == pytest.approx(table["value"].tolist())
    assert frame["value"].dtype == "float64"
    assert (frame["low"] <= frame["value"]).all()
    of_command = call("table", results[0].folder, results[1].folder, "--format", "csv")[1].out
    assert of_command == results.table("csv")


def test_undefined_is_nan_and_never_zero(results):
    run = results[0]
    metrics = {"nDCG@10": {**run.result["metrics"]["nDCG@10"], "value": None, "low": None, "high": None}}
    changed = zsbench.Results([type(run)(run.folder, {**run.result, "metrics": metrics})])
    assert changed.frame()[["value", "low", "high"]].isna().all(axis=None)
    empty = zsbench.Results([])
    assert (len(empty.frame()), len(empty.items()), empty.frame()["value"].dtype) == (0, 0, "float64")


def test_items_are_one_row_an_item(results):
    items = results.items()
    assert len(items) == 2 * 12
    assert items.columns.tolist()[:4] == ["task", "model", "method", "id"]
    assert items.columns.tolist()[-1] == "prediction"
    means = items.groupby("method")["nDCG@10"].mean()
    for run in results:
        assert means[run.result["method"]] == pytest.approx(run.result["metrics"]["nDCG@10"]["value"])
    one = results.items(method="bm25", metric="nDCG@10")
    assert (len(one), "MRR@10" in one, "nDCG@10" in one) == (12, False, True)
    for wrong, words in (({"method": "bm52"}, "bm25"), ({"metric": "nDCG@11"}, "nDCG@10"), ({"task": "x"}, "synonyms")):
        with pytest.raises(zsbench.UserError, match=words):
            results.items(**wrong)


def test_items_of_every_type_stand_in_one_table():
    results = zsbench.load(V1)
    items = results.items()
    assert len(items) == sum(run.result["n_items"] for run in results if not run.is_average)
    assert items.groupby(["task", "model", "method"], sort=False).ngroups == sum(not run.is_average for run in results)
    spans = results.items(metric="F1")
    assert spans.columns.tolist() == ["task", "model", "method", "id", "F1.tp", "F1.fp", "F1.fn", "prediction"]
    assert set(spans["task"]) == {"names-unseen"}


def test_compare_asks_the_comparison(results):
    table = results.compare("random-order", "bm25", resamples=300, seed=4)
    code, screen = call("compare", results[0].folder, results[1].folder, "--resamples", 300, "--seed", 4, "--json")
    assert code == 0, screen.err
    rows = json.loads(screen.out)["differences"]
    for name in ("task", "metric", "delta", "ci95_low", "ci95_high", "p", "p_adjusted", "n_items", "wins", "verdict"):
        assert table[name].tolist() == [row[name] for row in rows], name
    assert table["second_run"].tolist() == ["none / bm25"] * 2
    assert isinstance(table.attrs["notes"], list)
    other = results.where(method="random-order").compare(results.where(method="bm25"), resamples=300, seed=4)
    pd.testing.assert_frame_equal(table, other)
    for sides, words in (
        (("random-order", "bm52"), "bm25"),
        (("none", "bm25"), "both name none / bm25"),
        ((), "nothing"),
    ):
        with pytest.raises(zsbench.UserError, match=words):
            results.compare(*sides)


def test_tables_in_every_format(results):
    for format in ("text", "markdown", "latex", "csv", "html", "json"):
        text = results.table(format)
        assert "bm25" in text
        assert "random-order" in text
    assert json.loads(results.table("json"))["schema_version"] == 1
    narrow = results.table(width=60)
    assert max(map(len, narrow.splitlines())) <= 60
    assert results.table("csv", rows=["method"], cols=["metric"]).splitlines()[0].startswith("method,")
    for wrong, words in (({"format": "docx"}, "markdown"), ({"rows": ["taks"]}, "task")):
        with pytest.raises(zsbench.UserError, match=words):
            results.table(**wrong)


def test_no_name_injects_html(place):
    label = "<img src=x onerror=alert(1)>"
    results = zsbench.evaluate("synonyms", methods={"name": "bm25", "label": label}, out=place / "html", limit=3)
    page = results._repr_html_()
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_load_takes_several_places_and_each_run_once(results, place):
    runs = place / "runs"
    assert [run.title for run in zsbench.load(runs)] == [run.title for run in results]
    assert len(zsbench.load([runs, runs / "synonyms", results[0].folder / "result.json"])) == 2
    for wrong, words in ((place / "nowhere", "no such folder"), ([], "no folder")):
        with pytest.raises(zsbench.UserError, match=words):
            zsbench.load(wrong)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"names": "synonims"}, "synonyms"),
        ({"names": []}, "names"),
        ({"names": ["synonyms", "nosuch"], "methods": "bm25"}, "nosuch"),
        ({"names": "synonyms", "methods": "bm52"}, "bm25"),
        ({"names": "synonyms", "methods": 3}, "methods"),
        ({"names": "synonyms", "models": [object()]}, "a name, a path or a mapping"),
        ({"names": "synonyms", "methods": "bm25", "limit": 0}, "at least 1"),
        ({"names": "synonyms", "methods": "bm25", "overrides": {"task.missing": {1, 2}}}, "what YAML can say"),
        ({"names": "synonyms", "methods": "bm25", "overrides": {"taks.missing": "skip"}}, "task"),
        ({"names": "synonyms", "methods": "bm25", "dtype": "float8"}, "float16"),
    ],
)
def test_mistakes_are_user_errors_before_anything_runs(arguments, words, place, tmp_path):
    with pytest.raises(zsbench.UserError, match=words):
        zsbench.evaluate(**arguments, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_overrides_are_what_set_says(place, tmp_path):
    overrides = {"task.metrics": ["MRR@10"], "bm25.k1": 1.2}
    [run] = zsbench.evaluate("synonyms", methods="bm25", overrides=overrides, limit=4, out=tmp_path)
    assert list(run.result["metrics"]) == ["MRR@10"]
    assert run.result["config"]["method"]["k1"] == 1.2
    assert run.result["config"]["settings"]["limit"] == 4


def test_a_failing_run_is_raised_after_the_others_or_kept(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task = "type: ner\ndescription: d\ndata: {source: jsonl-sentences, path: %s.jsonl}\nlabels: [l]\nmetrics: [F1]\n"
    (tmp_path / "good.jsonl").write_text('{"tokens": ["x"], "spans": [[0, 0, "l"]]}\n')
    (tmp_path / "bad.jsonl").write_text("{x\n")
    for name in ("good", "bad"):
        (tmp_path / f"{name}.yaml").write_text(task % name)
    names = [Path("bad.yaml"), "good.yaml"]
    with pytest.raises(zsbench.UserError, match=r"bad\.jsonl:1"):
        zsbench.evaluate(names, methods="capitalised-runs")
    results = zsbench.evaluate(names, methods="capitalised-runs", strict=False)
    assert [run.result["task"] for run in results] == ["good"]
    assert list(results.errors) == ["bad / none / capitalised-runs"]
    assert "; 1 failed" in repr(results)


def test_nothing_is_printed_and_progress_is_told_to_who_asks(place, tmp_path, capfd):
    seen = []
    zsbench.evaluate("synonyms", methods="bm25", limit=3, out=tmp_path)
    assert capfd.readouterr() == ("", "")
    zsbench.evaluate(
        "synonyms", methods="bm25", limit=4, out=tmp_path, progress=lambda title, done, n: seen.append((done, n))
    )
    assert seen[-1][0] >= 3
    assert {n for _, n in seen} == {4}
    handlers = logging.getLogger("zsbench").handlers
    assert not [handler for handler in handlers if isinstance(handler, logging.StreamHandler)]


def test_rows_over_several_tasks_are_among_the_results(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    suite = "settings: {limit: 3}\nruns: [{tasks: [synonyms, synonyms-answers], methods: bm25}]\naverages: [{name: both, tasks: [synonyms, synonyms-answers]}]\n"
    Path("s.yaml").write_text(suite)
    results = zsbench.evaluate("s.yaml")
    assert [run.result["task"] for run in results] == ["synonyms", "synonyms-answers", "both"]
    assert results[2].folder / "result.json" == next(Path("runs").absolute().rglob("both/*/*/result.json")).relative_to(
        tmp_path
    )
    assert len(results.items()) == 6
    assert [run.result["task"] for run in zsbench.load("runs")] == ["synonyms", "synonyms-answers", "both"]


def test_numbers_of_numpy_are_numbers(place):
    results = zsbench.evaluate(
        "synonyms", methods="bm25", out=place / "numpy", limit=np.int64(3), overrides={"method.k1": np.float64(1.5)}
    )
    [run] = results
    assert (run.result["n_items"], run.result["config"]["method"]["k1"]) == (3, 1.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"limit": 0}, "^limit: .*at least 1"),
        ({"limit": True}, "^limit: "),
        ({"batch_size": "many"}, "^batch_size: "),
        ({"methods": "bm26"}, "^methods: no method 'bm26'"),
        ({"overrides": "task.x=1"}, r"^evaluate\(overrides=...\): 'task.x=1'; expected a mapping"),
        ({"overrides": {"method.x": 1}}, "^overrides: unknown key 'x'"),
        ({"methods": "icr"}, "expected models or `models:`"),
    ],
)
def test_messages_name_the_argument_and_not_the_option(place, arguments, words):
    with pytest.raises(zsbench.UserError, match=words) as caught:
        zsbench.evaluate("synonyms", out=place / "never", **{"methods": "bm25", **arguments})
    assert "--" not in str(caught.value)
    assert not (place / "never").exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda _: zsbench.load(3),
        lambda _: zsbench.load(None),
        lambda results: results.table(width=0),
        lambda results: results.table(rows=3),
        lambda results: results.table(rows="task", cols="model"),
        lambda results: results.where(task=3),
        lambda results: results.items(metric=3),
        lambda results: results.compare("bm25", "random-order", test="nope"),
        lambda results: results.compare("bm25", "random-order", resamples=0),
        lambda results: results.compare("bm25", "random-order", confidence=2),
        lambda results: results.compare("bm25", "random-order", allow="nope"),
        lambda results: results.compare("bm25", "random-order", metrics="nope"),
    ],
)
def test_what_fits_no_argument_is_a_sentence(results, ask):
    with pytest.raises(zsbench.UserError) as caught:
        ask(results)
    assert "--" not in str(caught.value)


def test_one_dimension_needs_no_list(results):
    assert results.table("csv", rows="task", cols=["method", "metric"])
