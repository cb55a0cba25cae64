"""Figures: their data against results made by hand, the Pareto front's own law, and what is drawn."""

import json
import sys
from io import BytesIO
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.cells import cell_len

from tests.analysis.made_runs import made
from tests.command import call
from zsbench.core.errors import UserError
from zsbench.metrics.intervals import wilson
from zsbench.report.figures import _axes, _style, drawing
from zsbench.report.figures.bars import bars
from zsbench.report.figures.classes import classes
from zsbench.report.figures.curve import curve
from zsbench.report.figures.figure import Figure, Point, Series, as_json
from zsbench.report.figures.frequency import frequency
from zsbench.report.figures.pareto import front, pareto
from zsbench.results.finished_run import FinishedRun

BAD = "a_b $x^2$ <b>&amp; \\frac{1}{2} %s"


def score(value, half=0.1, **more):
    low, high = (None, None) if value is None or half is None else (value - half, value + half)
    return {"value": value, "low": low, "high": high, "unit": "%", "n": 9, "better": "higher", "interval": "x", **more}


def run(model="m", method="r", task="t", metrics=None, folder="nowhere", data="d", **more):
    result = {
        "task": task, "task_type": "image-classification", "model": model, "method": method, "n_items": 9,
        "metrics": {"acc@1": score(0.5)} if metrics is None else metrics, "data_fingerprint": data, "config": {},
        "cost": {}, "notes": {}, "question": f"{model}{method}{task}{metrics}{more}", **more,
    }  # fmt: skip
    return FinishedRun(Path(folder), result)


def swept(x, value, method="r", seed=1, **task):
    """A run of a task `t-X-shot-SEED`, whose config says so."""
    config = {"task": {"type": "c", "shots": x, "support_seed": seed, "description": f"{x}", **task},
              "method": {"name": method}, "settings": {"seed": 0, "limit": None}}  # fmt: skip
    return run(method=method, task=f"t-{x}-shot-{seed}", metrics={"acc@1": score(value)}, config=config)


def test_bars_are_the_values_with_baselines_muted_and_the_best_marked():
    runs = [
        run("none", "chance", metrics={"acc@1": score(0.1, None)}),
        run("m", "a", metrics={"acc@1": score(0.5), "loss": score(3.0, better="lower", unit="")}),
        run("m", "b", metrics={"acc@1": score(None), "loss": score(2.0, better="lower", unit="")}),
        run("other", "a", metrics={"acc@1": score(0.7)}),
    ]
    [figure] = bars(runs)
    assert [(s.name, s.muted) for s in figure.series] == [("baseline", True), ("m", False), ("other", False)]
    assert [(p.x, p.y, p.low, p.mark) for s in figure.series for p in s.points] == [
        ("chance", 0.1, None, ""), ("a", 0.5, 0.4, ""), ("a", 0.7, pytest.approx(0.6), "best"),
    ]  # fmt: skip
    assert figure.notes == ("undefined, so not shown: m / b",)
    [loss] = bars(runs, metrics=["loss"])
    assert [(p.x, p.mark) for p in loss.series[0].points] == [("a", ""), ("b", "best")]
    assert [p.mark for p in bars([run(method=name) for name in "ab"])[0].series[0].points] == ["", ""]  # all alike


def test_a_task_over_different_data_has_a_figure_for_each():
    figures = bars([run(data="d"), run(data="e", n_items=5)])
    assert [figure.title for figure in figures] == ["t, 9 items", "t, 5 items"]


def test_what_is_not_there_is_said_with_the_nearest_name():
    runs = [run(), run(task="u")]
    for options, message in (
        ({"metrics": ["acc@2"]}, "no metric 'acc@2'; did you mean 'acc@1'"),
        ({"tasks": ["tt"]}, "no result of task 'tt'"),
    ):
        for builder in (bars, pareto, curve, classes):
            with pytest.raises(UserError, match=message):
                builder(runs, **options)
    with pytest.raises(UserError, match=r"nothing to draw \(undefined, so not shown: m / r\)"):
        bars([run(metrics={"acc@1": score(None)})])
    with pytest.raises(UserError, match="no run has a score"):
        bars([run(metrics={})])
    with pytest.raises(UserError, match="no finished run"):
        bars([])
    with pytest.raises(UserError, match="no cost 'token'; did you mean 'tokens'"):
        pareto(runs, x="token")


