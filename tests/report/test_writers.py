"""Whatever stands in names: every format of a table shows that text, and no format is broken by it."""

import csv
import io
import json
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from zsbench.report.grid import FORMATS, Cell, Column, Grid, written
from zsbench.report.plain import one_line
from zsbench.report.writers import csv as csv_writer
from zsbench.report.writers import latex, rich

NASTY = "a_b & 5 % #1 $x$ \\y <b> =1+1 @z | ^k ~ {c} -- \"q\" 'r' `s` [t] *u* naïve Łódź β 日本語 →"
texts = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("_&%#$\\<>=+@|^~{}-*`[]\n\t\x1b"), max_size=12
)


def grid(*names, caption="", label=""):
    columns = [Column("model"), Column(names[0], over=("",)), Column("acc ↑", right=True, over=(names[0],))]
    columns[0] = Column("model", over=("",))
    rows = [[Cell(name), Cell("x"), Cell("84.1", "best", "†", 0.841, 0.8, 0.9)] for name in names]
    return Grid(columns, rows, [f"* {name}" for name in names], caption, label, names=1)


class Texts(HTMLParser):
    """The texts of the cells of a page."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.cells, self.tags = [], set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells and data != "\n":
            self.cells[-1] += data


@given(texts)
def test_html_parses_to_the_same_text_and_no_other_tag(text):
    page = Texts()
    page.feed(written(grid(text, caption=text), "html"))
    assert one_line(text) in page.cells
    assert page.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "strong", "sup", "ul", "li"}


@given(texts)
def test_csv_reads_back_and_no_cell_begins_a_formula(text):
    head, [name, _, value, low, high, mark] = csv.reader(io.StringIO(written(grid(text), "csv")))
    assert name in (one_line(text), "'" + one_line(text))
    assert len(head) == 6
    assert (float(value), float(low), float(high), mark) == (0.841, 0.8, 0.9, "best †")
    for cell in (*head, name):
        assert not cell.lstrip().startswith(tuple("=+-@")) or cell == "-"


def cells_of(line):
    """Return the cells of a line of a Markdown table, as GitHub cuts it: at every bar that is not escaped."""
    cells, escaped = [""], False
    for c in line.strip().removeprefix("|"):
        if c == "|" and not escaped:
            cells.append("")
        else:
            cells[-1] += c
        escaped = c == "\\" and not escaped
    return cells[:-1]


@given(texts)
def test_markdown_has_as_many_cells_in_every_line(text):
    lines = [line for line in written(grid(text, "b"), "markdown").splitlines() if line.startswith("|")]
    assert [len(cells_of(line)) for line in lines] == [3] * 4


@given(texts, st.integers(20, 100))
def test_a_terminal_has_no_blanks_at_line_ends_and_every_value_whole(text, width):
    lines = rich.write(grid(text, "b"), width).splitlines()
    assert all(line == line.rstrip(" ") for line in lines)
    assert sum("84.1¹†" in line for line in lines) == 2


@given(
    st.lists(st.text("ab-_ /é日", min_size=1, max_size=30), min_size=1, max_size=4, unique=True), st.integers(30, 120)
)
def test_no_line_is_wider_than_the_terminal_and_no_letter_is_lost(names, width):
    cells = [[Cell(name), *(Cell(f"{value}.0 (1.0 – 2.0)") for value in range(4))] for name in names]
    columns = [Column("model", over=("",)), *(Column(f"m{i} ↑", True, (f"task-{i // 2}",)) for i in range(4))]
    text = rich.write(Grid(columns, cells, names=1), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert all(text.count(f"{value}.0 (1.0 – 2.0)") == len(names) for value in range(4))
    for letter in "éab日":
        assert text.count(letter) >= sum(name.count(letter) for name in names)


def test_costs_go_first_and_what_went_is_named():
    columns = [Column("model"), Column("value", True), Column("seconds", True, drop=1)]
    table = Grid(columns, [[Cell("m" * 20), Cell("12.5 (10.0 – 15.0)"), Cell("100000.0")]], names=1)
    assert "100000.0" in rich.write(table, 60)
    narrow = rich.write(table, 38)
    assert "12.5 (10.0 – 15.0)" in narrow
    assert "100000.0" not in narrow
    assert "No room for seconds" in narrow


def test_json_holds_text_numbers_and_marks():
    [row] = json.loads(written(grid(NASTY), "json"))["rows"]
    assert row[0]["text"] == NASTY
    assert row[2] == {"text": "84.1", "mark": "best", "sup": "†", "value": 0.841, "low": 0.8, "high": 0.9}


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "json"])
def test_marks_are_in_every_format(format):
    text = written(grid("m"), format)
    assert {"rich": "84.1¹†", "markdown": "**84.1**<sup>†</sup>", "csv": "best †", "html": "<strong>84.1</strong>"}.get(
        format, r"\textbf{84.1}\textsuperscript{\dag{}}"
    ) in text


def test_a_number_is_no_formula():
    assert csv_writer.write(Grid([Column("d", True)], [[Cell("-0.5", value=-0.5)]])) == "d\n-0.5\n"


def test_csv_leaves_out_what_only_rounding_has_made():
    cells = [Cell("a", value=value) for value in (0.9999999999999998, 0.1 + 0.2, 1e-20, 3)]
    assert csv_writer.write(Grid([Column("d", True)], [[cell] for cell in cells])) == "d\n1.0\n0.3\n1e-20\n3\n"


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
def test_latex_has_balanced_braces_and_no_bare_special_character(text):
    escaped = latex.escaped(text)
    plain = escaped.replace("\\{", "").replace("\\}", "")
    assert plain.count("{") == plain.count("}")
    assert "--" not in escaped or "–" in text or "—" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX here")
def test_latex_compiles_as_it_is(tmp_path):
    accents = "é è ê ë ñ ç ü ř ű ş ā ă ż ï ij ß æ ø å ł ı α Ω † ± ≤"
    (tmp_path / "float.tex").write_text(written(grid(NASTY, accents, "[x", caption=NASTY, label="t:a_b"), "latex"))
    (tmp_path / "bare.tex").write_text(written(grid(NASTY, "*x", "-"), "latex"))
    document = r"\documentclass{article}\usepackage{booktabs}\begin{document}\input{float}\input{bare}\end{document}"
    (tmp_path / "main.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=60)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "main.pdf").stat().st_size > 1000


def test_a_name_is_not_folded_before_a_lone_mark():
    from zsbench.report.writers.folding import folded

    assert folded("prompt-ensemble", 6) == ["promp", "t-", "ensemb", "le"]
    assert folded("hit(query=image)@5", 9) == ["hit", "(query=", "image)@5"]
    assert "".join(folded("a-" * 40, 7)) == "a-" * 40
