"""CSV and TSV: rows of cells, quoted as RFC 4180 has it, and rows under a header.

A row that is longer or shorter than the header is an error: cells would be lost, or stand in the wrong columns.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from zsbench import textfiles
from zsbench.errors import UserError, did_you_mean, shown

LONGEST_CELL = 1 << 30


def cells(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, cells) of every row; blank lines are passed over.

    Raises
    ------
    UserError
        A quote that is never closed or that text follows, a lone carriage return; what `textfiles.blocks` refuses.
    """
    return _cells(textfiles.lines(path), shown(path), delimiter)


def rows(path: Path, columns: Sequence[str], delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, the cells of some columns) of every row, without blanks around the cells.

    Parameters
    ----------
    path : the file, whose first row names the columns.
    columns : which columns, in which order.
    delimiter : between cells; by default a tab where the header holds one, else a comma.

    Raises
    ------
    UserError
        A column is missing or stands twice, a row is longer or shorter than the header; what `cells` refuses.
    """
    lines = textfiles.lines(path)
    opening = next(lines, (1, ""))
    if delimiter is None:
        delimiter = "\t" if "\t" in opening[1] else ","
    found = _cells(itertools.chain([opening], lines), shown(path), delimiter)
    number, header = next(found, (1, []))
    names = [name.strip(textfiles.BLANKS) for name in header]
    for column in columns:
        if column not in names:
            hint = did_you_mean(column, names) or f"columns: {', '.join(names) or 'none'}"
            raise UserError(f"{shown(path)}:{number}", f"no column '{column}'", "", hint)
        if names.count(column) > 1:
            raise UserError(f"{shown(path)}:{number}", f"column '{column}' stands twice", "it once")
    places = [names.index(column) for column in columns]
    for number, row in found:
        if len(row) != len(names):
            wrong = f"{len(row)} columns under a header of {len(names)}"
            raise UserError(f"{shown(path)}:{number}", wrong, f"{len(names)}, quoted where they hold {delimiter!r}")
        yield number, [row[place].strip(textfiles.BLANKS) for place in places]


def _cells(lines: Iterable[tuple[int, str]], name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    if delimiter in '"\r\n':
        raise UserError(name, f"delimiter {delimiter!r}", "a character that is no quote and ends no line")
    csv.field_size_limit(LONGEST_CELL)
    # Not strict, a file that lacks one closing quote would be read to its end as one cell.
    reader = csv.reader((line + "\n" for _, line in lines), delimiter=delimiter, strict=True)
    first = 1
    try:
        for row in reader:
            if row:
                yield first, row
            first = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{name}:{first}", *_reason(str(error), delimiter)) from None


def _reason(error: str, delimiter: str) -> tuple[str, str]:
    if "end of data" in error:
        return "a quoted cell that never ends", 'a quote at its end, and `""` for a quote within it'
    if "expected after" in error:
        return f"a quoted cell that goes on after its closing quote before {delimiter!r}", '`""` for a quote within it'
    if "new-line" in error:
        return "a carriage return within a row", "lines that end with a line feed"
    return error, "a table of cells"