numbers = st.floats(-5, 5).map(lambda value: round(value, 1))
pairs = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12)


def dominates(one, other, sign):
    no_worse = one[0] <= other[0] and sign * one[1] >= sign * other[1]
    return no_worse and one != other


@given(pairs, st.sampled_from(["higher", "lower"]), st.randoms())
def test_the_front_is_what_nothing_dominates_in_any_order(points, better, random):
    sign = 1 if better == "higher" else -1
    kept = front(points, better=better)
    assert kept == [i for i, point in enumerate(points) if not any(dominates(other, point, sign) for other in points)]
    shuffled = random.sample(range(len(points)), len(points))
    again = front([points[i] for i in shuffled], better=better)
    assert sorted(shuffled[i] for i in again) == kept


def test_cost_against_value():
    def priced(method, value, model="m", **cost):
        return run(model, method, metrics={"acc@1": score(value)}, cost=cost)

    runs = [
        priced("bm25", 0.4, "none"),
        priced("cheap", 0.6, forward_passes=10, tokens=5, tokens_generated=2),
        priced("worse", 0.5, forward_passes=90),
        priced("dear", 0.9, forward_passes=400),
        priced("poor", 0.3, forward_passes=1),  # the baseline is better and costs nothing
        priced("cached", 0.8, forward_passes=1, images_cached=7, images=2),
        priced("given", 0.8),
    ]
    [figure] = pareto(runs)
    assert (figure.x, figure.scale) == ("forward passes", "log")
    marks = {p.label: (p.x, p.mark) for p in figure.series[0].points}
    assert marks == {
        "m / cheap": (10, "front"), "m / worse": (90, ""), "m / dear": (400, "front"), "m / poor": (1, ""),
    }  # fmt: skip
    assert [(level.name, level.y) for level in figure.levels] == [("bm25", 0.4)]
    assert figure.notes == ("took embeddings from the cache: m / cached", "no forward passes counted: m / given")
    [tokens] = pareto(runs, x="tokens")
    assert [(p.label, p.x) for p in tokens.series[0].points] == [("m / cheap", 7)]
    [images] = pareto(runs, x="images")
    assert [(p.label, p.x) for p in images.series[0].points] == [("m / cached", 9)]
    sized = [run("small", notes={"model": {"parameters": 5}}), run("large", notes={"model": {"parameters": 50}})]
    assert [s.points[0].x for s in pareto(sized, x="parameters")[0].series] == [5, 50]


def test_a_curve_is_over_what_runs_differ_in_with_one_point_for_all_seeds():
    runs = [swept(x, value + seed / 100, method, seed)
            for method, values in (("a", (0.2, 0.4)), ("b", (0.5, 0.6)))
            for x, value in zip((16, 1), values, strict=True) for seed in (1, 2, 3)]  # fmt: skip
    [figure] = curve(runs)
    assert (figure.title, figure.x, figure.scale) == ("t", "shots", "log")
    assert {s.name: [(p.x, round(p.y, 6), round(p.low, 6)) for p in s.points] for s in figure.series} == {
        "m / a": [(1, 0.42, 0.32), (16, 0.22, 0.12)], "m / b": [(1, 0.62, 0.52), (16, 0.52, 0.42)],
    }  # fmt: skip
    assert "mean of 3 runs" in figure.notes[0]
    assert curve(list(reversed(runs)))[0].series[0].points == figure.series[1].points
    assert curve(runs, x="task.shots") == curve(runs, x="shots") == [figure]


def test_a_curve_without_an_x_or_with_several_says_so():
    with pytest.raises(UserError, match="no numeric option differs"):
        curve([swept(1, 0.5), swept(1, 0.5, "b")])
    both = [swept(x, 0.5, half=y) for x in (1, 2) for y in (3, 4)]
    with pytest.raises(UserError, match=r"several options differ: task.shots \(2 values\), task.half \(2 values\)"):
        curve(both)
    figures = curve(both, x="shots")  # what else differs is a figure of its own
    assert [[p.x for p in figure.series[0].points] for figure in figures] == [[1, 2], [1, 2]]
    with pytest.raises(UserError, match="no numeric option 'shot'; did you mean 'shots'"):
        curve([swept(1, 0.5), swept(2, 0.5)], x="shot")
    with pytest.raises(UserError, match="no two values"):
        curve([swept(1, 0.5), swept(2, 0.5)], x="limit")


