"""A table on a terminal or in a pipe: whole values at any width, no blanks at the ends of lines.

Where there is no room, in this order: texts and heads go on in further lines; columns that may go are dropped, and
named below; columns that do not fit beside the names stand in a further block under the first, without rows that have
nothing in it. Names are broken at any character before a value is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from zsbench.report.grid import MISSING, Cell, Column, Grid
from zsbench.report.plain import one_line
from zsbench.report.writers.folding import folded, words_of

GAP = "   "
NAME = 14  # a name is broken down to this width before a column goes
LEAST = 6  # and to this one where even one value does not fit beside it
_SUFFIX = {"best": "¹", "second": "²", "": ""}
_STYLES = {name: Style.parse(name) for name in ("bold", "underline", "italic")}
_OF_MARK = {"best": _STYLES["bold"], "second": _STYLES["underline"]}
EMPTY = ("", MISSING)
_EXPLAINED = {"best": "¹ best", "second": "² second"}

Line = list[tuple[str, Style | None]]


class Renderable:
    """What rich prints as a table, in as many columns as it was made for."""

    def __init__(self, grid: Grid, width: int) -> None:
        self.lines = _lines(grid, width)

    def __rich_console__(self, _console: Any, _options: Any) -> Iterator[Segment]:
        for line in self.lines:
            yield from (Segment(text, style) for text, style in line)
            yield Segment("\n")


def write(grid: Grid, width: int = 160) -> str:
    """Return the table as plain text."""
    return "".join("".join(text for text, _ in line) + "\n" for line in _lines(grid, width))


@dataclass(frozen=True)
class _Texts:
    """A column as it is printed: its head, a text a level, and its cells."""

    column: Column
    cells: list[str]
    styles: list[Style | None]
    width: int = 0

    @property
    def natural(self) -> int:
        return max(map(cell_len, [self.column.title, *self.cells]))

    @property
    def least(self) -> int:
        """The width of the widest number and of the widest word of the head, or what names are broken down to."""
        if self.column.right:
            words = max(map(cell_len, words_of(self.column.title)), default=1)
            return max([min(words, NAME), *map(cell_len, self.cells)])
        return min(NAME, self.natural)


def _lines(grid: Grid, width: int) -> list[Line]:
    columns = [_texts(column, [row[number] for row in grid.rows]) for number, column in enumerate(grid.columns)]
    names, values = columns[: grid.names], columns[grid.names :]
    dropped: list[str] = []
    for level in sorted({column.drop for column in grid.columns} - {0}):
        if _needed([*names, *values], narrow=True) <= width:
            break
        dropped += [each.column.heading for each in values if each.column.drop == level]
        values = [each for each in values if each.column.drop != level]
    lines: list[Line] = [[(text, _STYLES["bold"])] for text in folded(one_line(grid.caption), width) if text]
    blocks = list(_blocks(names, values, width))
    for number, block in enumerate(blocks):
        lines += [[]] if number else []
        kept = block if len(blocks) == 1 else _with_values(block, grid.names)
        lines += _block(_fitted(kept, width), grid.names)
    notes = [*_marks(grid), *grid.notes]
    if dropped:
        notes.append(f"No room for {', '.join(dropped)}: a wider window, or --format csv, shows all.")
    lines += [[]] if notes else []
    for note in notes:
        lines += [[(text, _STYLES["italic"])] for text in folded(one_line(note), width)]
    return [_stripped(line) for line in lines]


def _texts(column: Column, cells: Sequence[Cell]) -> _Texts:
    column = replace(column, title=one_line(column.title), over=tuple(map(one_line, column.over)))
    sups = any(cell.sup for cell in cells)
    texts = [one_line(f"{cell.text}{_SUFFIX[cell.mark]}{cell.sup}") for cell in cells]
    if column.right and (sups or any(cell.mark for cell in cells)):
        # Marks stand behind the numbers, which stay under each other.
        behind = [cell_len(_SUFFIX[cell.mark] + cell.sup) for cell in cells]
        texts = [text + " " * (max(behind) - own) for text, own in zip(texts, behind, strict=True)]
    return _Texts(column, texts, [_OF_MARK.get(cell.mark) for cell in cells])


def _needed(columns: Sequence[_Texts], *, narrow: bool = False) -> int:
    return 1 + sum(each.least if narrow else each.natural for each in columns) + len(GAP) * (len(columns) - 1)


def _blocks(names: list[_Texts], values: list[_Texts], width: int) -> Iterator[list[_Texts]]:
    """Yield the columns of each block: all names, and as many of the others as fit, at least one."""
    rest = values
    while True:
        taken = len(rest)
        while taken > 1 and _needed([*names, *rest[:taken]], narrow=True) > width:
            taken -= 1
        taken = _between_heads(rest, taken)
        yield [*names, *rest[:taken]]
        rest = rest[taken:]
        if not rest:
            return


def _between_heads(rest: Sequence[_Texts], taken: int) -> int:
    """Return how many columns a block takes, so that those under one head stay together where a block holds them."""
    if taken < len(rest):
        for level in range(len(rest[taken].column.over)):
            head = rest[taken].column.over[: level + 1]
            begin = next((i for i in range(taken) if rest[i].column.over[: level + 1] == head), taken)
            if begin:
                return begin
    return taken


def _with_values(block: list[_Texts], names: int) -> list[_Texts]:
    """Return the columns of a block without the rows that have nothing in it."""
    kept = [i for i in range(len(block[-1].cells)) if any(each.cells[i].strip() not in EMPTY for each in block[names:])]
    return [replace(each, cells=[each.cells[i] for i in kept], styles=[each.styles[i] for i in kept]) for each in block]


def _fitted(columns: list[_Texts], width: int) -> list[_Texts]:
    """Return the columns with widths that together fit; the widest are made narrower first."""
    widths = [each.natural for each in columns]
    floors = [each.least for each in columns]
    room = width - 1 - len(GAP) * (len(columns) - 1)
    for least in (floors, [f if c.column.right else min(f, LEAST) for f, c in zip(floors, columns, strict=True)]):
        while sum(widths) > room:
            spare = [own - floor for own, floor in zip(widths, least, strict=True)]
            widest = max(range(len(widths)), key=lambda i: (spare[i] > 0, widths[i]))
            if spare[widest] <= 0:
                break
            widths[widest] -= 1
    fitted = [replace(each, width=own) for each, own in zip(columns, widths, strict=True)]
    return _widened(fitted, max(room - sum(widths), 0))


def _widened(columns: list[_Texts], spare: int) -> list[_Texts]:
    """Return the columns, wider where a head over several of them has more to say and there is room for it."""
    for level in range(len(columns[-1].column.over)):
        for over, group in groupby(range(len(columns)), key=lambda i: columns[i].column.over[: level + 1]):
            numbers = list(group)
            taken = sum(columns[i].width for i in numbers) + len(GAP) * (len(numbers) - 1)
            more = min(max(cell_len(over[-1]) - taken, 0), spare) if len(over) > level else 0
            spare -= more
            for place, i in enumerate(numbers):
                share = more // len(numbers) + (place < more % len(numbers))
                columns[i] = replace(columns[i], width=columns[i].width + share)
    return columns


def _block(columns: list[_Texts], names: int) -> list[Line]:
    lines: list[Line] = []
    for level in range(max((len(each.column.over) for each in columns), default=0)):
        spans = []
        for over, group in groupby(columns, key=lambda each: each.column.over[: level + 1]):
            members = list(group)
            taken = sum(each.width for each in members) + len(GAP) * (len(members) - 1)
            text = over[level] if level < len(over) else ""
            spans.append((text, taken, members[0].column.right and len(members) == 1, _STYLES["bold"]))
        lines += _printed(spans)
    bold = _STYLES["bold"]
    lines += _printed([(each.column.title, each.width, each.column.right, bold) for each in columns])
    lines.append([(" " + "─" * (sum(each.width for each in columns) + len(GAP) * (len(columns) - 1)), None)])
    before: list[str] = []
    firsts = columns[0].cells if columns else []
    grouped = names > 1 and len(set(firsts)) < len(firsts)
    for number in range(len(firsts)):
        texts = [each.cells[number] for each in columns]
        kept = next((i for i in range(names) if before[: i + 1] != texts[: i + 1]), names)
        if before and kept == 0 and grouped:
            lines.append([])
        # What names the row is left blank where it repeats the row above.
        cells = [
            ("" if i < kept else texts[i], each.width, each.column.right, each.styles[number])
            for i, each in enumerate(columns)
        ]
        lines += _printed(cells)
        before = texts
    return lines


def _printed(cells: Sequence[tuple[str, int, bool, Style | None]]) -> list[Line]:
    """Return one row, over several lines where a text is wider than its column."""
    parts = [folded(text, width) for text, width, _, _ in cells]
    lines = []
    for i in range(max(map(len, parts))):
        line: Line = [(" ", None)]
        for number, ((_, width, right, style), texts) in enumerate(zip(cells, parts, strict=True)):
            text = texts[i] if i < len(texts) else ""
            pad = (" " * (width - cell_len(text)), None)
            line += [pad, (text, style)] if right else [(text, style), pad]
            line += [(GAP, None)] if number < len(cells) - 1 else []
        lines.append(line)
    return lines


def _marks(grid: Grid) -> list[str]:
    """Return what the marks of best and second values mean, where there are any."""
    seen = {cell.mark for row in grid.rows for cell in row}
    explained = [text for mark, text in _EXPLAINED.items() if mark in seen]
    return [", ".join(explained)] if explained else []


def _stripped(line: Line) -> Line:
    """Return a line without blanks at its end."""
    line = [part for part in line if part[0]]
    while line and not line[-1][0].strip(" "):
        line.pop()
    return [*line[:-1], (line[-1][0].rstrip(" "), line[-1][1])] if line else line
