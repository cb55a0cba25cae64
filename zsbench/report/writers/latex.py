"""A booktabs table that compiles as it is and can be `\\input`, whatever stands in its names.

Accented letters become LaTeX's accents and Greek ones formulas, so that they come out with any encoding of fonts.
Other letters stand as they are for XeLaTeX and LuaLaTeX, which take them from the document's font; for pdfLaTeX, which
has no such font, the head of the file declares each as its code, unless the document has declared it already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from zsbench.report.grid import Cell, Column, Grid
from zsbench.report.plain import one_line
from zsbench.report.writers._latex_letters import as_ascii

_MARKS = {"best": "textbf", "second": "underline"}


def write(grid: Grid) -> str:
    """Return a tabular; with a caption or a label a `table` around it, whose notes are printed.

    Without them the notes are comments: a tabular alone may stand anywhere, in a float of the paper's own, too.
    """
    align = "".join("r" if column.right else "l" for column in grid.columns)
    body = [_line(_cell(cell) for cell in row) for row in grid.rows]
    parts = [rf"\begin{{tabular}}{{{align}}}", r"\toprule", *_heads(grid.columns), r"\midrule", *body]
    tabular = [*parts, r"\bottomrule", r"\end{tabular}"]
    needs = r"% needs \usepackage{booktabs}"
    if not (grid.caption or grid.label):
        text = [*tabular, needs, *(f"% {one_line(note)}" for note in grid.notes)]
    else:
        caption = [rf"\caption{{{escaped(grid.caption)}}}"] if grid.caption else [r"\caption{}"]
        label = [rf"\label{{{_key(grid.label)}}}"] if grid.label else []
        notes = [rf"{escaped(note)}\par" for note in grid.notes]
        under = [r"\par\smallskip", r"\parbox{\linewidth}{\footnotesize\raggedright", *notes, "}"] if notes else []
        text = [r"\begin{table}", r"\centering", *caption, *label, *tabular, *under, r"\end{table}", needs]
    return "\n".join([*_declared(line for line in text if not line.startswith("% ")), *text]) + "\n"


def escaped(text: str) -> str:
    """Return a text that LaTeX prints as it is.

    >>> escaped("a_b & 5 %")
    'a\\\\_b \\\\& 5 \\\\%'
    """
    return as_ascii(one_line(text))


def _key(text: str) -> str:
    """Return a label, of letters, digits and the few marks that LaTeX takes in one."""
    return "".join(c if c.isascii() and (c.isalnum() or c in ":-./+ ") else "-" for c in one_line(text))


def _line(texts: Iterable[str]) -> str:
    row = " & ".join(texts) + r" \\"
    return "{}" + row if row.startswith(("[", "*")) else row  # else options of the line break above


def _cell(cell: Cell) -> str:
    text = escaped(cell.text)
    if text and cell.mark:
        text = rf"\{_MARKS[cell.mark]}{{{text}}}"
    return rf"{text}\textsuperscript{{{escaped(cell.sup)}}}" if cell.sup else text


def _heads(columns: Sequence[Column]) -> list[str]:
    """Return the heads: a line a level, with a rule under each head of several columns."""
    lines = []
    for level in range(max((len(column.over) for column in columns), default=0)):
        cells, rules, at = [], [], 1
        for over, group in groupby(columns, key=lambda column: column.over[: level + 1]):
            n = len(list(group))
            text = escaped(over[level]) if level < len(over) else ""
            cells.append(rf"\multicolumn{{{n}}}{{c}}{{{text}}}" if text else " & ".join([""] * n))
            rules += [rf"\cmidrule(lr){{{at}-{at + n - 1}}}"] if text else []
            at += n
        lines += [_line(cells), *([" ".join(rules)] if rules else [])]
    return [*lines, _line(escaped(column.title) for column in columns)]


def _declared(lines: Iterable[str]) -> list[str]:
    """Return for each letter that pdfLaTeX does not know a line that lets it print the letter's code."""
    beyond = dict.fromkeys(c for line in lines for c in line if not c.isascii())
    return [_DECLARED.format(c=c, code=f"{ord(c):04X}") for c in beyond]


_DECLARED = (
    r"\expandafter\ifx\csname u8:\detokenize{{{c}}}\endcsname\relax"
    r"\expandafter\gdef\csname u8:\detokenize{{{c}}}\endcsname{{\texttt{{U+{code}}}}}\fi"
)