def test_lists_count_by_length_limits_by_items_defaults_by_the_component_and_levels_have_no_x():
    def of(task=None, method=None, settings=None, value=0.5, name="r", **more):
        config = {"task": task or {}, "method": method or {"name": "prompt-ensemble"}, "settings": settings or {}}
        return run(method=name, config=config, metrics={"acc@1": score(value)}, **more)

    [prompts] = curve([of({"templates": ["a {}"] * n}) for n in (1, 5)], x="prompts")
    assert [p.x for p in prompts.series[0].points] == [1, 5]
    [limit] = curve([of(settings={"limit": n}) for n in (3, None)])
    assert [p.x for p in limit.series[0].points] == [3, 9]
    threshold = {"name": "span-threshold"}
    spans = [of(method=threshold | more, name=f"span-threshold{more}") for more in ({"threshold": 0.3}, {})]
    [figure] = curve([*spans, of(name="other", value=0.1)])
    assert [p.x for p in figure.series[0].points] == [0.3, 0.5]
    assert [(level.name, level.y) for level in figure.levels] == [("m / other", 0.1)]
    sizes = [run(name, notes={"model": {"parameters": n}}, config={"model": {"model": name}, "method": {"name": "a"}})
             for name, n in (("large", 9), ("small", 4))]  # fmt: skip
    [size] = curve(sizes, x="parameters")
    assert [p.x for p in size.series[0].points] == [4, 9]


@pytest.fixture(scope="module")
def by_class(tmp_path_factory):
    """A run over three classes with 1 of 4, 3 of 3 and 1 of 2 items right, and two groups."""
    folder = tmp_path_factory.mktemp("run")
    labels, right = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2.0]), np.array([1, 0, 0, 0, 1, 1, 1, 1, 0.0])
    columns = {
        "id": [str(i) for i in range(9)], "group": ["x"] * 5 + ["y"] * 4, "acc@1": right,
        "mean-per-class.0": labels, "mean-per-class.1": right, "prediction": ["0"] * 9,
    }  # fmt: skip
    pq.write_table(pa.table(columns), folder / "items.parquet")
    return run(folder=folder, metrics={"acc@1": score(5 / 9), "mean-per-class": score(0.6)})


def named_classes(folder, table, gold):
    """A run whose items.parquet holds these names of classes."""
    folder.mkdir()
    pq.write_table(table.drop_columns("gold").append_column("gold", gold if isinstance(gold, pa.ChunkedArray) else [gold]),
                   folder / "items.parquet")  # fmt: skip
    return run(folder=folder)


def test_sets_of_labels_are_no_classes_but_groups_are(by_class, tmp_path):
    table = pq.read_table(by_class.folder / "items.parquet").append_column("gold", [[""] * 9])
    several = named_classes(tmp_path / "a", table, ["cat", "cat, dog", "cat", "cat", *["dog"] * 3, *["fox, cat"] * 2])
    [figure] = classes([several])
    assert (figure.x, [p.x for p in figure.series[0].points]) == ("2 groups", ["x", "y"])
    with pytest.raises(UserError, match="nothing tells the class of an item"):
        classes([several], by="class")


def test_one_item_is_one_and_others_that_are_all_alike_are_one_number(by_class):
    assert [f.title for f in bars([run(data="d", n_items=1), run(data="e", n_items=5)])] == ["t, 1 item", "t, 5 items"]
    labels = ["class 0", "class 1", "class 2"]
    metrics = {"F1": score(0.5)} | {f"F1(label={name})": {**score(1.0), "n": n} for n, name in enumerate(labels)}
    [figure] = classes([run(metrics=metrics)], most=2)
    assert figure.notes == ("the other 1: 100.0 %",)
    assert [p.label for p in figure.series[0].points] == ["m / r, 0 items", "m / r, 1 item"]


