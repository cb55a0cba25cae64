"""`zsbench table` with rows and columns: what stands where, what is marked, and what is refused."""

import csv
import io
import json

import pytest

from tests.command import call
from zsbench.results import order


def result(task, model, method, value=0.5, *, half=0.02, metric="acc@1", **more):
    score = {"value": value, "low": value - half, "high": value + half, "unit": "%", "n": 100, "better": "higher"}
    config = {"settings": {"seed": more.pop("seed", 0), "limit": None, "confidence": 0.95}, "method": {"name": method}}
    about = {"task": task, "task_type": "image-classification", "model": model, "method": method, "synthetic": False}
    ids = {"data_fingerprint": f"data-{task}", "test_fingerprint": f"test-{task}", "model_fingerprint": model}
    run = {"method_kind": "inductive", "method_uses": [], "versions": {}, "commit": "", "device": "cpu", "dtype": "f"}
    run |= {"n_items": 100, "counts": {}, "cost": {"forward_passes": 3, "images": 100}, "seeds": {}, "seconds": 1.5}
    made = {"config_hash": f"{task}{model}{method}", "code": "c", "inputs": [], "question": "q", "started": "2026"}
    scores = {metric: {**score, "interval": "wilson", "note": more.pop("note", "")}}
    return {
        "schema_version": 1,
        **about,
        **ids,
        **run,
        **made,
        "protocol": "p",
        "metrics": scores,
        "config": config,
        **more,
    }


RESULTS = [
    result("a", "m", "x", 0.812, method_uses=["a support set"]),
    result("b", "m", "x", 0.7, notes={"warning": "a doubt"}),
    result("a", "none", "chance", 0.1),
    result("b", "none", "chance", 0.2, note="few items"),
    result("a", "m", "y", 0.6),
    result("b", "m", "y", 0.71),
]


def write(folder, results, suite="s"):
    for one in results:
        place = folder / suite / one["task"] / one["model"] / f"{one['method']}{one.pop('folder', '')}"
        place.mkdir(parents=True)
        (place / "result.json").write_text(json.dumps(one))
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return write(tmp_path_factory.mktemp("runs"), [dict(one) for one in RESULTS])


def cells(*arguments):
    code, screen = call("table", *arguments, "--format", "csv")
    assert code == 0, screen.err
    return list(csv.reader(io.StringIO(screen.out))), screen.err


def test_names_in_rows_and_columns_and_the_baseline_first(runs):
    [head, *rows], notes = cells(runs, "--rows", "model,method", "--cols", "task", "--stat", "none")
    assert head == ["model", "method", "method mark", "a", "a mark", "b", "b mark"]
    assert [row[:3] for row in rows] == [["none", "chance", ""], ["m", "x", "*"], ["m", "y", ""]]
    assert [row[3] for row in rows] == ["0.1", "0.812", "0.6"]
    assert [row[4] for row in rows] == ["", "best", "second"]
    assert [row[6] for row in rows] == ["~", "second !", "best"]
    for line in ("suite s; metric acc@1; seed 0", "* x: inductive, uses a support set", "! x on b: a doubt"):
        assert line in notes
    assert "~ few items: acc@1 on b (none / chance)" in notes


def test_the_other_way_round(runs):
    [head, *rows], _ = cells(
        runs, "--rows", "task", "--cols", "model,method", "--where", "metric=acc", "--stat", "none"
    )
    assert [name for name in head if "mark" not in name] == ["task", "none / chance", "m / x", "m / y"]
    assert [row[0] for row in rows] == ["a", "b"]
    assert "best" in rows[0][head.index("m / x mark")]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--stat", "interval"], "81.2 (79.2 – 83.2)"),
        (["--stat", "pm"], "81.2 ± 2.0"),
        (["--stat", "none", "--digits", "0"], "| **81** |"),
        (["--stat", "none", "--digits", "3"], "81.200"),
    ],
)
def test_intervals_and_digits(runs, options, shown):
    code, screen = call("table", runs, "--cols", "task", *options, "--format", "markdown")
    assert code == 0, screen.err
    assert shown in screen.out


def test_wide_intervals_take_digits_away(tmp_path):
    write(tmp_path, [result("a", "m", "x", 0.8123, half=0.2)])
    assert "| 81 (61 – 101) |" in call("table", tmp_path, "--cols", "task", "--format", "markdown")[1].out


