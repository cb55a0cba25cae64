"""A comparison as tables: all differences, a matrix of more than two sides, average ranks, and what seeds do."""

from __future__ import annotations

import math
from collections.abc import Sequence

from zsbench.analysis.comparison.difference import Difference
from zsbench.analysis.comparison.many import Comparison, Row
from zsbench.report.grid import Cell, Column, Grid
from zsbench.report.tables import shown

_CORRECTIONS = {"holm": "Holm", "fdr": "Benjamini-Hochberg"}
_MINUS, _ALPHA = "none", 26


def grids(comparison: Comparison) -> list[Grid]:
    """Return the tables of a comparison, the most condensed first."""
    many = len(comparison.sides) > 2
    tables = [*matrices(comparison), *([ranks(comparison)] if comparison.ranks else [])] if many else []
    spreads = seeds(comparison)
    return [*tables, differences(comparison), *([spreads] if spreads else [])]


def letter(number: int) -> str:
    """Return a side's letter: A to Z, then AA, AB and so on."""
    return (letter(number // _ALPHA - 1) if number >= _ALPHA else "") + chr(ord("A") + number % _ALPHA)


def differences(comparison: Comparison) -> Grid:
    """Return the table of all differences, a row each."""
    rows = comparison.rows
    runs = list(dict.fromkeys((row.sides, row.first_run, row.second_run) for row in rows))
    tasks = list(dict.fromkeys(row.difference.task for row in rows))
    sizes = {row.difference.n for row in rows}
    clusters = {row.difference.n_clusters for row in rows}
    columns = [
        *([Column("sides")] if len(comparison.sides) > 2 else []),
        *([Column("run")] if len(runs) > 1 and len(comparison.sides) == 2 else []),
        *([Column("task")] if len(tasks) > 1 else []),
        Column("metric"),
    ]
    names = len(columns)
    titles = ("first", "second", "difference", f"{100 * comparison.settings.confidence:.10g} % interval")
    columns += [Column(title, right=True) for title in (*titles, f"p ({_CORRECTIONS[comparison.correction]})")]
    columns += [Column("n", right=True)] if len(sizes) > 1 else []
    columns += [Column("clusters", right=True)] if len(clusters) > 1 else []
    columns += [Column("win/tie/loss", right=True)]
    cells = [_cells(row, {column.title for column in columns}) for row in rows]
    caption = [tasks[0]] if len(tasks) == 1 else []
    caption += [f"{next(iter(sizes))} items"] if len(sizes) == 1 else []
    caption += [f"{next(iter(clusters))} clusters"] if clusters != {None} and len(clusters) == 1 else []
    if len(runs) == 1 and len(comparison.sides) == 2:
        caption.append(f"first: {runs[0][1]}, second: {runs[0][2]}")
    return Grid(columns, cells, _notes(comparison), ", ".join(caption), names=names)


def _cells(row: Row, titles: set[str]) -> list[Cell]:
    each = row.difference
    same = row.first_run == row.second_run
    named = {
        "sides": f"{letter(row.sides[0])} - {letter(row.sides[1])}",
        "run": row.first_run if same else f"{row.first_run} - {row.second_run}",
        "task": f"{each.task} (average)" if row.is_average else each.task,
    }
    cells = [Cell(text) for title, text in named.items() if title in titles]
    cells += [
        Cell(f"{each.metric} {_arrow(each)}"),
        Cell(shown(each.first, each.unit), value=_known(each.first)),
        Cell(shown(each.second, each.unit), value=_known(each.second)),
        Cell(_signed(each.value, each), sup=each.stars, value=_known(each.value)),
        Cell(f"{_plain(each.low, each)} – {_plain(each.high, each)}", low=_known(each.low), high=_known(each.high)),
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


def _signed(value: float, each: Difference) -> str:
    return f"{_plain(value, each)} {each.unit}".rstrip()


def _p(value: float) -> str:
    return "undefined" if math.isnan(value) else "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _notes(comparison: Comparison) -> list[str]:
    """Return what stands under the table: who the sides are, which tests these are, what was left out."""
    rows = [row.difference for row in comparison.rows]
    lines = []
    if len(comparison.sides) > 2:
        lines += [f"{letter(number)}: {side.title}" for number, side in enumerate(comparison.sides)]
    elif len({(row.first_run, row.second_run) for row in comparison.rows}) > 1:
        lines += [f"{name}: {side.title}" for name, side in zip(("first", "second"), comparison.sides, strict=True)]
    lines.append("Difference: second minus first; win/tie/loss: items on which the second is better, alike, worse.")
    if any(row.is_average for row in comparison.rows):
        lines.append("Of an average, win/tie/loss are tasks.")
    tests = "; ".join(dict.fromkeys(f"{row.metric}: {row.test}" for row in rows))
    draws = ", ".join(sorted({f"B={row.resamples}, seed={row.seed}" for row in rows}))
    lines.append(f"Paired tests: {tests}. Intervals: paired bootstrap ({draws}).")
    correction = _CORRECTIONS[comparison.correction]
    of = "" if len(rows) == 1 else f" among {len(rows)} ({correction})"
    lines.append(f"* p{of} at most 0.05, ** at most 0.01.")
    for row in rows:
        lines += _left_out(row)
    return list(dict.fromkeys([*lines, *comparison.notes]))


def _left_out(row: Difference) -> list[str]:
    lines = []
    if row.left_out:
        lines.append(
            f"{row.task}, {row.metric}: {row.left_out} items left out, for which it is undefined in one run only"
        )
    if row.undefined:
        lines.append(f"{row.task}, {row.metric}: undefined in both runs for {row.undefined} items")
    return lines


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
    single = all(len(each) == 1 for each in of_pair.values())
    cells = [
        [Cell(letter(i)), Cell(comparison.sides[i].title), *(_met(of_pair.get((i, j), []), single) for j in numbers)]
        for i in numbers
    ]
    columns = [Column("side"), Column("is"), *(Column(letter(j), right=True) for j in numbers)]
    where = "" if len({row.difference.task for row in rows}) > 1 else f"{rows[0].difference.task}, "
    arrow = _arrow(rows[0].difference)
    if single:
        caption = f"{where}{metric} {arrow}: row minus column"
    else:
        caption = (
            f"{where}{metric} {arrow}: how often the row is significantly better / neither / worse than the column"
        )
    return Grid(columns, cells, caption=caption, names=2)


def _met(rows: Sequence[Difference], single: bool) -> Cell:
    """Return what a side reached against another; the sides of `rows` are (column, row)."""
    if not rows:
        return Cell("")
    if single:
        return Cell(_signed(rows[0].value, rows[0]), sup=rows[0].stars, value=_known(rows[0].value))
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
        of = f"{each.metric}: over {len(each.tasks)} tasks"
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
        same = row.first_run == row.second_run
        cells.append(
            [
                Cell(row.first_run if same else f"{row.first_run} - {row.second_run}"),
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
