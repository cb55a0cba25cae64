"""`zsbench check`: what fails and why, what is never a pass, and how a baseline is made."""

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import call
from zsbench.analysis.gate import baseline
from zsbench.analysis.gate.packing import unpacked
from zsbench.config import catalog
from zsbench.metrics import naming
from zsbench.results.finished_run import FinishedRun
from zsbench.results.items import item_statistics

SUITE = """description: what the gate is tried on
settings: {limit: 60, resamples: 1000}
runs:
  - {tasks: synonyms, methods: [bm25, random-order]}
  - {tasks: digits, methods: random-class}
  - {tasks: [names-seen, names-unseen], methods: capitalised-runs}
  - {tasks: rooms-60, methods: {name: constant-depth, metres: 4.2}}
averages:
  - {name: names, tasks: [names-seen, names-unseen], metric: F1}
  - {name: names-harmonic, tasks: [names-seen, names-unseen], metric: F1, kind: harmonic}
"""
BASELINES = Path(__file__).parents[1] / "results" / "baselines"
BM25 = "gate/synonyms/none/bm25"
DIGITS = "gate/digits/none/random-class"
ROOMS = "gate/rooms-60/none/constant-depth"
NAMES = "gate/names-seen/none/capitalised-runs"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Results of a suite, and the baseline made of them."""
    folder = tmp_path_factory.mktemp("gate")
    (folder / "gate.yaml").write_text(SUITE)
    code, screen = call("eval", folder / "gate.yaml", "--out", folder / "runs", "-q", "--offline")
    assert code == 0, screen.err
    code, screen = call("check", folder / "runs", "--baseline", folder / "gate", "--update")
    assert code == 0, screen.err
    return folder


@pytest.fixture
def runs(made, tmp_path):
    """A copy of the results, to be changed."""
    return shutil.copytree(made / "runs", tmp_path / "runs")


@pytest.fixture
def kept(made, tmp_path):
    """A copy of the baseline, to be changed."""
    return shutil.copy(made / "gate.json", tmp_path / "gate.json")


def change(folder, **values):
    """Change keys of a result; `metrics` are laid over those it has."""
    path = folder / "result.json"
    result = json.loads(path.read_text())
    for key, value in values.items():
        result[key] = {**result[key], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(result))


def rescore(folder, metric, edit):
    """Change the statistics of a metric's items, and its value with them."""
    path = folder / "items.parquet"
    table = pq.read_table(path)
    columns = {name: table[name].to_numpy().copy() for name in table.column_names}
    edit(columns)
    pq.write_table(pa.table(columns), path)
    result = json.loads((folder / "result.json").read_text())
    resolved = FinishedRun(folder, result).metric(metric)
    value = resolved.reduce(item_statistics(resolved, columns))
    change(folder, metrics={metric: {**result["metrics"][metric], "value": value}})
    return value


def checked(runs, baseline, *options, code=None):
    """Return what `--json` says, and that it agrees with the exit code."""
    ended, screen = call("check", runs, "--baseline", baseline, "--json", *options)
    assert ended in (0, 1), screen.err
    said = json.loads(screen.out)
    assert said["passed"] is (ended == 0)
    assert code is None or ended == code
    return said


def moved(said):
    return {(row["task"], row["metric"]): row for row in said["rows"] if row["kind"] != "same"}


def only(said):
    [row] = moved(said).values()
    return row


def test_the_same_results_pass_by_exact_comparison(made):
    said = checked(made / "runs", made / "gate.json", "--mode", "tolerance", "--tolerance", "0", code=0)
    with_items = [row for row in said["rows"] if not row["task"].startswith("names-h") and row["task"] != "names"]
    assert {row["reason"] for row in with_items} == {"exactly the same items"}
    assert {row["kind"] for row in said["rows"]} == {"same"}
    assert len(said["rows"]) == 4 + 2 + 4 + 3 + 2
    code, screen = call("check", made / "runs", "--baseline", made / "gate")
    assert (code, screen.out) == (0, "passed: 15 same (mode either)\n")


def test_the_order_of_items_changes_nothing(runs, made):
    path = runs / BM25 / "items.parquet"
    table = pq.read_table(path)
    pq.write_table(table.take(np.random.default_rng(0).permutation(len(table))), path)
    assert moved(checked(runs, made / "gate", "--mode", "tolerance", "--tolerance", "0", code=0)) == {}


def _worse(columns):
    columns["nDCG@10"] *= 0.5


