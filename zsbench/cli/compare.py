"""`zsbench compare`: does one run beat another on the same items, by how much, and on which of them?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._screen import say, show

if TYPE_CHECKING:
    from zsbench.analysis.comparison import Difference


def compare(
    first: Annotated[Path, typer.Argument(help="A result, a folder of results, or a suite's folder.")],
    second: Annotated[Path, typer.Argument(help="What it is compared with.")],
    metric: Annotated[list[str] | None, typer.Option(help="Only these metrics. Repeatable.")] = None,
    fdr: Annotated[bool, typer.Option("--fdr", help="Adjust p by Benjamini and Hochberg instead of Holm.")] = False,
    items: Annotated[int, typer.Option(min=0, help="Show this many items that changed most, by the first metric.")] = 0,
    resamples: Annotated[int, typer.Option(min=100, max=10_000_000, help="Resamples of the bootstrap.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of resamples and of random sign flips.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Compare runs over the same items: differences (second minus first) with intervals and paired tests."""
    from zsbench.analysis import comparison
    from zsbench.results.finished_run import finished_runs

    sides_a, sides_b = finished_runs([first]), finished_runs([second])
    pairs = comparison.pairs(sides_a, sides_b)
    rows, titles = [], []
    for a, b in pairs:
        found = comparison.differences(a, b, metrics=metric or (), resamples=resamples, seed=seed)
        rows += found
        titles += [(a.title, b.title)] * len(found)
    rows = comparison.adjusted(rows, "fdr" if fdr else "holm")
    if json:
        _print_json(rows, titles)
        return
    changed = comparison.changed_items(*pairs[0], rows[0].metric)[:items] if items else []
    _print_table(rows, titles, "Benjamini-Hochberg" if fdr else "Holm")
    for name, sides in ((first, sides_a), (second, sides_b)):
        alone = len({id(side) for side in sides} - {id(side) for pair in pairs for side in pair})
        if alone:
            say(f"{name}: {alone} runs without a counterpart left out")
    if changed:
        _print_items(rows[0].metric, changed)


def _print_json(rows: list[Difference], titles: list[tuple[str, str]]) -> None:
    import json
    from dataclasses import asdict

    listed = [
        {**asdict(row), "verdict": row.verdict, "first_run": a, "second_run": b}
        for row, (a, b) in zip(rows, titles, strict=True)
    ]
    say(json.dumps({"schema_version": 1, "differences": listed}, indent=2, ensure_ascii=False), data=True)


_NAMES = ("run", "task", "metric")


def _print_table(rows: list[Difference], titles: list[tuple[str, str]], correction: str) -> None:
    from rich import box
    from rich.table import Table

    several = len(set(titles)) > 1
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in (*_NAMES[not several :], *_COLUMNS, f"p ({correction})", "n", "+ / = / -"):
        grid.add_column(
            name, justify="left" if name in _NAMES else "right", no_wrap=name not in _NAMES, overflow="fold"
        )
    for row, (a, b) in zip(rows, titles, strict=True):
        run = [a if a == b else f"{a} and {b}"] if several else []
        grid.add_row(*run, *_cells(row))
    show(grid)
    if not several:
        say(f"first: {titles[0][0]}; second: {titles[0][1]}")
    tests = "; ".join(dict.fromkeys(f"{row.metric}: {row.test}" for row in rows))
    say(f"Paired tests: {tests}. + better, - worse at an adjusted p of at most 5 %.")
    for row in rows:
        if row.left_out:
            say(
                f"{row.task}, {row.metric}: {row.left_out} items left out, for which it is undefined in one run or both"
            )


_COLUMNS = ("first", "second", "difference", "95 % interval")


def _cells(row: Difference) -> list[str]:
    from zsbench.report.tables import shown

    unit = f" {row.unit}".rstrip()
    return [
        row.task,
        f"{row.metric} {'↑' if row.better == 'higher' else '↓'}",
        shown(row.first, row.unit),
        shown(row.second, row.unit),
        f"{shown(row.value, row.unit, sign=True)}{unit}{_MARKS[row.verdict]}",
        f"{shown(row.low, row.unit, sign=True)} – {shown(row.high, row.unit, sign=True)}",
        "< 0.0001" if row.adjusted < 0.0001 else f"{row.adjusted:.4f}",
        str(row.n),
        "" if row.wins is None else f"{row.wins} / {row.ties} / {row.losses}",
    ]


_MARKS = {"better": " +", "worse": " -", "": "  "}


def _print_items(metric: str, changed: list[tuple[str, float, float, str, str]]) -> None:
    from zsbench.report.plain import one_line

    say(f"\n{metric}, the items that changed most:")
    for key, a, b, before, after in changed:
        say(f"  {one_line(key)}  {a:.3f} -> {b:.3f}  {one_line(before)[:60]}  ->  {one_line(after)[:60]}")