def test_intervals_that_results_doubt_are_marked_and_said_why():
    few = "few items: 9"
    doubted, sure = run("m", "a", metrics={"s": score(0.5, note=few)}), run("m", "b", metrics={"s": score(0.6)})
    bare = run("m", "c", metrics={"s": score(0.6, None, note=few)})  # nothing to doubt without an interval
    [figure] = bars([doubted, sure, bare])
    assert [p.note for p in figure.series[0].points] == [few, "", ""]
    assert figure.notes == (f"~ interval of m / a: {few}",)
    assert as_json(figure)["series"][0]["points"][0]["note"] == few
    with mock.patch.dict(_style._SETTINGS, {"svg.fonttype": "none"}):
        picture = drawing.drawn([figure], "svg")[0].decode()
    assert (picture.count(">50.0 ~<"), picture.count(" ~<")) == (1, 1)
    assert "stroke-dasharray" in picture
    assert "stroke-dasharray" not in drawing.drawn(bars([sure, bare]), "svg")[0].decode()
    assert "stroke: #ffffff" in picture  # the light edge of error bars, which a dark bar would hide
    lines = [swept(x, 0.5) for x in (1, 2)]
    lines[0].result["metrics"]["acc@1"]["note"] = few
    assert curve(lines)[0].notes == (f"~ intervals of 1 of 2 runs may cover less often than they say: {few}",)


@pytest.mark.parametrize("values", [(0.10, 0.13), (0.13, 0.10), (0.02, 0.03), (0.1, 0.1)])
def test_no_line_runs_through_the_name_of_a_level(values):
    runs = [run(metrics={"acc@1": score(0.6)}, cost={"images_cached": 40})]
    runs += [run("none", f"level-{n}", metrics={"acc@1": score(value)}) for n, value in enumerate(values)]
    picture = drawing._picture(pareto(runs), 3.35, "")
    picture.draw_without_rendering()
    [axes] = picture.axes
    heights = [axes.transData.transform((1, 100 * value))[1] for value in values]
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text().startswith("level-")]
    assert len(boxes) == len(values)
    # Letters stand within their box with some room above and below.
    assert not any(box.y0 + 3 < height < box.y1 - 3 for box in boxes for height in heights)
    assert not boxes[0].overlaps(boxes[1])


def test_the_axis_of_images_says_what_is_counted():
    cached = [run(cost={"images_cached": 40}), run("o", "none counted")]
    [figure] = pareto(cached, x="images")
    assert figure.x == "images, cached ones included"
    assert figure.notes == ("no images counted: o / none counted",)


def test_classes_stand_from_the_worst_with_wilson_intervals(by_class, tmp_path):
    for metric in ("acc@1", "mean-per-class"):
        [figure] = classes([by_class, run("none", "chance")], metrics=[metric])
        assert [s.name for s in figure.series] == ["m / r"]
        points = figure.series[0].points
        assert [(p.x, p.y) for p in points] == [("class 0", 0.25), ("class 2", 0.5), ("class 1", 1.0)]
        assert [(p.low, p.high) for p in points] == [pytest.approx(wilson(*k)) for k in ((1, 4), (1, 2), (3, 3))]
    named = pq.read_table(by_class.folder / "items.parquet").append_column(
        "gold", [["cat"] * 4 + ["dog"] * 3 + ["fox"] * 2]
    )
    [figure] = classes([named_classes(tmp_path / "named", named, named["gold"])])
    assert [p.x for p in figure.series[0].points] == ["cat", "fox", "dog"]
    [figure] = classes([named_classes(tmp_path / "twice", named, ["cat"] * 4 + ["dog"] * 3 + ["cat"] * 2)])
    assert [p.x for p in figure.series[0].points] == ["cat (class 0)", "cat (class 2)", "dog"]
    [worst] = classes([by_class], most=1)
    assert (worst.x, worst.notes) == ("the 1 worst of 3 classes", ("the other 2: 50.0 – 100.0 %",))
    [groups] = classes([by_class], by="group")
    assert [(p.x, p.y) for p in groups.series[0].points] == [("x", 2 / 5), ("y", 3 / 4)]
    with pytest.raises(UserError, match="no metric of single labels"):
        classes([by_class], by="label")