def test_a_loss_on_all_items_fails_beyond_noise_with_its_paired_interval(runs, made):
    before = pq.read_table(runs / BM25 / "items.parquet")["nDCG@10"].to_numpy()
    rescore(runs / BM25, "nDCG@10", _worse)
    row = only(checked(runs, made / "gate", code=1))
    assert (row["kind"], row["reason"]) == ("failed", "beyond noise")
    assert row["difference"] == pytest.approx(-before.mean() / 2)
    resampled = np.random.default_rng(0).integers(0, len(before), (10_000, len(before)))
    assert (row["low"], row["high"]) == pytest.approx(
        tuple(np.quantile((-before / 2)[resampled].mean(axis=1), [0.025, 0.975])), abs=0.01
    )


def _one_item_worse(columns):
    columns["nDCG@10"][np.argmax(columns["nDCG@10"])] = 0.0


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ([], 0, "within noise"),
        (["--mode", "noise"], 0, "within noise"),
        (["--tolerance", "1"], 1, "beyond the tolerance"),
        (["--tolerance", "1", "--mode", "tolerance"], 1, "beyond the tolerance"),
        (["--tolerance", "1", "--mode", "both"], 0, "within noise"),
        (["--tolerance", "20", "--mode", "tolerance"], 0, "within noise and within the tolerance"),
    ],
)
def test_one_item_is_noise_but_may_be_beyond_a_tolerance(runs, made, options, code, reason):
    rescore(runs / BM25, "nDCG@10", _one_item_worse)
    assert only(checked(runs, made / "gate", *options, code=code))["reason"] == reason


def test_the_tolerance_is_in_the_unit_that_tables_show_and_a_loss_of_exactly_it_passes(runs, made, tmp_path):
    then = json.loads((runs / DIGITS / "result.json").read_text())["metrics"]["acc@1"]["value"]

    def three_more_wrong(columns):
        columns["acc@1"][np.flatnonzero(columns["acc@1"])[:3]] = 0.0

    now = rescore(runs / DIGITS, "acc@1", three_more_wrong)
    assert then - now == pytest.approx(3 / 60)
    options = ["--mode", "tolerance", "--tolerance"]
    row = only(checked(runs, made / "gate", *options, "5", code=0))
    assert (row["kind"], row["tolerance"]) == ("tolerated", 0.05)
    assert only(checked(runs, made / "gate", *options, "4.99", code=1))["kind"] == "failed"
    (tmp_path / "t.yaml").write_text("default: 5\nmetrics: {acc on digits: 4.9}\n")
    assert only(checked(runs, made / "gate", *options, tmp_path / "t.yaml", code=1))["tolerance"] == 0.049


def test_clusters_are_kept_and_drawn_as_a_whole(runs, tmp_path):
    """Items of a cluster that fall together are one chance, not many."""

    def in_pairs(columns):
        columns["cluster"] = np.array([f"c{number // 6}" for number in range(60)], dtype=object)

    def two_clusters_worse(columns):
        columns["nDCG@10"][np.isin(columns["cluster"], ["c1", "c7"])] = 0.0

    rescore(runs / BM25, "nDCG@10", in_pairs)
    assert call("check", runs, "--baseline", tmp_path / "b", "--update")[0] == 0
    [items] = [part for part in json.loads((tmp_path / "b.json").read_text())["items"].values() if "clusters" in part]
    assert items["clusters"].startswith("codes 60x1 0.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0,9.0 ")
    rescore(runs / BM25, "nDCG@10", two_clusters_worse)
    row = only(checked(runs, tmp_path / "b", code=0))
    assert row["reason"] == "within noise"
    path = runs / BM25 / "items.parquet"  # a baseline knows them where a result does not
    pq.write_table(pq.read_table(path).drop_columns(["cluster"]), path)
    assert (only(checked(runs, tmp_path / "b", code=0))["low"], row["high"]) == (row["low"], row["high"])
    (tmp_path / "b.json").write_text((tmp_path / "b.json").read_text().replace(items["clusters"], ""))
    assert only(checked(runs, tmp_path / "b", code=1))["reason"] == "beyond noise"


def test_better_results_pass_and_are_listed(runs, made):
    def better(columns):
        columns["nDCG@10"] = np.minimum(columns["nDCG@10"] + 0.3, 1.0)

    rescore(runs / BM25, "nDCG@10", better)
    row = only(checked(runs, made / "gate", "--tolerance", "0", code=0))
    assert row["kind"] == "better"
    assert 0 < row["low"] < row["difference"] < row["high"]
    code, screen = call("check", runs, "--baseline", made / "gate")
    assert code == 0
    assert "better" in screen.out.splitlines()[2]
    assert screen.out.splitlines()[-1] == "passed: 1 better, 14 same (mode either)"


@pytest.mark.parametrize(("factor", "kind", "code"), [(1.5, "failed", 1), (0.5, "better", 0)])
def test_less_is_better_for_errors(runs, made, factor, kind, code):
    def scale(columns):
        columns["AbsRel"] *= factor

    rescore(runs / ROOMS, "AbsRel", scale)
    row = moved(checked(runs, made / "gate", code=code))["rooms-60", "AbsRel"]
    assert (row["kind"], row["better"], row["difference"] > 0) == (kind, "lower", factor > 1)


