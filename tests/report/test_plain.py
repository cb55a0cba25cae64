"""Whatever others wrote into names and notes, tables and messages hold text alone."""

import csv
import io
import json
import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.report import tables, terminal
from zsbench.report.plain import one_line, plain

OBEYED = [chr(c) for c in [*range(9), *range(11, 32), 127, *range(128, 160), 0x2028, 0x2029, 0x202E, 0x2066, 0xD800]]
EVIL = (
    "\x1b[31mred\x1b]0;title\x07\n\\input{/etc/passwd}$x$ [a](javascript:b) ![c](http://d)\r\x9b2J<b>|`&amp;\u202eend"
)


@given(st.text(st.characters(codec=None) | st.sampled_from(OBEYED)))
def test_no_character_is_left_that_a_terminal_obeys(text):
    assert not set(plain(text)) & set(OBEYED)
    assert not set(one_line(text)) & {*OBEYED, "\n", "\t"}
    assert plain(plain(text)) == plain(text)


@given(st.text() | st.text(st.sampled_from(OBEYED[:-1])))
def test_json_stays_what_it_was(text):
    assert json.loads(plain(json.dumps([text], ensure_ascii=False))) == [text]


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp"))))
def test_other_text_is_left_alone(text):
    assert one_line(text) == text


def row(text):
    values = {"str": text, "bool": True, "float | None": 0.5, "int": 3, "float": 0.5}
    made = {field.name: values[field.type] for field in fields(tables.Row)}
    return tables.Row(**{**made, "better": "higher", "method_kind": "transductive", "failed": False})


WRITERS = [tables.to_markdown, tables.to_latex, tables.to_csv]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("text", [EVIL, "\n" + EVIL, "a\x85b", "\x0cx"])
def test_no_format_of_a_table_hands_a_control_character_through(write, text):
    written = write([row(text)])
    assert not set(written) & set(OBEYED)
    assert written.count("\n") == write([row("name")]).count("\n")


@pytest.mark.parametrize("width", [40, 80, 300])
def test_the_table_on_a_terminal_holds_text_alone(width):
    from rich.console import Console

    out = io.StringIO()
    Console(file=out, width=width).print(terminal.to_rich([row(EVIL)], width))
    assert not set(out.getvalue()) & set(OBEYED)


def test_every_line_under_a_latex_table_is_a_comment():
    under = tables.to_latex([row(EVIL)]).partition(r"\end{tabular}")[2].strip().splitlines()
    assert under
    assert all(line.startswith("% ") for line in under)


def test_latex_cells_hold_no_command_and_no_option_of_the_line_before():
    body = tables.to_latex([row("[2cm] \\write18{x} $y$"), row("*z")]).split(r"\midrule")[1].split(r"\bottomrule")[0]
    assert not re.search(r"\\(input|write)", body)
    for line in body.strip().splitlines():
        assert not line.startswith(("[", "*"))


def test_markdown_has_no_link_image_formula_or_html():
    written = tables.to_markdown([row(EVIL)])
    assert not re.search(r"(?<!\\)[\[\]$`]", written)
    assert "<" not in written
    assert all(part.startswith(("&amp;", "&lt;", "&gt;")) for part in re.findall(r"&.{0,4}", written))


@given(st.text(st.sampled_from("=+-@＝＋ \t\r\na1,\"'"), max_size=6))
def test_no_cell_of_a_csv_begins_a_formula(text):
    [head, cells] = csv.reader(io.StringIO(tables.to_csv([row(text)])))
    cell = dict(zip(head, cells, strict=True))["task"]
    assert not cell.strip().startswith(tuple("=+-@＝＋")) or cell == "-"
