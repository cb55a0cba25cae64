"""`zsbench transfer-splits`: training sets of easy, medium and hard transfer to benchmarks."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._grids import Format, print_grids
from zsbench.cli._models import load_model
from zsbench.cli._outputs import require_new_files
from zsbench.cli._screen import say


class Rule(str, Enum):
    """What difficulty is measured by."""

    entropy = "entropy"
    max = "max"


def transfer_splits(
    train: Annotated[
        str, typer.Option(help="The training set: a NER task, sentences (JSONL, CoNLL), or JSON {label: mentions}.")
    ],
    evaluation: Annotated[
        list[str],
        typer.Option("--eval", help="A benchmark: a list of labels (one a line, or JSON) or a NER task. Repeatable."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; none of its files may be there.")],
    rule: Annotated[
        Rule, typer.Option(help="entropy of the nearest benchmark types, or the cosine of the nearest (max).")
    ] = Rule.entropy,
    model: Annotated[
        str, typer.Option(help="The embedder of labels, a text encoder: a name, a YAML file, or ADAPTER:MODEL.")
    ] = "all-mpnet-base-v2",
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.rich,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N, mps.")] = "auto",
    offline: Annotated[bool, typer.Option("--offline", help="Never ask a hub.")] = False,
) -> None:
    """Split a training set by how hard it is to transfer from its types to those of benchmarks."""
    from zsbench.analysis.familiarity import inputs, split_files, splits
    from zsbench.core import offline as network
    from zsbench.core.cache import Cache, default_root
    from zsbench.models.capabilities import TextEncoder
    from zsbench.search import label_vectors

    if offline:
        network.go_offline()
    require_new_files(out, split_files.NAMES)
    training = split_files.read(train, "--train")
    asked = inputs.by_name(evaluation, inputs.evaluation_labels, "--eval")
    encoder, cache = load_model(model, TextEncoder, device, "float32"), Cache(default_root())
    types = training.types()
    splits.require_ranking({name: len(labels) for name, labels in asked.items()}, rule.value)
    compared = {
        name: label_vectors.compared(encoder, labels, types, cache=cache, name=model) for name, labels in asked.items()
    }
    for name, of_benchmark in compared.items():
        of_benchmark.require_known(name, training.name, model)
    made = splits.split({name: each.similarities for name, each in compared.items()}, types, rule.value)
    written = split_files.write(out, training, made, embedder=model)
    print_grids([split_files.grid(training, made, written, embedder=model)], format)
    for doubt in label_vectors.doubts({(training.name, name): each for name, each in compared.items()}):
        say(f"! {doubt}", error=True)
    say(f"written to {out}", error=True)
