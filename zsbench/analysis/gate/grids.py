"""The gate's tables: what moved and why it counts, and what an update changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from zsbench.analysis.gate.update import Change
from zsbench.analysis.gate.verdict import KINDS, Verdict
from zsbench.analysis.gate.words import unit_of_differences
from zsbench.report.grid import Cell, Column, Grid

_WORDS = {"failed": "FAILED", "same": "same", "better": "better", "tolerated": "worse"}


def number(value: float | None, unit: str, *, sign: bool = False) -> str:
    """Return a value with one digit more than tables of results have: a gate looks at small differences."""
    if value is None:
        return ""
    scaled, digits = (value * 100, 2) if unit == "%" else (value, 4)
    return f"{scaled:{'+' if sign else ''}.{digits}f}"


def of_verdicts(verdicts: Sequence[Verdict], notes: Sequence[str]) -> Grid:
    """Return the table of what is no longer the same: what fails first, each part in the order of the baselines."""
    moved = [row for row in verdicts if row.kind != "same"]
    moved.sort(key=lambda row: row.passes)
    columns = [*_names(moved), Column("metric"), Column("then", right=True), Column("now", right=True)]
    columns += [Column("difference", right=True), Column("95 % interval", right=True), Column("verdict")]
    rows = [[*_name_cells(row, moved), *_cells(row)] for row in moved]
    return _without_empty(Grid(columns, rows, notes, names=len(_names(moved)) + 1))


def _names(rows: Sequence[Verdict] | Sequence[Change]) -> list[Column]:
    several = len({row.suite for row in rows}) > 1
    return [Column(name) for name in ("suite", "task", "model / method")[not several :]]


def _name_cells(row: Verdict | Change, rows: Sequence[Verdict] | Sequence[Change]) -> list[Cell]:
    texts = [row.suite, row.task, " / ".join(filter(None, (row.model, row.method)))]
    return [Cell(text) for text in texts[-len(_names(rows)) :]]


def _cells(row: Verdict) -> list[Cell]:
    ends = (
        "" if row.low is None else f"{number(row.low, row.unit, sign=True)} – {number(row.high, row.unit, sign=True)}"
    )
    scale = 100 if row.unit == "%" else 1
    verdict = f"{_WORDS.get(row.kind, row.kind.upper())}: {_reason(row)}" if row.kind != row.reason else row.reason
    return [
        _metric(row),
        _value(row.then, row.unit),
        _value(row.now, row.unit),
        Cell(
            _gain(row.difference, row.unit),
            value=None if row.difference is None else row.difference * scale,
        ),
        Cell(ends, low=row.low and row.low * scale, high=row.high and row.high * scale),
        Cell(verdict),
    ]


def _metric(row: Verdict | Change) -> Cell:
    return Cell(f"{row.metric} {'↑' if row.better == 'higher' else '↓'}" if row.metric else "")


def _value(value: float | None, unit: str) -> Cell:
    return Cell(number(value, unit), value=None if value is None else value * (100 if unit == "%" else 1))


def _gain(difference: float | None, unit: str) -> str:
    return "" if difference is None else _of_difference(number(difference, unit, sign=True), unit)


def _of_difference(text: str, unit: str) -> str:
    words = unit_of_differences(unit)
    return f"{text} {'point' if text == '1' and words == 'points' else words}".rstrip()


def _reason(row: Verdict) -> str:
    """Return why a row counts, with the tolerance where it speaks of one."""
    if row.tolerance is None:
        return row.reason
    limit = row.tolerance * 100 if row.unit == "%" else row.tolerance
    return row.reason.replace("the tolerance", f"the tolerance ({_of_difference(f'{limit:.6g}', row.unit)})", 1)


def _without_empty(grid: Grid) -> Grid:
    """Return a table without columns in which nothing stands."""
    is_kept = [any(row[number].text for row in grid.rows) or not grid.rows for number in range(len(grid.columns))]
    rows = [[cell for cell, keeps in zip(row, is_kept, strict=True) if keeps] for row in grid.rows]
    columns = [column for column, keeps in zip(grid.columns, is_kept, strict=True) if keeps]
    return replace(grid, columns=columns, rows=rows, names=sum(is_kept[: grid.names]))


def of_changes(changes: Sequence[Change], notes: Sequence[str]) -> Grid:
    """Return the table of what an update changes."""
    columns = [*_names(changes), Column("metric"), Column("then", right=True), Column("now", right=True)]
    columns += [Column("difference", right=True), Column("change")]
    rows = []
    for row in changes:
        both = row.then is not None and row.now is not None
        difference = (row.now or 0.0) - (row.then or 0.0) if both else None
        gained = _gain(difference, row.unit)
        text = row.text or row.kind
        values = [_value(row.then, row.unit), _value(row.now, row.unit)]
        rows.append([*_name_cells(row, changes), _metric(row), *values, Cell(gained, value=difference), Cell(text)])
    return _without_empty(Grid(columns, rows, notes, names=len(_names(changes)) + 1))


def counted(verdicts: Sequence[Verdict]) -> str:
    """Return how many there are of each kind: `2 failed, 1 better, 28 same`."""
    numbers = Counter(row.kind for row in verdicts)
    order = sorted(KINDS, key=lambda kind: (kind == "same", kind in ("better", "tolerated")))
    words = {"tolerated": "worse but tolerated"}
    return ", ".join(f"{numbers[kind]} {words.get(kind, kind)}" for kind in order if numbers[kind])
