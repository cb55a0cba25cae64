"""The table on a terminal: one line a metric where the width allows, else task, model and method under each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from zsbench.report.tables import Row, cells, header, is_right, notes
from zsbench.report.tables import grid as grid_of
from zsbench.report.writers.folding import folded
from zsbench.report.writers.rich import Renderable

GAP = 3  # blanks between two columns
COST = 14  # the least width in which costs still read well, wrapped
WORDS = 15  # one in which their words are whole, mostly
LEAST = 24  # the same for names
HANGING = 3  # blanks by which a name goes on further in


def to_rich(table: Sequence[Row], width: int, *, elsewhere: str = "`zsbench table --format csv`") -> Any:
    """Return what rich prints as a table in `width` columns; repeated names are left blank, no name is cut short.

    `elsewhere` is what shows all columns where there is no room for them.
    """
    columns = header(table)
    texts = [cells(row, columns) for row in table]
    widths = {column[0]: max(map(cell_len, column)) for column in zip(columns, *texts, strict=True)}
    least = max(cell_len(word) for line in (*texts, columns) for word in line[0].split())
    short_of = sum(widths.values()) + GAP * len(columns) - width
    for column, floor in (("cost", COST), ("task", least)):  # both may go on in a second line
        taken = min(max(short_of, 0), max(widths[column] - floor, 0))
        widths[column] -= taken
        short_of -= taken
    if short_of > 0:
        return _nested(table, columns, texts, width, elsewhere)
    return _Flat(columns, texts, widths, notes(table))


class _Flat:
    """A table with a line a row, written straight from its texts: rich's own table takes a millisecond a row."""

    def __init__(self, columns: list[str], texts: list[list[str]], widths: dict[str, int], caption: list[str]) -> None:
        self.columns, self.texts, self.caption = columns, texts, caption
        self.widths = [widths[column] for column in columns]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        total = sum(self.widths) + GAP * (len(self.columns) - 1)
        blank = Segment("\n")
        yield blank
        yield from self._line(console, options, self.columns, ["bold"] * len(self.columns))
        yield Segment(f" {box.SIMPLE_HEAD.head_row_horizontal * total}\n")
        styles = [_style(column) for column in self.columns]
        before: list[str] = []
        for line in self.texts:
            if before and before[0] != line[0]:
                yield blank
            yield from self._line(console, options, _unrepeated(line, before), styles)
            before = line
        yield blank
        if self.caption:
            caption = Text("\n".join(self.caption), "table.caption")
            yield from console.render(caption, options.update(width=total + 2, justify="left", height=None))

    def _line(
        self, console: Console, options: ConsoleOptions, texts: list[str], styles: list[str]
    ) -> Iterator[Segment]:
        """Yield one row, over several lines where a text is wider than its column."""
        cells = [self._wrapped(console, options, *cell) for cell in zip(texts, self.widths, strict=True)]
        for i in range(max(map(len, cells))):
            # Texts without a style become one segment: each costs rich more than all of its letters.
            unstyled = " "
            for cell, width, column, style in zip(cells, self.widths, self.columns, styles, strict=True):
                text = cell[i] if i < len(cell) else ""
                pad = " " * (width - cell_len(text))
                if not text or not style:
                    unstyled += pad + text if is_right(column) else text + pad
                else:
                    yield Segment(unstyled + pad if is_right(column) else unstyled)
                    yield Segment(text, _STYLES[style])
                    unstyled = "" if is_right(column) else pad
                unstyled += " " * GAP
            yield Segment(unstyled.rstrip(" ") + "\n")

    @staticmethod
    def _wrapped(console: Console, options: ConsoleOptions, text: str, width: int) -> list[str]:
        if cell_len(text) <= width:
            return [text]
        lines = console.render_lines(Text(text), options.update(width=width, height=None), pad=False)
        return ["".join(segment.text for segment in line) for line in lines]


def _unrepeated(line: list[str], before: list[str]) -> list[str]:
    """Return a row's texts, blank where task, model, method or cost are those of the row before."""
    same = before[:3] == line[:3]
    blank = {0: before[:1] == line[:1], 1: before[:2] == line[:2], 2: same, len(line) - 1: same}
    return ["" if blank.get(i) else text for i, text in enumerate(line)]


