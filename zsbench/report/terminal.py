"""The table on a terminal: one line a metric where the width allows, else task, model and method under each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from zsbench.report.tables import Row, cells, header, is_right, notes

GAP = 3  # blanks between two columns
COST = 14  # the least width in which costs still read well, wrapped
LEAST = 24  # the same for names


def to_rich(table: Sequence[Row], width: int) -> Any:
    """Return a rich table for `width` columns of text; repeated names are left blank, no name is cut short."""
    columns = header(table)
    texts = [cells(row, columns) for row in table]
    widths = {found[0]: max(map(cell_len, found)) for found in zip(columns, *texts, strict=True)}
    least = max(cell_len(word) for line in (*texts, columns) for word in line[0].split())
    short_of = sum(widths.values()) + GAP * len(columns) - width
    for column, floor in (("cost", COST), ("task", least)):  # both may go on in a second line
        taken = min(max(short_of, 0), max(widths[column] - floor, 0))
        widths[column] -= taken
        short_of -= taken
    if short_of > 0:
        return _nested(table, columns, texts, width)
    grid = _grid(table)
    for column in columns:
        wraps = column in ("task", "cost")
        _column(grid, column, width=widths[column] if wraps else None)
    before: list[str] = []
    for line in texts:
        same = before[:3] == line[:3]
        if before and before[0] != line[0]:
            grid.add_section()
        blank = {0: before[:1] == line[:1], 1: before[:2] == line[:2], 2: same, len(columns) - 1: same}
        grid.add_row(*[Text("" if blank.get(i) else text, _style(columns[i])) for i, text in enumerate(line)])
        before = line
    return grid


def _nested(table: Sequence[Row], columns: list[str], texts: list[list[str]], width: int) -> Any:
    """Return the table with the names of a run on lines of their own; what there is no room for is named below."""
    names = max(cell_len(text) + 2 * i for line in texts for i, text in enumerate(line[:3]))
    shown, for_names = _that_fit(columns, texts, width, names)
    grid = _grid(table, [column for column in columns[3:] if column not in shown])
    grid.add_column("run", width=min(names, for_names), overflow="fold")  # a long name goes on in a second line
    for column in shown:
        _column(grid, column)
    before: list[str] = []
    for line in texts:
        if before and before[0] != line[0]:
            grid.add_section()
        new = next((i for i in range(3) if before[: i + 1] != line[: i + 1]), 3)
        for i in range(new, 2):
            grid.add_row(Text("  " * i + line[i]), *[""] * len(shown))
        values = [Text(line[columns.index(column)], _style(column)) for column in shown]
        if new == 3 and "cost" in shown:
            values[-1] = Text("")  # the cost of a run stands in its first line
        grid.add_row(Text("" if new == 3 else "    " + line[2]), *values)
        before = line
    return grid


def _that_fit(columns: list[str], texts: list[list[str]], width: int, names: int) -> tuple[list[str], int]:
    """Return the columns beside the names that fit uncut, metric and value always, and what is left for the names."""
    needs = {found[0]: max(map(cell_len, found)) + GAP for found in zip(columns, *texts, strict=True)}
    needs["cost"] = min(needs["cost"], COST + GAP)
    interval = next(column for column in columns if column.endswith("interval"))
    shown = columns[3:]
    least = min(names, max(LEAST, width // 3))
    for column in ("cost", "difference", "n", interval, "published"):
        if width - GAP - sum(needs[each] for each in shown) >= least:
            break
        shown = [each for each in shown if each != column]
    return shown, max(width - GAP - sum(needs[each] for each in shown), LEAST // 2)


def _grid(table: Sequence[Row], left_out: Sequence[str] = ()) -> Table:
    lines = notes(table)
    if left_out:
        lines.append(f"No room for {', '.join(left_out)}: a wider window, or `zsbench table --format csv`, shows all.")
    return Table(
        box=box.SIMPLE_HEAD, pad_edge=False, caption=Text("\n".join(lines), "table.caption"), caption_justify="left"
    )


def _column(grid: Table, name: str, *, width: int | None = None) -> None:
    wraps = name in ("task", "cost")
    grid.add_column(name, justify="right" if is_right(name) else "left", no_wrap=not wraps, width=width)


def _style(column: str) -> str:
    return {"value": "bold", "cost": "dim"}.get(column, "")