def test_rounding_of_another_processor_is_no_loss_even_when_every_item_has_it(runs, made):
    def rounded(columns):
        columns["AbsRel"] *= 1 + 1e-7

    rescore(runs / ROOMS, "AbsRel", rounded)
    said = checked(runs, made / "gate", "--tolerance", "0", code=0)
    assert [r["reason"] for r in said["rows"] if r["metric"] == "AbsRel"] == ["the same but for rounding"]


def only_items(runs, n):
    """Cut a run down to its first items."""
    path = runs / BM25 / "items.parquet"
    pq.write_table(pq.read_table(path)[:n], path)
    change(runs / BM25, test_fingerprint=f"{n:032}")
    for metric in ("nDCG@10", "MRR@10"):
        score = json.loads((runs / BM25 / "result.json").read_text())["metrics"][metric]
        change(runs / BM25, metrics={metric: {**score, "n": n}})
        rescore(runs / BM25, metric, lambda columns, metric=metric: columns[metric].__setitem__(slice(None), 0.5))


@pytest.mark.parametrize(
    ("n", "options", "code", "reason"),
    [
        (1, [], 0, "few items (1)"),
        (5, ["--mode", "noise"], 0, "few items (5)"),
        (5, ["--tolerance", "1"], 1, "beyond the tolerance"),
        (5, ["--tolerance", "1", "--mode", "both"], 0, "few items (5)"),
        (5, ["--tolerance", "30"], 0, "few items (5) and within the tolerance"),
        (6, [], 1, "beyond noise"),
        (6, ["--tolerance", "1", "--mode", "both"], 1, "surely beyond the tolerance"),
    ],
)
def test_few_items_are_no_evidence_however_narrow_their_interval(runs, tmp_path, n, options, code, reason):
    only_items(runs, n)
    assert call("check", runs, "--baseline", tmp_path / "b", "--update")[0] == 0
    rescore(runs / BM25, "nDCG@10", _worse)
    row = only(checked(runs, tmp_path / "b", *options, code=code))
    assert (row["reason"], row["low"], row["high"]) == (reason, -0.25, -0.25)
    screen = call("check", runs, "--baseline", tmp_path / "b", *options)[1]
    assert ("few items: a difference of fewer than 6 items" in screen.out) is ("few items" in reason)


def test_clusters_count_as_one_each(runs, tmp_path):
    def five_clusters(columns):
        columns["cluster"] = np.array([f"c{number // 12}" for number in range(60)], dtype=object)

    rescore(runs / BM25, "nDCG@10", five_clusters)
    assert call("check", runs, "--baseline", tmp_path / "b", "--update")[0] == 0
    rescore(runs / BM25, "nDCG@10", _worse)
    assert only(checked(runs, tmp_path / "b", code=0))["reason"] == "few clusters (5)"


@pytest.mark.parametrize(("then", "now", "said"), [(1, None, "now"), (None, 1, "then"), (None, None, "then and now")])
def test_what_is_undefined_fails_and_is_never_zero(runs, made, kept, then, now, said):
    if then is None:
        edited = json.loads(kept.read_text())
        edited["runs"]["synonyms / none / bm25"]["metrics"]["nDCG@10"]["value"] = None
        kept.write_text(json.dumps(edited))
    if now is None:
        score = json.loads((runs / BM25 / "result.json").read_text())["metrics"]["nDCG@10"]
        change(runs / BM25, metrics={"nDCG@10": {**score, "value": None}})
    row = only(checked(runs, kept, code=1))
    assert (row["kind"], row["reason"], row["difference"]) == ("undefined", f"undefined {said}", None)


def test_items_that_have_lost_their_value_fail_however_well_the_others_do(runs, made):
    def lose(columns):
        columns["nDCG@10"][:] = 1.0
        columns["nDCG@10"][3] = np.nan

    rescore(runs / BM25, "nDCG@10", lose)
    row = only(checked(runs, made / "gate", code=1))
    assert (row["kind"], row["reason"]) == ("undefined", "undefined now for 1 item that had a value")


INCOMPARABLE = {
    "other data (items or gold)": {"test_fingerprint": "0" * 32},
    "other data (inputs)": {"data_fingerprint": "0" * 32},
    "other prompts": {"notes": {"prompts": {"count": 1, "digest": "0" * 32}}},
    "other protocol ('run top 20' then, 'run top 10' now)": {"protocol": "run top 10"},
    "other version of the task ('1' then, '2' now)": {"config": {"task": {"version": 2}}},
    "other type of task ('rerank' then, 'ner' now)": {"task_type": "ner"},
}