def _nested(table: Sequence[Row], columns: list[str], texts: list[list[str]], width: int, elsewhere: str) -> Any:
    """Return the table with the names of a run on lines of their own; what there is no room for is named below."""
    names = max(cell_len(text) + 2 * i for line in texts for i, text in enumerate(line[:3]))
    shown, for_names = _that_fit(columns, texts, width, names)
    interval = next(column for column in columns if column.endswith("interval"))
    below = ""
    if interval not in shown:
        # Where an interval has no column it stands below its value, unless names would be broken within their words.
        narrower = _with_interval_below(columns, texts, interval)
        with_it, left = _that_fit(*narrower, width, names)
        if left >= min(names, WORDS):
            columns, texts, shown, for_names = *narrower, with_it, left
            below = f"below a value: its {interval}"
    if not for_names:
        return Renderable(grid_of(table), width)
    grid = _grid(table, below, [column for column in columns[3:] if column not in shown], elsewhere)
    width_of_names = min(names, for_names)
    grid.add_column("run", width=width_of_names)
    for column in shown:
        _column(grid, column)
    before: list[str] = []
    for line in texts:
        if before and before[0] != line[0]:
            grid.add_section()
        new = next((i for i in range(3) if before[: i + 1] != line[: i + 1]), 3)
        for i in range(new, 2):
            grid.add_row(_name(line[i], i, width_of_names), *[""] * len(shown))
        values = [Text(line[columns.index(column)], _style(column)) for column in shown]
        if new == 3 and "cost" in shown:
            values[-1] = Text("")  # the cost of a run stands in its first line
        grid.add_row(Text("") if new == 3 else _name(line[2], 2, width_of_names), *values)
        before = line
    return grid


def _with_interval_below(
    columns: Sequence[str], texts: Sequence[list[str]], interval: str
) -> tuple[list[str], list[list[str]]]:
    """Return columns and texts without the one of intervals, each of which stands in a second line of its value."""
    at, value = columns.index(interval), columns.index("value")
    lines = [list(line) for line in texts]
    for line in lines:
        line[value] += f"\n{line[at]}" if line[at] else ""
        del line[at]
    return [column for column in columns if column != interval], lines


def _name(text: str, depth: int, width: int) -> Text:
    """Return a name at its depth; a long one goes on in further lines, further in, but where no name begins."""
    first, *more = folded(text, width - 2 * depth)
    if more:
        more = folded(text[len(first) :].lstrip(), width - 2 * depth - HANGING)
    return Text("\n".join(["  " * depth + first, *(" " * (2 * depth + HANGING) + line for line in more)]))


def _that_fit(columns: list[str], texts: list[list[str]], width: int, names: int) -> tuple[list[str], int]:
    """Return the columns beside the names that fit uncut, metric and value always, and what is left for the names.

    Nothing is left where names would be broken into pieces too short to read.
    """
    needs = {
        column[0]: max(cell_len(line) for text in column for line in text.split("\n")) + GAP
        for column in zip(columns, *texts, strict=True)
    }
    needs["cost"] = min(needs["cost"], COST + GAP)
    interval = next((column for column in columns if column.endswith("interval")), "")
    shown = columns[3:]
    least = max(min(names, max(LEAST, width // 3)), LEAST // 2)
    for column in ("cost", "difference", "n", interval, "published"):
        if width - GAP - sum(needs[each] for each in shown) >= least:
            break
        shown = [each for each in shown if each != column]
    left = width - GAP - sum(needs[each] for each in shown)
    return shown, left if left >= LEAST // 2 else 0


def _grid(table: Sequence[Row], below: str, left_out: Sequence[str], elsewhere: str) -> Table:
    lines = [*([below] if below else []), *notes(table)]
    if left_out:
        lines.append(f"No room for {', '.join(left_out)}: a wider window, or {elsewhere}, shows all.")
    return Table(
        box=box.SIMPLE_HEAD, pad_edge=False, caption=Text("\n".join(lines), "table.caption"), caption_justify="left"
    )


def _column(grid: Table, name: str, *, width: int | None = None) -> None:
    wraps = name in ("task", "cost")
    grid.add_column(name, justify="right" if is_right(name) else "left", no_wrap=not wraps, width=width)


def _style(column: str) -> str:
    return {"value": "bold", "cost": "dim"}.get(column, "")


_STYLES = {name: Style.parse(name) for name in ("", "bold", "dim")}