def test_what_a_method_changes_for_poor_and_rich_classes_of_another(by_class, tmp_path):
    """By hand: classes 0, 2, 1 have 1/4, 1/2, 3/3 before; after, class 0 has 3/4, class 2 still 1/2, class 1 only 1/3."""
    table = pq.read_table(by_class.folder / "items.parquet")
    after = [1, 1, 1, 0, 1, 0, 0, 1, 0.0]
    for column in ("acc@1", "mean-per-class.1"):
        table = table.set_column(table.column_names.index(column), column, [after])
    (tmp_path / "other").mkdir()
    pq.write_table(table, tmp_path / "other" / "items.parquet")
    other = run(folder=tmp_path / "other", method="grip", metrics={"acc@1": score(5 / 9), "mean-per-class": score(0.5)})
    for runs in ([by_class, other], [other, by_class]):
        [figure] = classes(runs, ranked_by="r", metrics=["acc@1"])
        assert [point.x for point in figure.series[0].points] == ["class 0", "class 2", "class 1"]
        poorer, richer = "the poorer half of the classes +50.0 points", "the richer -66.7 points"
        assert figure.notes == (f"m / grip against r: {poorer}, {richer}",)
    assert classes([by_class, other], metrics=["acc@1"])[0].notes == ()
    with pytest.raises(UserError, match="--ranked-by"):
        classes([by_class], ranked_by="gripp")


def test_labels_have_metrics_of_their_own_and_without_classes_that_is_said(tmp_path):
    metrics = {"F1": score(0.5)} | {f"F1(label={name})": score(v) for name, v in (("per", 0.9), ("loc, 2", 0.2))}
    [figure] = classes([run(metrics=metrics, task_type="ner")])
    assert [(p.x, p.y) for p in figure.series[0].points] == [("loc, 2", 0.2), ("per", 0.9)]
    with pytest.raises(UserError, match="nothing tells classes, labels or groups apart"):
        classes([run(folder=tmp_path)])


FIGURES = {
    "bars": lambda: bars([run("none", "chance", BAD), run(BAD, BAD, BAD), run("_other", "漢字 " + "long " * 12, BAD)]),
    "pareto": lambda: pareto([run(BAD, BAD, cost={"forward_passes": n}, question=str(n)) for n in (1, 400)]
                             + [run("_o", "漢字", cost={"forward_passes": 3}), run("none", BAD)]),
    "curve": lambda: curve([swept(x, 0.5, name) for x in (1, 2) for name in (BAD, "_b")]),
    "frequency": lambda: [Figure("frequency", BAD, "count", BAD, "%", "higher", tuple(
        Series(name, (Point(1.0, 0.2), Point(900.0, 0.7), Point(1.0, 0.1, mark="end"), Point(900.0, 0.8, mark="end")))
        for name in ("_a", BAD)), scale="log")],
    "classes": lambda: [Figure("classes", BAD, "2 classes", BAD, "", "lower", tuple(
        Series(name, (Point(BAD, -0.5, -0.6, -0.4), Point("w" * 90, 0.1))) for name in ("_a", BAD)))],
}  # fmt: skip


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_is_drawn_the_same_each_time(kind):
    figures = FIGURES[kind]()
    for ending, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        picture, _ = drawing.drawn(figures, ending)
        assert picture.startswith(magic)
        assert ending != "svg" or drawing.drawn(figures, ending)[0] == picture
        if ending == "png":
            width, height = Image.open(BytesIO(picture)).size
            assert width == int(3.35 * 200)
            assert 150 < height < 1500
    assert as_json(figures[0]) == json.loads(json.dumps(as_json(figures[0]), allow_nan=False))


def test_names_stand_in_the_picture_as_they_are():
    with mock.patch.dict(_style._SETTINGS, {"svg.fonttype": "none"}):
        picture = drawing.drawn(FIGURES["classes"](), "svg")[0].decode()
    assert "$x^2$" in picture
    assert "&lt;b&gt;&amp;amp;" in picture
    assert "<b>" not in picture
    assert ">_a<" in picture  # a legend would leave it out


def test_many_panels_and_narrow_pictures_are_drawn():
    many = bars([run(task=f"t{n}", method=m) for n in range(7) for m in "abc"])
    assert Image.open(BytesIO(drawing.drawn(many, "png")[0])).size[0] == 1380
    assert Image.open(BytesIO(drawing.drawn(many[:1], "png", width=1.0, title="T " * 30)[0])).size[0] == 200