@pytest.mark.parametrize("reason", INCOMPARABLE)
def test_what_answers_another_question_is_never_a_pass(runs, made, reason):
    change(runs / BM25, **INCOMPARABLE[reason])
    row = only(checked(runs, made / "gate", code=1))
    assert (row["kind"], row["reason"], row["metric"], row["method"]) == ("incomparable", reason, "", "bm25")


def test_prompts_that_a_method_searched_for_are_an_outcome(runs, tmp_path):
    change(runs / BM25, notes={"chosen prompts": {"a": "b"}, "prompts": {"count": 1, "digest": "0" * 32}})
    assert call("check", runs, "--baseline", tmp_path / "b", "--update")[0] == 0
    change(runs / BM25, notes={"chosen prompts": {"a": "c"}, "prompts": {"count": 2, "digest": "1" * 32}})
    assert moved(checked(runs, tmp_path / "b", code=0)) == {}


def test_another_metric_of_the_same_name_is_not_compared(runs, made, kept):
    score = json.loads((runs / BM25 / "result.json").read_text())["metrics"]["nDCG@10"]
    change(runs / BM25, metrics={"nDCG@10": {**score, "unit": "m"}})
    assert only(checked(runs, made / "gate", code=1))["reason"] == "other metric (%, higher is better, then)"
    change(runs / BM25, metrics={"nDCG@10": {**score, "value": score["value"] - 0.1}})
    edited = json.loads(kept.read_text())
    edited["runs"]["synonyms / none / bm25"]["metrics"]["nDCG@10"]["value"] = 0.2
    kept.write_text(json.dumps(edited))
    assert "an edited baseline: its items give" in only(checked(runs, kept, code=1))["reason"]


def test_options_and_models_may_change_and_are_named(runs, made):
    change(runs / BM25, config={"method": {"name": "bm25", "k1": 1.2}}, config_hash="0" * 32)
    change(runs / DIGITS, model_fingerprint="0" * 32)
    code, screen = call("check", runs, "--baseline", made / "gate")
    assert code == 0
    assert "synonyms / none / bm25: changed since the baseline: method.k1 default → 1.2" in screen.out
    assert "digits / none / random-class: changed since the baseline: the model's weights or files" in screen.out


def as_span_threshold(folder, method, threshold):
    """Make a run that of a method whose title and protocol hold an option."""
    described = {"name": "span-threshold", **({} if threshold is None else {"threshold": threshold})}
    stated = f"exact spans; threshold {threshold or 0.5}, decoding flat"
    change(folder, method=method, protocol=stated)
    result = json.loads((folder / "result.json").read_text())
    result["config"]["method"] = described
    (folder / "result.json").write_text(json.dumps(result))


def test_the_settings_of_a_method_are_no_protocol_and_may_stand_in_its_title(runs, tmp_path):
    for task in ("names-seen", "names-unseen"):
        as_span_threshold(runs / f"gate/{task}/none/capitalised-runs", "span-threshold", None)
    for average_ in ("names", "names-harmonic"):
        change(runs / f"gate/{average_}/none/capitalised-runs", method="span-threshold")
    assert call("check", runs, "--baseline", tmp_path / "b", "--update")[0] == 0
    for task in ("names-seen", "names-unseen"):
        folder = runs / f"gate/{task}/none/capitalised-runs"
        as_span_threshold(folder, "span-threshold(threshold=0.3)", 0.3)
        change(folder, config_hash=f"now-{task}")
    for average_ in ("names", "names-harmonic"):
        folder = runs / f"gate/{average_}/none/capitalised-runs"
        change(folder, method="span-threshold(threshold=0.3)", config={"of": ["now-names-seen", "now-names-unseen"]})
    assert moved(checked(runs, tmp_path / "b", code=0)) == {}
    said = call("check", runs, "--baseline", tmp_path / "b")[1].out
    name = "names-seen / none / span-threshold: changed since the baseline: called span-threshold(threshold=0.3) now"
    assert f"{name}, method.threshold default → 0.3" in " ".join(said.split())
    change(runs / NAMES, protocol="overlapping spans; threshold 0.3, decoding flat")
    row = moved(checked(runs, tmp_path / "b", code=1))["names-seen", ""]
    assert row["reason"] == "other protocol ('exact spans' then, 'overlapping spans' now)"


def test_a_label_may_hold_its_own_settings_and_stays_comparable(runs, tmp_path):
    as_span_threshold(runs / NAMES, "mine", None)
    assert call("check", runs, "--baseline", tmp_path / "b", "--update")[0] == 0
    as_span_threshold(runs / NAMES, "mine", 0.05)
    assert moved(checked(runs, tmp_path / "b", code=0)) == {}
    as_span_threshold(runs / NAMES, "yours", 0.05)  # another label is another run
    assert {row["kind"] for row in moved(checked(runs, tmp_path / "b", code=1)).values()} >= {"new"}