def test_sorted_by_a_column_with_costs(runs):
    [head, *rows], notes = cells(runs, "--cols", "task", "--sort", "b", "--cost", "forward_passes,seconds")
    assert [row[1] for row in rows] == ["y", "x", "chance"]
    assert rows[0][head.index("forward passes")] == "6"
    assert rows[0][head.index("seconds")] == "3.0"
    assert "cost: of all runs of a row together (6 in the table)" in notes


def test_an_average_names_its_members_and_wants_them_all(runs, tmp_path):
    [head, *rows], notes = cells(runs, "--cols", "task", "--average", "both=a,b")
    assert float(rows[1][head.index("both")]) == pytest.approx((0.812 + 0.7) / 2)
    assert "both: mean of a, b" in notes
    write(tmp_path, [dict(one) for one in RESULTS[:-1]])
    [head, *rows], notes = cells(tmp_path, "--cols", "task", "--average", "all")
    assert [row[head.index("mean")] != "" for row in rows] == [True, True, False]
    assert "mean: no number for m / y (lacks b)" in notes


def test_an_average_that_no_row_has_is_refused_in_one_short_line(tmp_path):
    write(tmp_path, [result("a", "m", f"a{n}") for n in range(9)] + [result("b", "m", "b")])
    code, screen = call("table", tmp_path, "--cols", "task", "--average", "all")
    assert code == 2
    assert (
        "no row has all tasks of 'mean': m / a0 (lacks b), m / a1 (lacks b), m / a2 (lacks b) and 7 more" in screen.err
    )


@pytest.mark.parametrize(
    ("average", "message"),
    [
        (["=a,b"], "'=a,b' has an empty name"),
        ([" = a,b"], "has an empty name"),
        ([","], "names no task"),
        (["a,a"], "goes over one task"),
        (["a=a,b"], "'a' is the name of a task"),
        (["a,b", "all"], "two averages are named 'mean'"),
    ],
)
def test_averages_that_are_none_are_refused(runs, average, message):
    code, screen = call("table", runs, *(part for text in average for part in ("--average", text)))
    assert code == 2
    assert message in screen.err


def of_suite(tmp_path):
    own = {
        "average": {"name": "own", "tasks": ["a", "b"], "metric": "acc@1", "kind": "mean"},
        "of": [],
        "settings": {"seed": 0},
    }
    return write(
        tmp_path,
        [dict(one) for one in RESULTS[:2]] + [result("own", "m", "x", 0.756, config=own) | {"task_type": "average"}],
    )


def test_a_suites_own_average_stands_in_the_place_of_a_new_one_without_a_name(tmp_path):
    of_suite(tmp_path)
    [head, *_], notes = cells(tmp_path, "--cols", "task", "--average", "all")
    assert "own" in head
    assert "mean" not in head
    assert "own: mean of a, b" in notes
    assert "mean: the suite's own row 'own' over the same tasks" in notes


def test_an_average_stands_under_the_name_that_was_given_to_it(tmp_path):
    of_suite(tmp_path)
    [head, row], notes = cells(tmp_path, "--cols", "task", "--average", "foo=a,b", "--average", "own=a,b")
    assert [name for name in head if name in ("own", "foo", "mean")] == ["own", "foo"]
    assert float(row[head.index("foo")]) == pytest.approx(0.756)
    assert "foo: the suite's own row 'own' over the same tasks" in notes
    assert "suite s; metric" in notes
    assert "own: the suite's own" not in notes


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (result("a", "m", "z", protocol="q"), "different protocols: 'p' and 'q'"),
        (result("a", "m", "z", data_fingerprint="else"), "different data (fingerprints data-a and else"),
    ],
)
def test_what_is_not_comparable_never_shares_a_column(tmp_path, other, message):
    write(tmp_path, [dict(RESULTS[0]), dict(other)])
    code, screen = call("table", tmp_path, "--cols", "task,metric")
    assert code == 2
    assert "m / x (s/a/m/x) and m / z (s/a/m/z)" in screen.err
    assert message in screen.err


def test_what_a_method_states_of_itself_is_no_other_protocol(tmp_path):
    span = {"name": "span-threshold"}
    ours = result("a", "m", "span-threshold", protocol="p; threshold 0.5, decoding flat")
    ours["config"]["method"] = span
    write(tmp_path, [ours, result("a", "none", "chance")])
    assert call("table", tmp_path, "--cols", "task,metric")[0] == 0