@pytest.mark.parametrize("name", ["a / b-c", "x" * 50, "漢字" * 20, "", " ", "a" * 9 + " " + "b" * 30])
def test_a_folded_name_loses_nothing_but_blanks_and_fits(name):
    folded = _style.fold(name, 10)
    assert folded.replace("\n", "").replace(" ", "") == name.replace(" ", "")
    assert all(cell_len(line) <= 10 for line in folded.split("\n"))


def test_no_two_of_the_first_series_look_alike():
    series = [Series(str(n), ()) for n in range(16)]
    looks = _axes.Looks([Figure("curve", "", "", "", "", "higher", tuple(series))])
    assert len({(looks.colour(s), looks.dash(s)) for s in series}) == 16


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "s.yaml").write_text(
        "description: two shots\nsettings: {limit: 30, resamples: 100}\nruns:\n  - models: clip-glyphs\n"
        "    methods: [prompt-ensemble, tip-x]\n    tasks:\n"
        "      - {use: digits-few-shot, label: one, shots: 1}\n      - {use: digits-few-shot, label: two, shots: 2}\n"
    )
    assert call("eval", folder / "s.yaml", "--out", folder / "runs", "--quiet", "--offline")[0] == 0
    return folder / "runs"


def test_the_command_draws_each_kind_and_says_what(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind in FIGURES.keys() - {"frequency"}:  # these results know no counts
        code, screen = call("plot", results, "--kind", kind, "--title", "a\x1b[31m")
        assert (code, screen.err) == (0, "")
        assert screen.out.startswith(f"{kind}.png: acc@1 of one")
        assert "95 % intervals" in screen.out
        assert Path(f"{kind}.png").read_bytes().startswith(b"\x89PNG")
    assert call("plot", results, "-k", "curve", "--method", "tip-x", "-o", "data.json")[0] == 0
    written = json.loads(Path("data.json").read_text())
    assert written["schema_version"] == 1
    assert [p["x"] for p in written["figures"][0]["series"][0]["points"]] == [1, 2]
    assert {"title": "one and 1 more", "x": "shots", "unit": "%"}.items() <= written["figures"][0].items()


def test_what_the_command_refuses(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for options, message in (
        (("--out", "a.gif"), "'a.gif' ends in .gif; expected a name that ends in .png, .svg, .pdf"),
        (("--out", "a"), "'a' has no ending"),
        (("--x", "shots"), "--x: --kind bars has none; expected it with --kind pareto or curve"),
        (("--model", "clip"), "no result of model 'clip'; did you mean 'clip-glyphs'"),
        (("--kind", "bar"), "bar"),
        (("--out", str(results)), "a folder; expected the name of a file to write"),
    ):
        code, screen = call("plot", results, *options)
        assert (code, screen.out) == (2, "")
        assert message in screen.err
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_message_says_what_to_install(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with mock.patch.dict(sys.modules, {"matplotlib": None}):
        code, screen = call("plot", results)
        assert code == 2
        assert "matplotlib is not installed; pip install 'zsbench[plots]'" in screen.err
        assert call("plot", results, "--out", "bars.json")[0] == 0


def test_classes_over_their_counts_and_the_line_of_least_squares(tmp_path):
    gold = [0, 0, 1, 2, 2]
    table = [[label, right, [0, 30, 500][label]] for label, right in zip(gold, [0, 1, 1, 1, 1], strict=True)]
    names = {"gold": [["ant", "bee", "cow"][label] for label in gold]}
    run_of = made(tmp_path, {"slope-per-decade": table}, task_type="image-classification", columns=names)
    [figure] = frequency([run_of])
    [series] = figure.series
    *points, low, high = series.points
    assert [(p.x, p.y) for p in points] == [(1, 0.5), (30, 1), (500, 1)]
    assert [p.label.split(", ", 1)[1] for p in points] == [
        "ant, 0 occurrences",
        "bee, 30 occurrences",
        "cow, 500 occurrences",
    ]
    slope, start = np.polyfit(np.log10([1, 30, 500]), [0.5, 1, 1], 1)
    assert [low.y, high.y] == pytest.approx([start, start + slope * np.log10(500)])
    assert (low.mark, low.x, high.x) == ("end", 1, 500)
    with pytest.raises(UserError, match="slope-per-decade, or none"):
        frequency([run_of], metrics=["acc@1"])
    with pytest.raises(UserError, match="frequency: counts"):
        frequency([run(metrics={"acc@1": score(0.5)})])
