"""A comparison as tables: all differences, a matrix of more than two sides, average ranks, and what seeds do."""

from __future__ import annotations

import math
from collections.abc import Sequence

from zsbench.analysis.comparison.difference import Difference
from zsbench.analysis.comparison.footnotes import CORRECTIONS, all_in_points, notes
from zsbench.analysis.comparison.many import Comparison, Row
from zsbench.analysis.comparison.row_names import RowNames, letter
from zsbench.core.words import number_of
from zsbench.report.grid import Cell, Column, Grid
from zsbench.report.tables import shown


def grids(comparison: Comparison) -> list[Grid]:
    """Return the tables of a comparison, the most condensed first."""
    many = len(comparison.sides) > 2
    tables = [*matrices(comparison), *([ranks(comparison)] if comparison.ranks else [])] if many else []
    spreads = seeds(comparison)
    return [*tables, differences(comparison), *([spreads] if spreads else [])]


def differences(comparison: Comparison) -> Grid:
    """Return the table of all differences, a row each."""
    rows = comparison.rows
    tasks = list(dict.fromkeys(row.difference.task for row in rows))
    sizes = {row.difference.n for row in rows}
    clusters = {row.difference.n_clusters for row in rows}
    names = RowNames(comparison)
    columns = [
        *([Column("sides")] if len(comparison.sides) > 2 else []),
        *([Column(names.title)] if names.title else []),
        *([Column("task")] if len(tasks) > 1 else []),
        Column("metric"),
    ]
    n_names = len(columns)
    in_points = all_in_points(rows)
    level = f"{100 * comparison.settings.confidence:.10g} % interval"
    titles = ("first", "second", "points" if in_points else "difference", level)
    columns += [Column(title, right=True) for title in (*titles, f"p ({CORRECTIONS[comparison.correction]})")]
    columns += [Column("n", right=True)] if len(sizes) > 1 else []
    columns += [Column("clusters", right=True)] if len(clusters) > 1 else []
    columns += [Column("win/tie/loss", right=True)]
    shown_columns = {column.title for column in columns}
    cells = [[*_naming(row, names, shown_columns), *_numbers(row.difference, shown_columns, in_points)] for row in rows]
    caption = [tasks[0]] if len(tasks) == 1 else []
    caption += [number_of(next(iter(sizes)), "item")] if len(sizes) == 1 else []
    caption += [number_of(next(iter(clusters)) or 0, "cluster")] if clusters != {None} and len(clusters) == 1 else []
    return Grid(columns, cells, notes(comparison), ", ".join([*caption, *names.caption]), names=n_names)


def _naming(row: Row, names: RowNames, titles: set[str]) -> list[Cell]:
    """Return the cells that name a row."""
    each = row.difference
    named = {
        "sides": f"{letter(row.sides[0])} - {letter(row.sides[1])}",
        names.title: names.of(row),
        "task": f"{each.task} (average)" if row.is_average else each.task,
        "metric": f"{each.metric} {_arrow(each)}",
    }
    return [Cell(text) for title, text in named.items() if title in titles]


def _numbers(each: Difference, titles: set[str], in_points: bool) -> list[Cell]:
    """Return the cells of a row's numbers."""
    ends = f"{_plain(each.low, each)} – {_plain(each.high, each)}" + (" ~" if each.note else "")
    cells = [
        Cell(shown(each.first, each.unit), value=_known(each.first)),
        Cell(shown(each.second, each.unit), value=_known(each.second)),
        Cell(_signed(each.value, each, in_points), sup=each.stars, value=_known(each.value)),
        Cell(ends, low=_known(each.low), high=_known(each.high)),
        Cell(_p(each.adjusted), value=_known(each.adjusted)),
    ]
    if "n" in titles:
        cells.append(Cell(str(each.n), value=each.n))
    if "clusters" in titles:
        cells.append(Cell("" if each.n_clusters is None else str(each.n_clusters), value=each.n_clusters))
    cells.append(Cell("" if each.wins is None else f"{each.wins}/{each.ties}/{each.losses}"))
    return cells


def _arrow(each: Difference) -> str:
    return "↑" if each.better == "higher" else "↓"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(value: float, each: Difference) -> str:
    return "undefined" if math.isnan(value) else shown(value, each.unit, sign=True)


def _signed(value: float, each: Difference, in_points: bool) -> str:
    """Return a difference with its unit, which for percentages is points, where no heading says it for all."""
    unit = "" if in_points else "points" if each.unit == "%" else each.unit
    return f"{_plain(value, each)} {unit}".rstrip()


