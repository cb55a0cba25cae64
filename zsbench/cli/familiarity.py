"""`zsbench familiarity`: how familiar the labels of an evaluation are from a training set."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli import _figures
from zsbench.cli._grids import Format, print_grids
from zsbench.cli._models import load_model
from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say


class Weighting(str, Enum):
    """How mentions weigh by their rank."""

    zipf = "zipf"
    linear_decay = "linear_decay"
    unweighted = "unweighted"


class Short(str, Enum):
    """What happens where there are fewer than k mentions."""

    pad_zero = "pad_zero"
    truncate = "truncate"


Train = Annotated[
    list[str],
    typer.Option(help="Training labels: JSON {label: mentions}, a NER task, or sentences (JSONL, CoNLL). Repeatable."),
]
Eval = Annotated[
    list[str],
    typer.Option("--eval", help="Evaluation labels: a list (one a line, or JSON) or a NER task. Repeatable."),
]
Embedder = Annotated[
    str, typer.Option(help="The embedder of labels, a text encoder: a name, a YAML file, or ADAPTER:MODEL.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N, mps.")]
Offline = Annotated[bool, typer.Option("--offline", help="Do not ask any hub.")]
DEFAULT_EMBEDDER = "all-mpnet-base-v2"


def familiarity(
    train: Train,
    evaluation: Eval,
    model: Embedder = DEFAULT_EMBEDDER,
    k: Annotated[int, typer.Option(min=1, max=1_000_000, help="Mentions of the nearest labels that count.")] = 1000,
    weighting: Annotated[Weighting, typer.Option(help="How mentions weigh by their rank.")] = Weighting.zipf,
    short: Annotated[
        Short, typer.Option(help="With fewer than k mentions: the missing ones are 0, or k is as many as there are.")
    ] = Short.pad_zero,
    nearest: Annotated[int, typer.Option(min=1, max=100, help="Training labels named for each label.")] = 3,
    plot: Annotated[
        Path | None,
        typer.Option(help="FILE.png, .svg, .pdf, or .json for the data.", callback=file_to_write),
    ] = None,
    counts: Annotated[
        Path | None,
        typer.Option(help="Write the training labels with their mentions to this JSON file.", callback=file_to_write),
    ] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
    device: Device = "auto",
    offline: Offline = False,
) -> None:
    """Print how familiar evaluation labels are: per label with its nearest training labels, or per pair of sets."""
    from zsbench.analysis.familiarity import figure, inputs, tables
    from zsbench.core import offline as network
    from zsbench.core.cache import Cache, default_root
    from zsbench.core.errors import UserError
    from zsbench.models.capabilities import TextEncoder
    from zsbench.search.label_familiarity import Options, measured

    ending = _figures.ending_of(plot, "--plot") if plot is not None else ""
    if offline:
        network.go_offline()
    if counts is not None and len(train) > 1:
        raise UserError("--counts", f"{len(train)} training sets", "one --train, whose labels are written")
    trained = inputs.by_name(train, inputs.training_counts, "--train")
    asked = inputs.by_name(evaluation, inputs.evaluation_labels, "--eval")
    options = Options(k=k, weighting=weighting.value, short=short.value)
    encoder, cache = load_model(model, TextEncoder, device, "float32"), Cache(default_root())
    if counts is not None:  # all that is read has been read
        _write_counts(counts, next(iter(trained.values())))
    pairs = [
        tables.Pair(name, task, measured(encoder, labels, of_set, options, cache=cache, name=model, neighbours=nearest))
        for name, of_set in trained.items()
        for task, labels in asked.items()
    ]
    for pair in pairs:
        pair.measured.compared.require_known(pair.evaluation, pair.training, model)
    print_grids([tables.by_label(pairs[0], model) if len(pairs) == 1 else tables.by_pair(pairs, model)], format)
    if plot is not None:
        figures = figure.figures(pairs)
        _figures.write(figures, plot, ending, fewer="fewer sets for --eval")
        for note in (f"{each.title}: {note}" for each in figures for note in each.notes):
            say(note, error=True)


def _write_counts(path: Path, counts: dict[str, int]) -> None:
    """Write labels with their mentions, as `--train` and a model's `familiarity:` take them."""
    from zsbench.core import files, outputs

    outputs.write_answer("--counts", path, files.as_json(counts))
    say(f"{len(counts)} labels in {path}", error=True)
