"""`zsbench compare`: does one run beat another on the same items, by how much, and on which of them?"""

from __future__ import annotations

import textwrap
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._grids import Format, print_grids
from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import columns, say

if TYPE_CHECKING:
    from zsbench.analysis.comparison.items import SideName
    from zsbench.analysis.comparison.many import Comparison

ITEMS = 20
"""Items that `--right` alone shows."""


class By(str, Enum):
    """What makes a side of one folder."""

    method = "method"
    model = "model"


class Test(str, Enum):
    """Paired tests; `auto` is the one that fits the metric."""

    auto = "auto"
    sign_flips = "sign-flips"
    t = "t"
    wilcoxon = "wilcoxon"
    bootstrap = "bootstrap"


class Right(str, Enum):
    """Which side an item is to speak for."""

    first = "first"
    second = "second"


class Allowed(str, Enum):
    """What may differ."""

    prompts = "prompts"
    data = "data"


def compare(
    places: Annotated[list[Path], typer.Argument(help="Results, folders of results, or suites' folders; a side each.")],
    by: Annotated[By | None, typer.Option(help="Every method, or every model, under the folders is a side.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Only these tasks. Repeatable.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="Only these metrics. Repeatable.")] = None,
    test: Annotated[Test, typer.Option(help="Paired test of metrics that are means over items.")] = Test.auto,
    fdr: Annotated[bool, typer.Option("--fdr", help="Adjust p by Benjamini and Hochberg instead of Holm.")] = False,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of the intervals.")] = 0.95,
    allow: Annotated[list[Allowed] | None, typer.Option(help="Compare in spite of it. Repeatable.")] = None,
    items: Annotated[int, typer.Option(min=0, help="Show this many items that changed most, by the first metric.")] = 0,
    right: Annotated[
        Right | None, typer.Option(help="Only items that this side gets right and the other wrong, or does better on.")
    ] = None,
    items_out: Annotated[
        Path | None, typer.Option(help="Write all items: .csv, .jsonl or .parquet.", callback=file_to_write)
    ] = None,
    resamples: Annotated[int, typer.Option(min=100, max=10_000_000, help="Resamples of the bootstrap.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of resamples and of random sign flips.")] = 0,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Compare runs over the same items: differences (second minus first) with intervals and paired tests."""
    from zsbench.analysis.comparison import Settings, items_file, many, sides
    from zsbench.core.errors import UserError

    if items_out is not None:
        items_file.require_known_ending(items_out)
    if by is None and len(places) < 2:
        raise UserError("", "one side only", "two folders or more, or --by method, --by model")
    listed = (
        sides.sides_of(places, tasks=task or ()) if by is None else sides.sides_by(places, by.value, tasks=task or ())
    )
    allowed = tuple(each.value for each in allow or ())
    comparison = many.compared(
        listed,
        metrics=metric or (),
        settings=Settings(resamples, seed, confidence, test.value, allowed),
        correction="fdr" if fdr else "holm",
        by=None if by is None else by.value,
    )
    _print(comparison, Format.json if json else format)
    side: SideName | None = None if right is None else "first" if right is Right.first else "second"
    if (items or right) and not json and format is Format.rich:
        _print_items(comparison, items or ITEMS, side)
    if items_out is not None:
        _write_items(comparison, items_out, side)


def _print(comparison: Comparison, format: Format) -> None:
    """Print the tables; a CSV is one table, that of all differences, with what was left out on stderr."""
    import json

    from zsbench.analysis.comparison import export, grids

    if format is Format.json:
        say(json.dumps(export.as_json(comparison), indent=2, ensure_ascii=False), data=True)
    elif format is Format.csv:
        say(export.as_csv(comparison), nl=False, data=True)
        for note in comparison.notes:
            say(note, error=True)
    else:
        print_grids(grids.grids(comparison), format)


def _print_items(comparison: Comparison, count: int, side: SideName | None) -> None:
    """Print the items that changed most of every pair of runs, by the first metric."""
    from zsbench.analysis.comparison.items import item_values
    from zsbench.cli._item_lines import heading, lines

    for _, joined in comparison.joined:
        values = item_values(joined, comparison.metrics_of(joined)[0])
        rows = values.most_changed(side)
        say()
        say(textwrap.fill(heading(joined, values, side, len(rows)), columns()))
        for row in rows[:count].tolist():
            for line in lines(joined, values, row, columns()):
                say(line)


def _write_items(comparison: Comparison, path: Path, side: SideName | None) -> None:
    """Write the items of every pair of runs with the values of all metrics that have any."""
    from zsbench.analysis.comparison import items_file
    from zsbench.analysis.comparison.items import frame, item_values, values_of_metrics
    from zsbench.core.errors import shown
    from zsbench.core.words import number_of

    frames = []
    for _, joined in comparison.joined:
        names = comparison.metrics_of(joined)
        rows = item_values(joined, names[0]).most_changed(side)
        values, without = values_of_metrics(joined, names)
        frames.append(frame(joined, values, rows))
        for sentence in without:
            say(sentence, error=True)
    say(f"{number_of(items_file.write(path, frames), 'item')} in {shown(path)}", error=True)