def test_what_could_be_either_of_two_runs_is_missing_and_new(runs, tmp_path):
    as_span_threshold(runs / NAMES, "span-threshold(threshold=0.1)", 0.1)
    second = shutil.copytree(runs / NAMES, runs / "gate/names-seen/none/second")
    as_span_threshold(second, "span-threshold(threshold=0.2)", 0.2)
    assert call("check", runs, "--baseline", tmp_path / "b", "--update")[0] == 0
    as_span_threshold(second, "span-threshold(threshold=0.3)", 0.3)
    assert moved(checked(runs, tmp_path / "b", code=0)) == {}
    as_span_threshold(runs / NAMES, "span-threshold(threshold=0.4)", 0.4)
    kinds = [row["kind"] for row in checked(runs, tmp_path / "b", code=1)["rows"] if row["task"] == "names-seen"]
    assert sorted(kinds) == ["missing", "missing", "new", "new"]


def test_new_and_missing_runs_and_metrics_fail(runs, made):
    shutil.rmtree(runs / BM25)
    shutil.copytree(runs / DIGITS, runs / "gate/digits/none/another")
    change(runs / "gate/digits/none/another", method="another")
    result = json.loads((runs / ROOMS / "result.json").read_text())
    score = result["metrics"].pop("RMSE")
    result["metrics"]["RMSE(log)"] = score
    (runs / ROOMS / "result.json").write_text(json.dumps(result))
    rows = moved(checked(runs, made / "gate", code=1))
    assert {key: (row["kind"], row["method"]) for key, row in rows.items()} == {
        ("synonyms", ""): ("missing", "bm25"),
        ("digits", ""): ("new", "another"),
        ("rooms-60", "RMSE"): ("missing", "constant-depth"),
        ("rooms-60", "RMSE(log)"): ("new", "constant-depth"),
    }


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda folder: (folder / "result.json").unlink(), "unfinished"),
        (lambda folder: (folder / "result.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "items.parquet").write_bytes(b"junk"), "damaged"),
        (lambda folder: (folder / "items.parquet").unlink(), "damaged"),
    ],
)
def test_unfinished_and_damaged_runs_fail_and_make_no_baseline(runs, made, kept, damage, kind):
    damage(runs / BM25)
    row = only(checked(runs, made / "gate", code=1))
    assert (row["kind"], row["task"], row["method"]) == (kind, "synonyms", "bm25")
    before = kept.read_bytes()
    code, screen = call("check", runs, "--baseline", kept, "--update")
    assert (code, kept.read_bytes()) == (2, before), screen.err


def test_a_value_that_its_items_do_not_give_is_damaged(runs, made):
    score = json.loads((runs / BM25 / "result.json").read_text())["metrics"]["nDCG@10"]
    change(runs / BM25, metrics={"nDCG@10": {**score, "value": 1.0}})
    row = only(checked(runs, made / "gate", code=1))
    assert (row["kind"], row["reason"].endswith("now, and its result says 1")) == ("damaged", True)


def test_an_unfinished_run_that_the_baseline_does_not_know_fails_too(runs, made):
    (runs / "gate/digits/none/another").mkdir()
    (runs / "gate/digits/none/another/run.json").write_text("{}")
    row = only(checked(runs, made / "gate", code=1))
    assert (row["kind"], row["method"]) == ("unfinished", "another")


def average(runs):
    """Give the rows over tasks the values that follow from their tasks."""
    seen, unseen = (
        json.loads((runs / f"gate/{task}/none/capitalised-runs/result.json").read_text())["metrics"]["F1"]["value"]
        for task in ("names-seen", "names-unseen")
    )
    harmonic = 2 / (1 / seen + 1 / unseen) if seen and unseen else 0.0
    for name, value in (("names", (seen + unseen) / 2), ("names-harmonic", harmonic)):
        folder = runs / f"gate/{name}/none/capitalised-runs"
        score = json.loads((folder / "result.json").read_text())["metrics"]["F1"]
        change(folder, metrics={"F1": {**score, "value": value}})


def test_rows_over_tasks_fall_with_their_tasks(runs, tmp_path):
    def good(columns):
        columns["F1.tp"][:], columns["F1.fp"][:] = 2.0, np.arange(60) % 2

    def bad(columns):
        columns["F1.tp"][:40] = 0.0

    for task in ("names-seen", "names-unseen"):
        rescore(runs / f"gate/{task}/none/capitalised-runs", "F1", good)
    average(runs)
    assert call("check", runs, "--baseline", tmp_path / "b", "--update")[0] == 0
    rescore(runs / NAMES, "F1", bad)
    average(runs)
    rows = moved(checked(runs, tmp_path / "b", code=1))
    assert {key[0] for key in rows} == {"names-seen", "names", "names-harmonic"}
    for row in rows.values():
        assert (row["kind"], row["reason"]) == ("failed", "beyond noise")
        assert row["low"] < row["difference"] < row["high"] < 0
    task, mean = rows["names-seen", "F1"], rows["names", "F1"]
    assert (mean["low"], mean["high"]) == pytest.approx((task["low"] / 2, task["high"] / 2), rel=0.1)