def test_two_results_for_one_cell_are_named_with_what_differs(tmp_path):
    write(tmp_path, [result("a", "m", "x"), result("a", "m", "x", seed=1, folder="@1")])
    code, screen = call("table", tmp_path, "--cols", "task")
    assert code == 2
    assert "(s/a/m/x) and m / x, acc@1 (s/a/m/x@1); they differ in seed 0 and 1" in screen.err
    assert call("table", tmp_path, "--cols", "task,seed")[0] == 0
    write(tmp_path / "other", [result("a", "m", "x"), result("a", "m", "x", protocol="p", folder="@1")])
    for path in (tmp_path / "other").rglob("x@1/result.json"):
        changed = json.loads(path.read_text())
        changed["config"]["method"]["depth"] = 7
        path.write_text(json.dumps(changed))
    assert "they differ in depth=7" in call("table", tmp_path / "other", "--cols", "task")[1].err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows", "modell"], "no dimension 'modell'; did you mean 'model'"),
        (["--rows", "task", "--cols", "task"], "'task' in rows and columns"),
        (["--where", "metric=acc@2"], "no metric 'acc@2'"),
        (["--where", "acc@1"], "expected DIMENSION=NAME"),
        (["--sort", "c"], "no column 'c'"),
        (["--cost", "second"], "no cost 'second'; did you mean 'seconds'"),
        (["--digits", "many"], "expected auto, or a number"),
        (["--baseline", "none / chanc"], "no row 'none / chanc'; did you mean 'none / chance'"),
        (["--expected", "--cols", "task"], "no paper is named s"),
    ],
)
def test_what_is_wrong_is_said(runs, options, message):
    code, screen = call("table", runs, *options)
    assert code == 2
    assert message in screen.err


