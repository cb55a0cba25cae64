"""A table for a paper: any names in rows, any in columns, one value a cell.

What neither rows nor columns name is fixed, and said under the table. Two values for one cell are refused, as are
values in one column that are not comparable; averages say what they are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from zsbench.core.errors import UserError
from zsbench.report import footnotes, numbers
from zsbench.report.comparable import place, require_comparable
from zsbench.report.costs import cost_cells, cost_columns
from zsbench.report.entries import BASELINE, DIMENSIONS, Entry
from zsbench.report.grid import MISSING, Cell, Column, Grid, Mark
from zsbench.report.marking import Tied, marks
from zsbench.report.sorting import in_order
from zsbench.report.variants import variants

Key = tuple[str, ...]
Made = Callable[[Key, Mapping[int, Mark], Mapping[int, str]], Cell]


@dataclass(frozen=True)
class Layout:
    """What a table looks like.

    Attributes
    ----------
    rows, cols : dimensions (`entries.DIMENSIONS`), the outermost first.
    sort : the head of a column, best values first.
    stat : the interval behind a value, plus and minus its half width, or nothing.
    digits : decimals; None for as many as the intervals support.
    mark : whether the best and the second best of comparable values are marked.
    published : whether published values and differences stand beside the measured ones.
    cost : counters of a run's cost, or `seconds`, in columns of their own.
    """

    rows: tuple[str, ...] = ("model", "method")
    cols: tuple[str, ...] = ("task", "metric")
    sort: str = ""
    stat: numbers.Stat = "interval"
    digits: int | None = None
    mark: bool = True
    published: bool = False
    cost: tuple[str, ...] = ()
    caption: str = ""
    label: str = ""


@dataclass(frozen=True)
class Significance:
    """What paired tests over items say.

    Attributes
    ----------
    tied : which values are tied.
    behind, notes : marks behind values by entry, and what they mean.
    untested : averages without a test, with the reason; `tied` may add to them.
    """

    tied: Tied | None = None
    behind: Mapping[int, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    untested: Mapping[str, str] = field(default_factory=dict)


def pivot(
    table: Sequence[Entry],
    layout: Layout,
    significance: Significance = Significance(),
    of_averages: Sequence[str] = (),
) -> Grid:
    """Return the entries as a table.

    Parameters
    ----------
    of_averages : what is to be said of averages that were asked for, under the members of each.

    Raises
    ------
    UserError
        Two entries for one cell, values of a column that are not comparable, or no column to sort by.
    """
    cells = _by_cell(table, layout)
    rows = _ordered(table, layout.rows, baselines_first=True)
    columns = _ordered(table, layout.cols)
    require_comparable({column: [e for (_, c), e in cells.items() if c == column] for column in columns})
    of_entry = marks(list(cells.values()), layout.cols, tied=significance.tied) if layout.mark else {}
    sources = footnotes.sources(cells.values()) if layout.published else {}
    digits = _decimals(cells, layout)
    parts = [
        part
        for column in columns
        for part in _parts(column, {r: cells[r, column] for r in rows if (r, column) in cells}, layout, sources, digits)
    ]
    named = "method" in (*layout.rows, *layout.cols)
    behind = {
        id(e): significance.behind.get(id(e), "") + footnotes.behind(e, names_methods=named) for e in cells.values()
    }
    body: dict[Key, list[Cell]] = {}
    for row in rows:
        body[row] = [part.cell(row, of_entry, behind) for part in parts]
        body[row] += cost_cells([cells[row, c] for c in columns if (row, c) in cells], layout.cost)
    if layout.sort:
        heads = [part.column for part in parts]
        lower = [part.lower for part in parts]
        labels = {row: _labels(table, layout.rows, row) for row in rows}
        rows = in_order(rows, labels, layout.rows, heads, lower, body, layout.sort)
    depth = max(len(part.column.over) for part in parts)
    names = [Column(name.replace("_", " "), over=("",) * depth) for name in layout.rows]
    heads = [*names, *(part.column for part in parts), *cost_columns(layout.cost, depth)]
    grid_rows = [[*map(_named, _labels(table, layout.rows, row), row), *body[row]] for row in rows]
    notes = _notes(list(cells.values()), layout, sources, significance, of_averages)
    return Grid(heads, grid_rows, notes, layout.caption, layout.label, names=len(layout.rows))


def _named(label: str, name: str) -> Cell:
    return Cell(label, name=name)


def _key(entry: Entry, dimensions: Sequence[str]) -> Key:
    return tuple(entry.names[dimension] for dimension in dimensions)


def _by_cell(table: Sequence[Entry], layout: Layout) -> dict[tuple[Key, Key], Entry]:
    cells: dict[tuple[Key, Key], Entry] = {}
    for entry in table:
        key = _key(entry, layout.rows), _key(entry, layout.cols)
        other = cells.setdefault(key, entry)
        if other is not entry and other.measured and entry.measured:
            raise _two_in_one(other, entry)
        if not other.measured:
            cells[key] = entry
    return cells


def _two_in_one(first: Entry, second: Entry) -> UserError:
    """Return the refusal of two values for one cell, with what tells them apart."""
    differ = [name for name in DIMENSIONS if first.names[name] != second.names[name]]
    apart = [f"{name.replace('_', ' ')} {first.names[name]} and {second.names[name]}" for name in differ]
    options = [text for text in variants([first.run.result, second.run.result]) if text]
    apart += [" and ".join(options)] if options and not differ else []
    both = " and ".join(f"{entry.title}, {entry.row.metric} ({place(entry)})" for entry in (first, second))
    found = f"two results for one cell: {both}; they differ in {', '.join(apart) or 'the folders that they lie in'}"
    way = f", or {differ[0]} in --rows or --cols" if differ else ", or the folder of one of them"
    return UserError("", found, "one result a cell", f"--where keeps some of them{way}")


def _ordered(table: Sequence[Entry], dimensions: Sequence[str], *, baselines_first: bool = False) -> list[Key]:
    """Return the keys that occur, grouped by their first names, each in the order in which it first occurs.

    Rows that need no model come before those of models, which are compared with them.
    """
    keys = list(dict.fromkeys(_key(entry, dimensions) for entry in table))
    first: dict[Key, int] = {}
    for key in keys:
        for end in range(len(key)):
            first.setdefault(key[: end + 1], len(first))
    with_model = {_key(entry, dimensions) for entry in table if entry.row.model != BASELINE}
    return sorted(
        keys,
        key=lambda key: (
            baselines_first and "task" not in dimensions and key in with_model,
            *(first[key[: end + 1]] for end in range(len(key))),
        ),
    )


def _labels(table: Sequence[Entry], dimensions: Sequence[str], key: Key) -> list[str]:
    """Return the heads of a key; a mark that only some of its entries have stands there, too."""
    having = [entry for entry in table if _key(entry, dimensions) == key]
    return [max((entry.label(dimension) for entry in having), key=len) for dimension in dimensions]


@dataclass(frozen=True)
class _Part:
    """One printed column: its head, whether lower values are better, and its cell for a row."""

    column: Column
    lower: bool
    make: Made

    def cell(self, row: Key, of_entry: Mapping[int, Mark], behind: Mapping[int, str]) -> Cell:
        """Return the cell of a row."""
        return self.make(row, of_entry, behind)


@dataclass(frozen=True)
class _Decimals:
    """The decimals of measured values and of published ones, by the `id` of their entries."""

    measured: Mapping[int, int]
    published: Mapping[int, int]


def _decimals(cells: Mapping[tuple[Key, Key], Entry], layout: Layout) -> _Decimals:
    """Return the decimals of each value: alike for one metric in a column, and in all of a table with metrics in rows.

    A column of several metrics has several scales; the widest interval of one says nothing of another.
    """
    groups: dict[tuple[Key, str, str], list[Entry]] = {}
    for (_, column), entry in cells.items():
        where = () if "metric" in layout.rows else column
        groups.setdefault((where, entry.row.metric, entry.row.unit), []).append(entry)
    measured: dict[int, int] = {}
    published: dict[int, int] = {}
    for (_, _, unit), group in groups.items():
        own = numbers.decimals([entry.row for entry in group]) if layout.digits is None else layout.digits
        known = [entry.row.published for entry in group if entry.row.published is not None]
        written = numbers.written_decimals(known, unit)
        measured |= {id(entry): own for entry in group}
        published |= {id(entry): written for entry in group}
    return _Decimals(measured, published)


def _parts(
    key: Key, column: Mapping[Key, Entry], layout: Layout, sources: Mapping[int, str], digits: _Decimals
) -> list[_Part]:
    """Return the printed columns of one column of values: the values, and what was published beside them."""
    entries = list(column.values())
    labels = _labels(entries, layout.cols, key)
    lower = entries[0].row.better == "lower"

    def value(row: Key, of_entry: Mapping[int, Mark], behind: Mapping[int, str]) -> Cell:
        entry = column.get(row)
        if entry is None or not entry.measured:
            return Cell(MISSING)
        own, text = entry.row, numbers.stated(entry.row, digits.measured[id(entry)], layout.stat)
        ends = (None, None) if layout.stat == "none" or own.value is None else (own.low, own.high)
        return Cell(text, of_entry.get(id(entry), ""), behind.get(id(entry), ""), own.value, *ends)

    if not layout.published:
        head = labels or ["value"]
        return [_Part(Column(head[-1], True, tuple(head[:-1]), name=" / ".join(key)), lower, value)]

    def published(row: Key, *_: object) -> Cell:
        own = column[row].row if row in column else None
        if own is None or own.published is None:
            return Cell(MISSING)
        text = numbers.number(own.published, own.unit, digits.published[id(column[row])])
        return Cell(text, "", sources.get(id(column[row]), ""), own.published)

    def difference(row: Key, *_: object) -> Cell:
        own = column[row].row if row in column else None
        if own is None or own.difference is None:
            return Cell(MISSING)
        text = numbers.number(own.difference, own.unit, digits.measured[id(column[row])], sign=True)
        return Cell(text, value=own.difference)

    there = {
        "measured": any(entry.measured for entry in entries),
        "published": any(entry.row.published is not None for entry in entries),
        "difference": any(entry.row.difference is not None for entry in entries),
    }
    make: dict[str, Made] = {"measured": value, "published": published, "difference": difference}
    return [
        _Part(Column(name, True, tuple(labels), name=" / ".join((*key, name))), lower, make[name])
        for name, is_there in there.items()
        if is_there
    ]


def _notes(
    table: Sequence[Entry],
    layout: Layout,
    sources: Mapping[int, str],
    significance: Significance,
    of_averages: Sequence[str],
) -> list[str]:
    """Return the lines under the table: what is fixed, units and intervals, then what the marks stand for."""
    used = {*layout.rows, *layout.cols}
    fixed = []
    for dimension in ("task", "suite", "model", "method", "metric", "seed"):
        names = list(dict.fromkeys(entry.names[dimension] for entry in table if entry.names[dimension]))
        if dimension not in used and names:
            fixed.append(f"{dimension} {', '.join(names)}")
    measured = [entry for entry in table if entry.measured]
    lines = ["; ".join(fixed)] if fixed else []
    lines += footnotes.units(table)
    lines += footnotes.intervals(measured) if layout.stat != "none" else []
    lines += [*footnotes.averages(measured), *of_averages]
    lines += footnotes.of_rows(measured)
    lines += significance.notes
    lines += [f"{name}: not tested, so without these marks: {why}" for name, why in significance.untested.items()]
    return [*lines, *footnotes.published(table, sources), *footnotes.costs(table, layout.cost)]
