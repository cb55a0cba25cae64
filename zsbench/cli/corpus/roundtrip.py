"""`zsbench corpus roundtrip`: keep the pairs whose query finds its own document again."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._models import load_model
from zsbench.cli._screen import say
from zsbench.cli.corpus._models import progress
from zsbench.cli.corpus._options import Device, Dtype, Encoder, Out


class Ties(str, Enum):
    """Who ranks first among documents of one score."""

    earlier = "index"
    optimistic = "optimistic"
    pessimistic = "pessimistic"


def roundtrip(
    pairs: Annotated[Path, typer.Argument(help="JSONL, {query, doc_id}.")],
    corpus: Annotated[Path, typer.Option(help="The whole corpus, JSONL.")],
    out: Out,
    model: Encoder,
    k: Annotated[int, typer.Option(min=1, help="Keep a pair whose document ranks k or better (CoRNStack: 2).")] = 1,
    min_score: Annotated[float | None, typer.Option(help="And scores above this (CoRNStack: 0.7).")] = None,
    ties: Annotated[Ties, typer.Option(help="Who ranks first among documents of one score.")] = Ties.earlier,
    device: Device = "auto",
    dtype: Dtype = "float32",
) -> None:
    """Keep the pairs whose query finds its own document again in the whole corpus (Promptagator, CoRNStack)."""
    from zsbench.core import files
    from zsbench.core.cache import Cache, default_root
    from zsbench.corpus import roundtrip as filtering
    from zsbench.corpus.files import read_documents, read_pairs, write_lines
    from zsbench.models.capabilities import TextEncoder

    files.require_writable(out.parent)
    documents = read_documents(corpus)
    written = read_pairs(pairs, documents)
    encoder = load_model(model, TextEncoder, device, dtype)
    with progress("pairs", len(written)) as report:
        kept = filtering.consistent_pairs(
            written,
            documents,
            encoder,
            cache=Cache(default_root()),
            k=k,
            threshold=min_score,
            ties=ties.value,
            progress=report,
        )
    write_lines(out, kept)
    say(f"{len(kept)} of {len(written)} pairs kept, in {out}", error=True)