@pytest.mark.parametrize("width", [40, 80, 200])
def test_columns_of_the_screen_are_obeyed(runs, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = call("table", runs, "--cols", "task,metric", "--average", "all", "--cost", "seconds")[1].out.splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    assert sum("81.2 (79.2 – 83.2)¹" in line for line in lines) == 1


def test_long_tables_take_conditions_captions_and_html(runs):
    code, screen = call("table", runs, "--where", "method!=x", "--format", "html", "--caption", "A & B")
    assert code == 0
    assert "<caption>A &amp; B</caption>" in screen.out
    assert ">x *<" not in screen.out
    rows = json.loads(call("table", runs, "--format", "json")[1].out)["rows"]
    assert {row["interval"] for row in rows} == {"wilson"}
    assert {row["note"] for row in rows} == {"", "few items"}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    out = tmp_path_factory.mktemp("real")
    methods = ("--method", "random-order", "--method", "bm25", "--method", "first-stage")
    code, screen = call("eval", "synonyms", *methods, "--offline", "--out", out, "-q")
    assert code == 0, screen.err
    return out


def test_significance_against_a_baseline_comes_from_the_items(real):
    arguments = ("--cols", "metric", "--baseline", "none / random-order")
    [head, *rows], notes = cells(real, *arguments)
    marked = {row[1]: row[head.index("nDCG@10 mark")] for row in rows}
    assert "†" in marked["bm25"]
    assert "†" not in marked["random-order"]
    assert "† better, ‡ worse than none / random-order: paired tests over the items" in notes
    both = (*arguments, "--baseline", "none / bm25")
    [head, *rows], _ = cells(real, *both)
    marked = {row[1]: row[head.index("nDCG@10 mark")] for row in rows}
    assert "†a" in marked["bm25"].split()[-1]
    assert marked["random-order"].split()[-1] == "‡b"


def test_ties_within_the_paired_interval_are_marked_alike(real):
    [head, *rows], notes = cells(real, "--cols", "metric", "--mark", "significant")
    best = [row[1] for row in rows if "best" in row[head.index("nDCG@10 mark")]]
    from zsbench.analysis.comparison import differences
    from zsbench.results.finished_run import finished_runs

    of = {run.result["method"]: run for run in finished_runs([real])}
    top = max(of, key=lambda name: of[name].result["metrics"]["nDCG@10"]["value"])
    tied = {top}
    for name, run in of.items():
        if name != top:
            [row] = differences(of[top], run, metrics=["nDCG@10"])
            tied |= {name} if row.low <= 0 <= row.high else set()
    assert set(best) == tied
    assert "ties: values whose paired" in notes


def test_the_order_of_eval_is_kept(real):
    rows = json.loads(call("table", real, "--metric", "nDCG@10", "--format", "json")[1].out)["rows"]
    assert [row["method"] for row in rows] == ["random-order", "bm25", "first-stage"]
    assert order.with_new(["a/m/x"], ["b/m/x"]) == ["a/m/x", "b/m/x"]


def test_published_values_stand_beside_the_measured_ones(tmp_path):
    scored = result("imagenet-1-shot", "clip-rn50", "gda", 0.61)
    write(tmp_path, [scored], suite="gda-clip")
    [head, row], notes = cells(tmp_path, "--cols", "task", "--expected", "--stat", "none")
    values = dict(zip(head, row, strict=True))
    assert float(values["imagenet-1-shot / published"]) == 0.6064
    assert float(values["imagenet-1-shot / difference"]) == pytest.approx(0.61 - 0.6064)
    assert "[1] reference repository, exp.log" in notes
    [head, *rows], notes = cells(tmp_path, "--paper", "gda-clip", "--stat", "none")
    assert len(rows) == 2
    assert "1 of the paper's" not in notes.splitlines()[-1] or "runs are here" in notes
    measured = {row[1]: row[head.index("imagenet-1-shot / measured")] for row in rows}
    assert measured == {"gda": "0.61", "prompt-ensemble": ""}
    assert "imagenet-16-shot / published" in head


def test_a_paper_without_results_shows_what_is_published_and_why_it_differs():
    code, screen = call("table", "--paper", "metric3d", "--format", "markdown")
    assert code == 0, screen.err
    assert "98.9<sup>\\[1\\]</sup>" in screen.out
    assert "other weights are measured here" in screen.out


def test_papers_say_what_they_wait_for(monkeypatch):
    monkeypatch.delenv("ZSBENCH_DATA", raising=False)
    code, screen = call("papers", "metric3d", "gda-clip", "--json")
    assert code == 0, screen.err
    first, second = json.loads(screen.out)["papers"]
    assert (first["runs"], first["waiting"], first["published"], first["verified"]) == (3, 3, 7, 7)
    assert "$ZSBENCH_DATA (3 runs)" in first["waits_for"]
    assert (second["name"], second["embedded"], second["waits_for"]) == ("gda-clip", 10, [])
    assert "waits for" in call("papers", "metric3d")[1].out


def test_damaged_files_are_named_and_the_rest_is_read(tmp_path):
    write(tmp_path, [dict(one) for one in RESULTS])
    path = tmp_path / "s/a/m/y/result.json"
    path.write_text(path.read_text()[:50])
    wrong = json.loads((tmp_path / "s/b/m/y/result.json").read_text())
    wrong["metrics"]["acc@1"]["n"] = "many"
    (tmp_path / "s/b/m/y/result.json").write_text(json.dumps(wrong))
    code, screen = call("table", tmp_path, "--format", "csv")
    assert code == 0
    assert "s/a/m/y/result.json: not a result" in screen.err
    assert "'metrics.acc@1.n'" in screen.err
    assert len(screen.out.splitlines()) == 5


def test_digits_belong_to_a_metric_wherever_it_stands(tmp_path):
    deep = {"value": 0.282, "low": 0.25, "high": 0.321, "unit": "m", "n": 9, "better": "lower", "interval": "bootstrap"}
    both = result("a", "m", "x", 0.8123, half=0.2)
    write(tmp_path, [both | {"metrics": both["metrics"] | {"RMSE": deep}}, result("b", "m", "x", 0.5)])
    code, screen = call("table", tmp_path, "--rows", "metric,task", "--cols", "model,method", "--format", "markdown")
    assert code == 0, screen.err
    assert "0.282 (0.250 – 0.321)" in screen.out
    assert "81 (61 – 101)" in screen.out
    assert "50 (48 – 52)" in screen.out


def test_a_value_never_looks_like_an_end_that_it_is_not():
    from zsbench.report.numbers import decimals
    from zsbench.report.tables import rows

    lopsided = result("a", "m", "x", 0.999)
    lopsided["metrics"]["acc@1"] |= {"low": 0.6, "high": 1.0}
    assert decimals(rows([lopsided])) == 1
    lopsided["metrics"]["acc@1"] |= {"value": 1.0}
    assert decimals(rows([lopsided])) == 0


def test_a_doubt_marks_the_metric_that_it_names_else_the_method(tmp_path):
    def both(method, warning):
        one = result("a", "m", method, notes={"warning": warning})
        return one | {"metrics": one["metrics"] | {"mean-per-class": one["metrics"]["acc@1"]}}

    write(tmp_path, [both("named", "acc@1 is below chance (10.0 %)"), both("other", "chosen on test labels")])
    [head, *rows], _ = cells(tmp_path, "--cols", "metric", "--stat", "none", "--mark", "none")
    assert head == ["model", "method", "method mark", "acc@1", "acc@1 mark", "mean-per-class"]
    assert [(row[1], row[2], row[4]) for row in rows] == [("named", "", "!"), ("other", "!", "")]
    [head, *_], _ = cells(tmp_path, "--rows", "model", "--cols", "metric", "--where", "method=other", "--mark", "none")
    assert "mean-per-class mark" in head


def test_csv_has_numbers_or_nothing(tmp_path):
    undefined = result("a", "m", "x", synthetic=True)
    undefined["metrics"]["acc@1"] |= {"value": None}
    write(tmp_path, [undefined, result("b", "m", "y", synthetic=True)])
    [head, *rows], _ = cells(tmp_path, "--cols", "task", "--mark", "none")
    assert head == ["model", "method", "a", "a mark", "b", "b low", "b high"]
    assert [row[2:] for row in rows] == [["", "undefined", "", "", ""], ["", "", "0.5", "0.48", "0.52"]]


def test_no_second_beside_several_best(tmp_path):
    write(tmp_path, [result("a", "m", name, value) for name, value in (("x", 0.9), ("y", 0.9), ("z", 0.4))])
    [head, *rows], _ = cells(tmp_path, "--cols", "task")
    assert [row[head.index("a mark")] for row in rows] == ["best", "best", ""]


def test_averages_are_tested_by_the_items_of_their_tasks_or_have_no_marks(tmp_path):
    methods = ("--method", "random-class", "--method", "prompt-ensemble")
    chosen = ("digits", "glyphs", "--model", "clip-glyphs", *methods, "--limit", "20")
    assert call("eval", *chosen, "--offline", "--out", tmp_path, "-q")[0] == 0
    asked = ("--metric", "acc@1", "--cols", "task", "--average", "both=digits,glyphs", "--mark", "significant")
    [head, *rows], notes = cells(tmp_path, *asked, "--baseline", "none / random-class")
    assert [row[head.index("both mark")] for row in rows] == ["second", "best †"]
    assert "not tested" not in notes


def test_averages_without_the_items_of_their_tasks_have_no_marks(tmp_path):
    of_suite(tmp_path)
    other = json.loads((tmp_path / "s/own/m/x/result.json").read_text()) | {"method": "y"}
    other["metrics"]["acc@1"]["value"] = 0.6
    write(tmp_path, [other])
    [head, *_], notes = cells(tmp_path, "--where", "task=own", "--cols", "task", "--mark", "significant")
    assert "own mark" not in head
    assert "own: not tested, so without these marks: 'm / x' names no results behind it" in notes


def test_labels_are_of_latex_and_lists_name_something(runs):
    for options in (["--label", "x"], ["--rows", ""], ["--cols", ","], ["--cost", ""], ["--sort", ""], ["--paper", ""]):
        code, screen = call("table", runs, *options)
        assert code == 2
        assert screen.err.startswith(f"error: {options[0]}: '")
    assert call("table", runs, "--label", "x", "--format", "latex")[0] == 0


def test_expected_says_where_no_row_has_a_published_value(tmp_path):
    write(tmp_path, [result("glyphs", "m", "x")], suite="gda-clip-embedded")
    for options in ([], ["--cols", "task"]):
        code, screen = call("table", tmp_path, "--expected", *options)
        assert code == 0
        assert "none of these rows has a published value" in screen.err
        assert "gda-clip-embedded ran other models on other data" in screen.err
        assert "measured" not in screen.out


def test_a_paper_that_was_not_run_shows_what_is_published_and_how_to_run_it(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    write(tmp_path, [result("elsewhere", "m", "x")])
    code, screen = call("table", tmp_path, "--paper", "clip")
    assert code == 0, screen.err
    for text in (
        "63.33[1]",
        "94.9[1]",
        "0 of the paper's 33 runs are here; `zsbench eval clip --out FOLDER` runs them",
    ):
        assert text in screen.out
    assert "measured" not in screen.out
    assert "difference" not in screen.out
    assert "(query=" in screen.out


def test_an_interval_without_a_column_stands_below_its_value(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    write(tmp_path, [result("a", "clip", "knn")])
    lines = call("table", tmp_path)[1].out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.endswith("50.0 %"))
    assert lines[at + 1].split() == ["48.0", "–", "52.0"]
    assert "below a value: its 95 % interval" in lines
    assert not any("interval," in line for line in lines if "No room" in line)


def test_a_narrow_table_goes_on_at_hyphens_further_in(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    write(tmp_path, [result("a", "clip-glyphs-longtail", "prompt-ensemble")])
    lines = call("table", tmp_path)[1].out.splitlines()
    assert any(line.startswith("     prompt-   ") for line in lines)
    assert "        ensemble" in lines
