"""Tables on terminals of any width: names and numbers are whole, nothing is wider than the window."""

import csv
import io

import pytest
from rich.console import Console

from zsbench.config.suites import Expected
from zsbench.report import tables, terminal

RUNS = [
    ("moving-glyphs-middle-frame", "none", "random-video", {}),
    ("moving-glyphs-middle-frame", "clip-glyphs-longtail", "mean-frames", {"forward_passes": 1, "images": 1797}),
    ("digits", "clip-glyphs", "prompt-ensemble", {"forward_passes": 12, "images": 1797, "tokens": 120}),
]
RESULTS = [
    {
        "task": task,
        "model": model,
        "method": method,
        "synthetic": task != "digits",
        "cost": cost,
        "metrics": {
            name: {"value": 0.5, "low": 0.25, "high": 0.75, "unit": "%", "n": 1797}
            for name in ("acc@1", "mean-per-class")
        },
    }
    for task, model, method, cost in RUNS
]


def shown(width, results=RESULTS):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(terminal.to_rich(tables.rows(results), width))
    return console.export_text()


@pytest.mark.parametrize("width", [80, 90, 100, 120, 160])
def test_nothing_is_cut_short(width):
    text = shown(width)
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    for word in ("moving-glyphs-middle-frame", "clip-glyphs-longtail", "prompt-ensemble", "random-video"):
        assert word in text
    assert text.count("25.0 – 75.0") == 6
    assert text.count("1797") >= 6


def test_costs_stay_where_there_is_room():
    assert "12 passes, 1797 img, 120 tok" in shown(170)
    assert "1 pass," in shown(170)
    assert "passes" in shown(120)
    assert "passes" not in shown(72)


@pytest.mark.parametrize("width", [80, 170])
def test_brackets_in_names_are_not_markup(width):
    names = {"task": "t[bold]", "model": "m[/x]", "method": "r[red]", "protocol": "p[/]"}
    text = shown(width, [{**RESULTS[0], **names}])
    for name in names.values():
        assert name in text


def test_a_table_without_rows():
    assert "task" in shown(100, [])


def test_spread_stands_once_an_average():
    average = {"task": "mean", "protocol": "mean of 3 tasks", "synthetic": False, "cost": {}}
    score = {"value": 0.5, "low": None, "high": None, "unit": "%", "n": 3}
    results = [
        {**average, "model": "m", "method": method, "spread": {"std_population": std}, "metrics": {"acc@1": score}}
        for method, std in (("a", 0.01), ("b", 0.02))
    ]
    assert tables.notes(tables.rows(results)) == ["mean: mean of 3 tasks, std over them: a 1.0 %, b 2.0 %"]


def test_csv_defuses_formulas_and_leaves_empty_cells_empty():
    score = {"value": 0.5, "low": None, "high": None, "unit": "%", "n": 3}
    result = {"task": "t", "model": "=1+1", "method": "m", "metrics": {"acc@1": score}}
    [row] = csv.DictReader(io.StringIO(tables.to_csv(tables.rows([result]))))
    assert row["model"] == "'=1+1"
    assert row["method_uses"] == row["warning"] == row["std"] == ""


@pytest.mark.parametrize("width", [60, 80, 100])
def test_published_values_leave_the_score_whole(width):
    published = {("acc@1", "digits"): [Expected(value=0.635, source="s", verified=True)]}
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(terminal.to_rich(tables.rows(RESULTS, published), width))
    text = console.export_text()
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    assert text.count("50.0 %") == 6
    assert "63.5" in text or "published" in text.partition("No room for ")[2]


def test_what_has_no_room_is_named():
    assert "No room for cost" in shown(80)
    assert "No room for" not in shown(170)


def test_rows_of_one_name_are_told_apart_by_what_differs():
    def variant(limit, k1):
        config = {"settings": {"limit": limit}, "method": {"name": "bm25", "k1": k1}, "task": {"type": "rerank"}}
        return {**RESULTS[0], "config": config}

    rows = tables.rows([variant(None, 0.9), variant(10, 0.9), variant(None, 1.2), RESULTS[1]])
    assert list(dict.fromkeys(row.variant for row in rows)) == ["k1=0.9", "limit=10, k1=0.9", "k1=1.2", ""]
    assert "random-video (limit=10, k1=0.9)" in tables.to_markdown(rows).replace("\\", "")