def _p(value: float) -> str:
    return "undefined" if math.isnan(value) else "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def matrices(comparison: Comparison) -> list[Grid]:
    """Return a table a metric: of each row's side against each column's, the difference, or wins over several tasks."""
    rows = [row for row in comparison.rows if not row.is_average]
    metrics = dict.fromkeys(row.difference.metric for row in rows)
    return [_matrix(comparison, metric, [row for row in rows if row.difference.metric == metric]) for metric in metrics]


def _matrix(comparison: Comparison, metric: str, rows: Sequence[Row]) -> Grid:
    numbers = sorted({number for row in rows for number in row.sides})
    of_pair: dict[tuple[int, int], list[Difference]] = {}
    for row in rows:
        i, j = row.sides
        of_pair.setdefault((j, i), []).append(row.difference)
        of_pair.setdefault((i, j), []).append(row.difference.reversed())
    single, in_points = all(len(each) == 1 for each in of_pair.values()), all_in_points(rows)
    cells = [
        [
            Cell(letter(i)),
            Cell(comparison.sides[i].title),
            *(_met(of_pair.get((i, j), []), single, in_points) for j in numbers),
        ]
        for i in numbers
    ]
    columns = [Column("side"), Column("is"), *(Column(letter(j), right=True) for j in numbers)]
    where = "" if len({row.difference.task for row in rows}) > 1 else f"{rows[0].difference.task}, "
    arrow = _arrow(rows[0].difference)
    if single:
        caption = f"{where}{metric} {arrow}: row minus column" + (", points" if in_points else "")
    else:
        caption = (
            f"{where}{metric} {arrow}: how often the row is significantly better / neither / worse than the column"
        )
    return Grid(columns, cells, caption=caption, names=2)


def _met(rows: Sequence[Difference], single: bool, in_points: bool) -> Cell:
    """Return what a side reached against another; the sides of `rows` are (column, row)."""
    if not rows:
        return Cell("")
    if single:
        return Cell(_signed(rows[0].value, rows[0], in_points), sup=rows[0].stars, value=_known(rows[0].value))
    verdicts = [row.verdict for row in rows]
    better, worse = verdicts.count("better"), verdicts.count("worse")
    return Cell(f"{better}/{len(rows) - better - worse}/{worse}")


def ranks(comparison: Comparison) -> Grid:
    """Return the average ranks, a row a side."""
    columns = [Column("side"), Column("is"), *(Column(each.metric, right=True) for each in comparison.ranks)]
    cells = [
        [
            Cell(letter(number)),
            Cell(side.title),
            *(Cell(f"{each.average[number]:.2f}", value=each.average[number]) for each in comparison.ranks),
        ]
        for number, side in enumerate(comparison.sides)
    ]
    notes = []
    for each in comparison.ranks:
        of = f"{each.metric}: over {number_of(len(each.tasks), 'task')}"
        notes.append(of if each.p is None else f"{of}; Friedman's test that all sides are alike: p = {_p(each.p)}")
    return Grid(columns, cells, notes, caption="Average ranks (1 is best, ties share their mean)", names=2)


def seeds(comparison: Comparison) -> Grid | None:
    """Return what seeds do to each metric, or None where nothing has several seeds."""
    rows = [row for row in comparison.rows if row.difference.seeds is not None]
    if not rows:
        return None
    titles = ("std, first", "std, second", "difference, seed by seed", "std of it")
    columns = [
        Column("run"), Column("task"), Column("metric"), Column("seeds", right=True),
        *(Column(title, right=True) for title in titles),
    ]  # fmt: skip
    cells = []
    for row in rows:
        each, spread = row.difference, row.difference.seeds
        assert spread is not None
        mean = math.fsum(spread.paired) / len(spread.paired) if spread.paired else None
        numbers = (spread.std_first, spread.std_second, mean, spread.std_paired)
        same = row.first == row.second
        cells.append(
            [
                Cell(str(row.first) if same else f"{row.first} - {row.second}"),
                Cell(each.task),
                Cell(each.metric),
                Cell(f"{len(spread.first)}/{len(spread.second)}"),
                *(
                    Cell("-" if number is None else shown(number, each.unit, sign=number is mean), value=number)
                    for number in numbers
                ),
            ]
        )
    notes = [
        "std over seeds (ddof 1) is a variance of its own: intervals and p above are over items, these seeds given"
    ]
    return Grid(columns, cells, notes, caption="Seeds", names=3)