DAMAGE = {
    "not valid JSON": lambda text: text[:-20],
    "not a baseline": lambda text: "[]",
    "key 'suite' stands twice": lambda text: text.replace('"suite"', '"suite": "a",\n  "suite"'),
    "schema version 2": lambda text: text.replace('"schema_version": 1', '"schema_version": 2'),
    "field required": lambda text: text.replace('"protocol"', '"protocl"'),
    "is 'synonyms / none / bm25'": lambda text: text.replace('"synonyms / none / bm25"', '"a / b / c"'),
    "the items of": lambda text: json.dumps(json.loads(text) | {"items": {}}),
    "damaged (synonyms / none / bm25, nDCG@10": lambda text: _shortened(text),
    "n is 61, and its statistics are those of 60": lambda text: text.replace('"n": 60,', '"n": 61,'),
    "n is 61": lambda text: text.replace(
        '"better": "higher",\n          "n": 60', '"better": "higher",\n          "n": 61', 1
    ),
    "the baseline of suite 'other', and the results are of suite 'gate'": lambda text: text.replace(
        '"suite": "gate"', '"suite": "other"'
    ),
}


def _shortened(text):
    value = json.loads(text)
    metric = value["runs"]["synonyms / none / bm25"]["metrics"]["nDCG@10"]
    metric["statistics"] = metric["statistics"][:-8]
    return json.dumps(value)


