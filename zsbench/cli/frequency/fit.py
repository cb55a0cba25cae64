"""`zsbench frequency fit`: curves of performance against how often concepts stand in pretraining data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli import _figures
from zsbench.cli._grids import Format, print_grids
from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say
from zsbench.cli.frequency._options import Only, columns, found, split

if TYPE_CHECKING:
    from zsbench.analysis.frequency.measured import Measured
    from zsbench.analysis.frequency.performance import Performance
    from zsbench.results.finished_run import FinishedRun


class Empty(str, Enum):
    """What an empty bin is in r."""

    nan = "nan"
    zero = "zero"


class Unmatched(str, Enum):
    """What happens to concepts without a count."""

    error = "error"
    drop = "drop"


class Unit(str, Enum):
    """What the numbers of a table are."""

    percent = "percent"
    share = "share"


class Show(str, Enum):
    """What is printed of each curve."""

    curves = "curves"
    bins = "bins"
    concepts = "concepts"


TABLES = (".parquet", ".csv", ".tsv", ".jsonl")


def fit(
    places: Annotated[
        list[Path],
        typer.Argument(help="Folders of results, or tables with columns concept and accuracy, recall or score."),
    ],
    counts: Annotated[
        list[str],
        typer.Option(
            help="[NAME=]FILE: JSON {concept: count}, REAL's form, or a table with concept and count. Repeatable."
        ),
    ],
    trained: Annotated[
        list[str] | None, typer.Option(help="MODEL=CORPUS: the counts that go with a model. Repeatable.")
    ] = None,
    only: Only = None,
    dataset: Annotated[
        list[str] | None, typer.Option(help="Pool only these; 'paper': those of the paper. Repeatable.")
    ] = None,
    metric: Annotated[list[str] | None, typer.Option(help="Of results: means over items. Repeatable.")] = None,
    value: Annotated[str | None, typer.Option(help="Of tables: the column of performance.", show_default=False)] = None,
    unit: Annotated[
        Unit | None,
        typer.Option(help="Of that column: percent, or share (0 to 1). Default: percent if any accuracy is above 1."),
    ] = None,
    item_concepts: Annotated[
        Path | None, typer.Option(help="Of retrieval results: JSON {image id: [concept, ...]}.")
    ] = None,
    fewest_images: Annotated[int, typer.Option(min=1, help="A retrieval's concept has that many images.")] = 10,
    alias: Annotated[
        list[Path] | None, typer.Option(help="JSON {name in results: name in counts}. Repeatable.")
    ] = None,
    unmatched: Annotated[Unmatched, typer.Option(help="Concepts without a count.")] = Unmatched.error,
    edges: Annotated[
        int | None, typer.Option(min=3, max=1000, help="Of bins; default: the paper's 12, 7 for retrieval.")
    ] = None,
    first: Annotated[
        int | None, typer.Option(min=0, help="The first bin of r; default: the paper's for the corpus, else 1.")
    ] = None,
    empty_bin: Annotated[Empty, typer.Option(help="An empty bin is left out of r, or is 0.")] = Empty.nan,
    fraction: Annotated[float, typer.Option(min=0.001, max=0.999, help="Of concepts in the tail.")] = 0.2,
    resamples: Annotated[int, typer.Option(min=100, max=1_000_000, help="Of concepts, for intervals.")] = 1000,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Of resamples.")] = 0,
    show: Annotated[Show, typer.Option(help="A row for each curve, bin or concept.")] = Show.curves,
    plot: Annotated[
        Path | None, typer.Option(help="FILE.png, .svg, .pdf, or .json for the data.", callback=file_to_write)
    ] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
) -> None:
    """Join results with counts of concepts, and print how performance goes with frequency."""
    from zsbench.analysis.frequency import corpus, joining, measured, performance, runs, tables
    from zsbench.data.captions.image_concepts import read_image_concepts

    ending = _figures.ending_of(plot, "--plot") if plot is not None else ""
    wanted = columns(only or (), tuple(dict.fromkeys(("dataset", *corpus.FACTS, *performance.FACTS, *runs.FACTS))))
    # Counts of data sets that nothing is wanted of are never looked up.
    corpora = corpus.read_all(counts, {key: values for key, values in wanted.items() if key != "dataset"})
    _require_effect(places, {"--value": value, "--unit": unit}, {"--metric": metric, "--item-concepts": item_concepts})
    concepts = None if item_concepts is None else read_image_concepts(found(item_concepts))
    read_table = partial(performance.read_table, only=wanted, column=value, unit=None if unit is None else unit.value)
    of_runs = partial(runs.of_runs, only=wanted, metrics=metric or (), concepts=concepts, fewest_images=fewest_images)
    performances = _performances(list(map(found, places)), dataset or (), read_table, of_runs)
    pairs, notes = measured.pairs(performances, corpora, dict(split(trained or (), "--trained")))
    options = measured.Options(
        edges, first, empty_bin.value, fraction, resamples=resamples, confidence=confidence, seed=seed
    )
    aliases, drop = joining.read_aliases(list(map(found, alias or ()))), unmatched is Unmatched.drop
    curves = []
    for of_model, of_corpus in pairs:
        names = measured.pooled(of_model, of_corpus, dataset or ())
        points = joining.joined(of_model, of_corpus, datasets=names, aliases=aliases, drop=drop)
        curves.append(measured.measured(of_model, of_corpus, points, options))
    if show is Show.curves:
        print_grids([tables.by_curve(curves, notes)], format)
    else:
        by = tables.by_bin if show is Show.bins else tables.by_concept
        print_grids([by(curve) for curve in curves], format)
    if plot is not None:
        _draw(curves, plot, ending)


def _require_effect(places: list[Path], of_tables: dict[str, object], of_results: dict[str, object]) -> None:
    """Refuse options of tables where there is none, and those of results likewise."""
    from zsbench.core.errors import UserError

    tables = [place.suffix in TABLES for place in places]
    for given, there, what in ((of_tables, any(tables), "table"), (of_results, not all(tables), "folder of results")):
        for option, value in given.items():
            if value and not there:
                raise UserError(option, f"no {what} is read", f"a {what} beside it")


def _performances(
    places: list[Path],
    datasets: Sequence[str],
    read_table: Callable[[Path], list[Performance]],
    of_runs: Callable[[list[FinishedRun]], list[Performance]],
) -> list[Performance]:
    """Return what tables and folders of results hold, in this order; of folders only the data sets that are named."""
    from zsbench.analysis.frequency.performance import require_distinct
    from zsbench.analysis.frequency.presets import PAPER
    from zsbench.core.errors import unknown_name
    from zsbench.results.finished_run import finished_runs

    tables = [place for place in places if place.suffix in TABLES]
    folders = [place for place in places if place.suffix not in TABLES]
    read = [performance for place in tables for performance in read_table(place)]
    if folders:
        every = finished_runs(folders)
        known = {run.result["task"] for run in every}
        if datasets and PAPER not in datasets:
            every = [run for run in every if run.result["task"] in datasets]
            if not every and not read:
                raise unknown_name("--dataset", "result of task", datasets[0], known, listed_by="zsbench ls")
        read += of_runs(every)
    require_distinct(read)
    return read


def _draw(curves: list[Measured], plot: Path, ending: str) -> None:
    from zsbench.analysis.frequency import figure

    figures = figure.figures(curves)
    _figures.write(figures, plot, ending, fewer="--only or --metric choose some")
    for note in (f"{each.title}: {note}" for each in figures for note in each.notes):
        say(note, error=True)
