"""`zsbench corpus sample`: draw documents that stand for a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._screen import say
from zsbench.cli.corpus._models import vectors_of
from zsbench.cli.corpus._options import Corpus, Device, Dtype, Encoder, Out, Seed


def sample(
    corpus: Corpus,
    out: Out,
    model: Encoder | None = None,
    embeddings: Annotated[Path | None, typer.Option(help=".npy, (n_documents, width), instead of a model.")] = None,
    n: Annotated[int, typer.Option(min=1, help="Documents wanted.")] = 1000,
    clusters: Annotated[int, typer.Option(min=1, help="Clusters of the corpus.")] = 1000,
    min_chars: Annotated[int, typer.Option(min=0, help="Shorter texts are left out.")] = 300,
    temperature: Annotated[float, typer.Option(min=1e-6, max=1e6, help="Of the draw within a cluster.")] = 1.0,
    weight: Annotated[float, typer.Option(min=0, max=1, help="MMR's weight of similarity; 1: no diversity.")] = 1.0,
    draw_seed: Annotated[list[int] | None, typer.Option(help="Seeds of the draws; default DUQGen's five.")] = None,
    seed: Seed = 0,
    device: Device = "auto",
    dtype: Dtype = "float32",
) -> None:
    """Sample documents that stand for a corpus: clusters, a budget for each, draws near its centre (DUQGen)."""
    import numpy as np

    from zsbench.core import files
    from zsbench.core.errors import UserError
    from zsbench.corpus import sample as sampling
    from zsbench.corpus.files import read_documents, write_lines

    files.require_writable(out.parent)
    documents = list(read_documents(corpus).values())
    rows = sampling.long_enough([len(document.text) for document in documents], min_chars)
    if not clusters <= n <= len(rows):
        wanted = f"{n} documents from {clusters} clusters of {len(rows)} (texts of {min_chars} characters or more)"
        raise UserError(str(corpus), wanted, "clusters <= documents wanted <= documents")
    vectors = vectors_of([document.passage for document in documents], model, embeddings, device, dtype)[rows]
    centroids, members = sampling.clusters(vectors, clusters, seed=seed)
    seeds = tuple(draw_seed or sampling.SEEDS)
    kept = rows[sampling.documents(vectors, centroids, members, n, seeds=seeds, temperature=temperature, weight=weight)]
    write_lines(out, ({"_id": d.id, "title": d.title, "text": d.text} for d in (documents[i] for i in kept.tolist())))
    sizes = np.bincount(members, minlength=clusters)
    say(
        f"{len(kept)} of {len(documents)} documents ({len(documents) - len(rows)} too short), {clusters} clusters of"
        f" {sizes.min()} to {sizes.max()}, in {out}",
        error=True,
    )
