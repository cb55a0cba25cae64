"""Tables: rows of cells in CSV and TSV, quoted as RFC 4180 has it, and rows under a header, also in parquet or JSONL.

A row that is longer or shorter than the header is an error: cells would be lost, or stand in the wrong columns.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from zsbench.core import files, jsonfiles, outputs, textfiles
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.core.words import number_of

LONGEST_CELL = 1 << 30


def cells(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, cells) of every row; blank lines are passed over.

    Raises
    ------
    UserError
        A quote that is never closed or that text follows, a lone carriage return; what `textfiles.blocks` refuses.
    """
    return _cells(textfiles.lines(path), shown(path), delimiter)


class Row(dict[str, Any]):
    """A row of a table by column; `place` says where it stands."""

    place: str = ""


def read(path: Path, columns: Sequence[str], *, optional: Sequence[str] = (), raw: Container[str] = ()) -> list[Row]:
    """Return the rows of a .parquet or .jsonl table, or of CSV or TSV under a header, as texts without blanks around.

    Parameters
    ----------
    path : the table.
    columns, optional : those that it has to have, and those that it may have; others are not read. In JSON lines each
        object has to have them.
    raw : columns that keep their values in parquet and JSON lines.

    Raises
    ------
    UserError
        A column is missing, there are no rows, the file is damaged; what `rows` refuses.
    """
    if path.suffix == ".parquet":
        table = _parquet(path, columns, optional, raw)
    elif ".jsonl" in path.suffixes:
        table = _objects(path, columns, optional, raw)
    else:
        where, names, lines = _table(path, None)
        places = _places(names, columns, where) | {name: names.index(name) for name in optional if name in names}
        table = []
        for number, row_cells in lines:
            row = Row({name: row_cells[place].strip(textfiles.BLANKS) for name, place in places.items()})
            row.place = f"{shown(path)}:{number}"
            table.append(row)
    if not table:
        found = "no objects" if ".jsonl" in path.suffixes else "a header without rows"
        raise UserError(shown(path), found, "at least one row")
    return table


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
    where, names, lines = _table(path, delimiter)
    places = list(_places(names, columns, where).values())
    for number, row in lines:
        yield number, [row[place].strip(textfiles.BLANKS) for place in places]


def _table(path: Path, delimiter: str | None) -> tuple[str, list[str], Iterator[tuple[int, list[str]]]]:
    """Return where the header stands, its columns, and the rows below, each as long as the header."""
    lines = textfiles.lines(path)
    opening = next(lines, (1, ""))
    if delimiter is None:
        delimiter = "\t" if "\t" in opening[1] else ","
    row_lines = _cells(itertools.chain([opening], lines), shown(path), delimiter)
    number, header = next(row_lines, (1, []))

    def checked() -> Iterator[tuple[int, list[str]]]:
        for line, row in row_lines:
            if len(row) != len(header):
                wrong = f"{number_of(len(row), 'column')} under a header of {len(header)}"
                raise UserError(f"{shown(path)}:{line}", wrong, f"{len(header)}, quoted where they hold {delimiter!r}")
            yield line, row

    return f"{shown(path)}:{number}", [name.strip(textfiles.BLANKS) for name in header], checked()


def _places(names: Sequence[str], columns: Sequence[str], where: str) -> dict[str, int]:
    """Return the position of each column."""
    for column in columns:
        if column not in names:
            hint = did_you_mean(column, names) or f"columns: {', '.join(names) or 'none'}"
            raise UserError(where, f"no column '{column}'", "", hint)
        if names.count(column) > 1:
            raise UserError(where, f"column '{column}' stands twice", "it once")
    return {column: names.index(column) for column in columns}


def _parquet(path: Path, columns: Sequence[str], optional: Sequence[str], raw: Container[str]) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    outputs.refuse_reading(path)
    try:
        names = pq.read_schema(path).names
        asked = [*_places(names, columns, shown(path)), *(name for name in optional if name in names)]
        table = pq.read_table(path, columns=asked)
    except (pa.ArrowException, OSError) as error:
        if not path.is_file():
            raise files.unreadable(path, error) from None
        reason = (str(error).splitlines() or [""])[0]
        raise UserError(shown(path), f"not a parquet file ({reason})", "a table") from None
    columns_read = {name: _cells_of(table[name], raw=name in raw) for name in table.column_names}
    rows_read, name = [], shown(path)
    for number, values in enumerate(zip(*columns_read.values(), strict=True), 1):
        row = Row(zip(columns_read, values, strict=True))
        row.place = f"{name}: row {number}"
        rows_read.append(row)
    return rows_read


def _cells_of(column: Any, *, raw: bool) -> list[Any]:
    """Return the values of a parquet column, as texts unless they are `raw`; numbered texts are looked up at once."""
    import pyarrow as pa

    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    values: list[Any] = plain.to_pylist()
    return values if raw else ["" if value is None else str(value) for value in values]


def _objects(path: Path, columns: Sequence[str], optional: Sequence[str], raw: Container[str]) -> list[Row]:
    """Return the objects of JSON lines as rows; a number is the text that JSON writes."""
    rows_read: list[Row] = []
    for number, held in jsonfiles.lines(path, {}):
        place = f"{shown(path)}:{number}"
        for column in columns:
            if column not in held:
                hint = did_you_mean(column, held) or f"keys: {', '.join(held) or 'none'}"
                raise UserError(place, f"key '{column}' is missing", "", hint)
        asked = [*columns, *(name for name in optional if name in held)]
        row = Row({name: held[name] if name in raw else _as_text(held[name], place, name) for name in asked})
        row.place = place
        rows_read.append(row)
    return rows_read


def _as_text(value: Any, place: str, key: str) -> str:
    if isinstance(value, (list, dict)):
        raise UserError(place, f"key '{key}' is {textfiles.short(value)}", "a text or a number")
    if isinstance(value, str):
        return value.strip(textfiles.BLANKS)
    return "" if value is None else json.dumps(value, ensure_ascii=False)


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
