"""`zsbench corpus semantic-ids`: name items by codes, from coarse to fine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._screen import say
from zsbench.cli.corpus._models import vectors_of
from zsbench.cli.corpus._options import Corpus, Device, Dtype, Encoder, Out, Seed


def semantic_ids(
    corpus: Corpus,
    out: Out,
    model: Encoder | None = None,
    embeddings: Annotated[Path | None, typer.Option(help=".npy, (n_items, width), instead of a model.")] = None,
    levels: Annotated[int, typer.Option(min=1, help="Codes of an item, from coarse to fine.")] = 3,
    k: Annotated[
        int, typer.Option(min=1, help="Clusters of a level: N // K items each, the last also the rest.")
    ] = 8192,
    seed: Seed = 0,
    device: Device = "auto",
    dtype: Dtype = "float32",
) -> None:
    """Give items semantic ids: balanced k-means on their vectors, then on the residuals (OneRec)."""
    from zsbench.core import files
    from zsbench.core.errors import UserError
    from zsbench.corpus import semantic_ids as ids
    from zsbench.corpus.files import read_documents, write_lines

    files.require_writable(out.parent)
    documents = read_documents(corpus, texts=embeddings is None)
    if k > len(documents):
        raise UserError(str(corpus), f"{k} clusters of {len(documents)} items", "--k of at most that many")
    vectors = vectors_of([document.passage for document in documents.values()], model, embeddings, device, dtype)
    codes, _ = ids.residual_codes(vectors, levels, ids.random_start(k, seed=seed))
    write_lines(out, ({"_id": key, "codes": row} for key, row in zip(documents, codes.tolist(), strict=True)))
    say(f"{len(codes)} items, {ids.shared(codes)} share all {levels} codes with another, in {out}", error=True)