@pytest.mark.parametrize("problem", DAMAGE)
def test_a_damaged_baseline_is_no_pass(made, kept, problem):
    kept.write_text(DAMAGE[problem](kept.read_text()))
    code, screen = call("check", made / "runs", "--baseline", kept)
    assert code == 2
    assert problem in " ".join(screen.err.split())
    assert "gate.json" in screen.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: no such file or folder"),
        (["empty"], "empty: no results in it"),
        (
            ["runs", "--baseline", "gat"],
            "no such baseline; expected a file or folder that --update wrote; did you mean 'gate'?",
        ),
        (["runs", "--mode", "tolerance"], "--mode tolerance: no --tolerance"),
        (["runs", "--mode", "noise", "--tolerance", "1"], "--tolerance: has no effect on --mode noise"),
        (["runs", "--update", "--github"], "--github: has no effect on --update"),
        (["runs", "--tolerance", "x"], "--tolerance x: not a number"),
        (["runs", "runs2"], "two results of digits / none / random-class"),
        (["runs", "--junit", "."], ".: a folder; expected the name of a file"),
        (["runs", "--junit", "empty"], "empty: a folder; expected the name of a file"),
        (["runs", "--junit", "gate.json/x/j.xml"], "cannot be written"),
        (["runs", "--baseline", "x" * 300], "no such baseline"),
        (
            ["runs", "--baseline", "gate.txt", "--update"],
            "gate.txt: its name ends in .txt; expected a name that ends in",
        ),
        (["runs", "--baseline", "notes", "--update"], "not a baseline"),
    ],
)
def test_what_cannot_be_checked_is_said_in_a_sentence(made, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("runs", "runs2"):
        (tmp_path / name).symlink_to(made / "runs") if name == "runs" else shutil.copytree(made / "runs", name)
    shutil.copy(made / "gate.json", tmp_path)
    (tmp_path / "notes.json").write_text('{"mine": 1}')
    options = [] if "--baseline" in arguments else ["--baseline", "gate"]
    code, screen = call("check", *arguments, *options)
    assert (code, said in " ".join(screen.err.split())) == (2, True), screen.err
    assert (tmp_path / "notes.json").read_text() == '{"mine": 1}'


def test_an_update_never_takes_the_place_of_another_suite(made, kept, runs, tmp_path):
    kept.write_text(kept.read_text().replace('"suite": "gate"', '"suite": "quickstart"'))
    before = kept.read_bytes()
    code, screen = call("check", runs, "--baseline", kept, "--update")
    said = "the baseline of suite 'quickstart', and the results are of suite 'gate'"
    assert (code, said in screen.err, kept.read_bytes()) == (2, True, before)
    # In a folder, too, and none of its files.
    shutil.copytree(runs / "gate", runs / "another")
    place = tmp_path / "baselines"
    place.mkdir()
    shutil.copy(kept, place / "gate.json")
    code, screen = call("check", runs, "--baseline", place, "--update")
    assert (code, said in screen.err, [path.name for path in place.iterdir()]) == (2, True, ["gate.json"])
    shutil.copy(made / "gate.json", place / "gate.json")
    shutil.copy(made / "gate.json", place / "old.json")
    code, screen = call("check", made / "runs", "--baseline", place)
    assert (code, "old.json: the baseline of suite 'gate'; expected 'gate.json'" in screen.err) == (2, True)


def test_a_suite_whose_name_has_a_dot(runs, tmp_path):
    (runs / "gate").rename(runs / "gate.v2")
    assert call("check", runs, "--baseline", tmp_path / "gate.v2", "--update")[0] == 0
    assert [path.name for path in tmp_path.glob("*.json")] == ["gate.v2.json"]
    checked(runs, tmp_path / "gate.v2", code=0)


def test_update_says_what_changes_and_only_that(runs, made, kept):
    before = json.loads(kept.read_text())
    value = rescore(runs / BM25, "nDCG@10", _worse)
    shutil.rmtree(runs / DIGITS)
    change(runs / ROOMS, protocol="another")
    shutil.copytree(runs / BM25, runs / "gate/synonyms/none/mine")
    change(runs / "gate/synonyms/none/mine", method="mine")
    code, screen = call("check", runs, "--baseline", kept, "--update", "--json")
    assert code == 0
    rows = {(r["task"], r["method"], r["metric"]): r for r in json.loads(screen.out)["rows"]}
    assert {key: row["kind"] for key, row in rows.items()} == {
        ("synonyms", "bm25", "nDCG@10"): "changed",
        ("synonyms", "mine", "nDCG@10"): "added",
        ("synonyms", "mine", "MRR@10"): "added",
        ("digits", "random-class", "acc@1"): "removed",
        ("digits", "random-class", "mean-per-class"): "removed",
        ("rooms-60", "constant-depth", ""): "changed",
    }
    assert rows["rooms-60", "constant-depth", ""]["text"] == "protocol: metric3d, align none, 0.1-10 m → another"
    old = before["runs"]["synonyms / none / bm25"]["metrics"]["nDCG@10"]["value"]
    changed = rows["synonyms", "bm25", "nDCG@10"]
    assert (changed["then"], changed["now"]) == (old, value)
    assert checked(runs, kept, code=0)["passed"]


def test_update_shows_old_and_new_values(runs, kept):
    rescore(runs / BM25, "nDCG@10", _worse)
    code, screen = call("check", runs, "--baseline", kept, "--update")
    assert code == 0
    [line] = [line for line in screen.out.splitlines() if "nDCG@10" in line]
    then, now, difference, unit, word = line.split()[-5:]
    assert float(now) == pytest.approx(float(then) / 2, abs=0.01)
    assert float(difference) == pytest.approx(float(now) - float(then), abs=0.02)
    assert (unit, word) == ("points", "changed")
    assert "gate.json: changed, 8 runs" in screen.out


def test_the_same_results_make_the_same_bytes(made, runs, kept, tmp_path):
    code, screen = call("check", made / "runs", "--baseline", kept, "--update")
    assert (code, screen.out) == (0, f"{kept}: as it was, 8 runs\n")
    assert call("check", runs, "--baseline", tmp_path / "again", "--update")[0] == 0
    assert (tmp_path / "again.json").read_bytes() == kept.read_bytes()
    assert len(kept.read_bytes()) < 40_000


def test_a_metric_without_a_value_is_left_out_of_a_new_baseline_and_said(runs, tmp_path):
    score = json.loads((runs / BM25 / "result.json").read_text())["metrics"]["nDCG@10"]
    change(runs / BM25, metrics={"nDCG@10": {**score, "value": None}})
    code, screen = call("check", runs, "--baseline", tmp_path / "b", "--update")
    assert code == 0
    assert "left out, without a value: synonyms / none / bm25: nDCG@10" in screen.out
    code, screen = call("check", runs, "--baseline", tmp_path / "b")
    assert code == 0
    assert "synonyms / none / bm25: without a value and not checked: nDCG@10" in screen.out
    change(runs / BM25, metrics={"nDCG@10": score})
    assert only(checked(runs, tmp_path / "b", code=1))["kind"] == "new"


def test_a_folder_holds_a_baseline_a_suite(runs, tmp_path):
    shutil.copytree(runs / "gate", runs / "other")
    place = tmp_path / "baselines"
    code, screen = call("check", runs, "--baseline", place, "--update")
    assert (code, sorted(path.name for path in place.iterdir())) == (0, ["gate.json", "other.json"])
    assert checked(runs, place, code=0)["passed"]
    assert {row["suite"] for row in checked(runs, place)["rows"]} == {"gate", "other"}
    rows = checked(runs / "gate", place, code=1)["rows"]
    assert {row["kind"] for row in rows if row["suite"] == "other"} == {"missing"}
    assert checked(runs / "gate", place / "gate", code=0)["passed"]
    code, screen = call("check", runs, "--baseline", place / "gate")
    assert (code, "results of 2 suites (gate, other) and one baseline" in screen.err) == (2, True)
    (place / "other.json").unlink()
    rows = checked(runs, place, code=1)["rows"]
    assert {row["kind"] for row in rows if row["suite"] == "other"} == {"new"}


def test_junit_can_be_parsed_whatever_names_hold(runs, made, tmp_path):
    rescore(runs / BM25, "nDCG@10", _worse)
    change(runs / DIGITS, method='<a & "b">\x00\x1b[31m\ufffe\n')
    path = tmp_path / "reports" / "junit.xml"
    code, _ = call("check", runs, "--baseline", made / "gate", "--junit", path)
    assert code == 1
    root = ElementTree.fromstring(path.read_bytes())
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("15", "1", "2")
    cases = list(root.iter("testcase"))
    [failure] = [case for case in cases if case.find("failure") is not None]
    assert failure.attrib == {"classname": "gate.synonyms / none / bm25", "name": "nDCG@10"}
    assert failure.find("failure").attrib["type"] == "failed"
    assert failure.find("failure").attrib["message"].endswith("failed: beyond noise")
    errors = {case.find("error").attrib["type"] for case in cases if case.find("error") is not None}
    assert errors == {"new", "missing"}
    assert any('<a & "b">' in case.attrib["classname"] for case in cases)
    again = tmp_path / "again.xml"
    call("check", runs, "--baseline", made / "gate", "--junit", again)
    assert again.read_bytes() == path.read_bytes()


def test_annotations_are_escaped_and_cannot_begin_another_command(runs, made):
    rescore(runs / BM25, "nDCG@10", _worse)
    change(runs / DIGITS, method="a:b,c%\n::set-env name=X::y")
    code, screen = call("check", runs, "--baseline", made / "gate", "--github")
    lines = [line for line in screen.out.splitlines() if line.startswith("::")]
    assert (code, len(lines)) == (1, 3)
    assert all(line.startswith("::error title=gate%3A ") for line in lines)
    assert sum(line.count("a%3Ab%2Cc%25 %3A%3Aset-env name=X%3A%3Ay::") for line in lines) == 1
    [loss] = [line for line in lines if "nDCG@10" in line]
    assert loss.endswith("failed: beyond noise")
    assert " %25 (-" in loss
    assert " points, 95 %25 interval -" in loss
    code, screen = call("check", runs, "--baseline", made / "gate", "--github", "--json")
    assert json.loads(screen.out)["passed"] is False
    assert screen.err.count("::error") == 3


@pytest.mark.parametrize(("format", "start"), [("markdown", "| task |"), ("csv", "task,"), ("html", "<table>")])
def test_the_table_has_every_format_and_the_sentence_stands_beside_it(runs, made, format, start):
    rescore(runs / BM25, "nDCG@10", _worse)
    code, screen = call("check", runs, "--baseline", made / "gate", "--format", format)
    assert (code, screen.out.startswith(start)) == (1, True)
    assert screen.err == "FAILED: 1 failed, 14 same (mode either)\n"


def test_at_80_columns_no_value_and_no_verdict_is_lost(runs, made, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    rescore(runs / BM25, "nDCG@10", _worse)
    _, screen = call("check", runs, "--baseline", made / "gate")
    assert max(map(len, screen.out.splitlines())) <= 80
    assert "FAILED: beyond noise" in " ".join(screen.out.split())
    assert all(line == line.rstrip() for line in screen.out.splitlines())


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_interval_that_decides_is_there_at_any_width(runs, made, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    rescore(runs / BM25, "nDCG@10", _worse)
    row = only(checked(runs, made / "gate"))
    _, screen = call("check", runs, "--baseline", made / "gate")
    assert f"{100 * row['low']:+.2f} – {100 * row['high']:+.2f}" in screen.out
    assert f"{100 * row['difference']:+.2f} points" in screen.out
    assert "No room for" not in screen.out


def test_committed_baselines_are_whole_small_and_those_of_every_embedded_suite():
    files = {path.stem: path for path in BASELINES.glob("*.json")}
    assert set(files) == {"quickstart", *(f"{paper}-embedded" for paper in catalog.configs("papers"))}
    assert files["quickstart"].stat().st_size < 100_000
    assert max(path.stat().st_size for path in files.values()) < 200_000
    kept = baseline.read(files["quickstart"])
    assert kept.suite == "quickstart"
    for run in kept.runs.values():
        kinds = catalog.load_module("tasks", run.task_type).Task.metric_kinds
        for name, metric in run.metrics.items():
            table = unpacked(metric.statistics)
            assert len(table) == kept.items[run.test_fingerprint].n
            assert naming.resolve(name, kinds=kinds).reduce(table) == pytest.approx(metric.value, rel=1e-12)
