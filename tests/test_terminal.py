"""Tables on terminals of any width: names and numbers are whole, nothing is wider than the window."""

import csv
import io

import pytest
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from zsbench.cli import table
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
    console.print(terminal.to_rich(tables.rows(results), width), crop=False)
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


@pytest.mark.parametrize("width", [20, 30, 40, 60])
def test_no_value_is_cut_on_the_narrowest_screen(width):
    text = shown(width)
    assert "…" not in text
    assert text.count("50.0 %") == 6
    assert all(len(line) <= max(width, 40) for line in map(str.rstrip, text.splitlines()))


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


def plainly(rows, width):
    """The same table as rich's own class draws it."""
    columns = tables.header(rows)
    texts = [tables.cells(row, columns) for row in rows]
    caption = Text("\n".join(tables.notes(rows)), "table.caption")
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption=caption, caption_justify="left")
    fitted = terminal.to_rich(rows, width).widths
    for column, own in zip(columns, fitted, strict=True):
        wraps, justify = column in ("task", "cost"), "right" if tables.is_right(column) else "left"
        grid.add_column(column, justify=justify, no_wrap=not wraps, width=own if wraps else None)
    before = []
    for line in texts:
        if before and before[0] != line[0]:
            grid.add_section()
        same = [before[:n] == line[:n] for n in (1, 2, 3)]
        blank = dict(enumerate(same)) | {len(columns) - 1: same[2]}
        grid.add_row(*[Text("" if blank.get(i) else text) for i, text in enumerate(line)])
        before = line
    return grid


@pytest.mark.parametrize("width", [150, 156, 200])
@pytest.mark.parametrize("results", [RESULTS, RESULTS[:1], [], [{**RESULTS[0], "task": "日本 語"}, *RESULTS]])
def test_rows_look_as_richs_own_table_draws_them(results, width):
    rows = tables.rows(results)
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(plainly(rows, width))
    lines = [[line.rstrip() for line in text.splitlines()] for text in (shown(width, results), console.export_text())]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_long_table_is_cut_on_a_terminal_alone_and_says_so(is_terminal, monkeypatch, capsys):
    monkeypatch.setattr(table, "LONG", 2)
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    table._show(tables.rows(RESULTS))
    written = capsys.readouterr()
    assert ("prompt-ensemble" in written.out) is not is_terminal
    assert ("4 of 6 rows are not shown: --format markdown prints all" in written.err) is is_terminal
