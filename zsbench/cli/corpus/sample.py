"""`zsbench corpus sample`: draw documents that stand for a corpus."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._screen import say
from zsbench.cli.corpus._models import vectors_of
from zsbench.cli.corpus._options import Corpus, Device, Dtype, Encoder, Out, Seed

if TYPE_CHECKING:
    from zsbench.data.collections.documents import Document


class Columns(str, Enum):
    """Whose names the columns of the file have."""

    beir = "beir"
    duqgen = "duqgen"


class Allocation(str, Enum):
    """What clusters get when nothing remains to hand out: nothing, or one more each as by DUQGen's public code."""

    correct = "correct"
    reference = "reference"


def sample(
    corpus: Corpus,
    out: Out,
    model: Encoder | None = None,
    embeddings: Annotated[Path | None, typer.Option(help=".npy, (n_documents, width), instead of a model.")] = None,
    n: Annotated[int, typer.Option(min=1, help="Documents wanted.")] = 1000,
    uniform: Annotated[
        bool, typer.Option("--uniform", help="All documents are as likely (Promptagator): no vectors, no clusters.")
    ] = False,
    clusters: Annotated[int, typer.Option(min=1, help="Clusters of the corpus.")] = 1000,
    min_chars: Annotated[
        int, typer.Option(min=0, help="Shorter texts are left out; DUQGen: see docs/corpus.md.")
    ] = 300,
    temperature: Annotated[float, typer.Option(min=1e-6, max=1e6, help="Of the draw within a cluster.")] = 1.0,
    weight: Annotated[float, typer.Option(min=0, max=1, help="MMR's weight of similarity; 1: no diversity.")] = 1.0,
    allocation: Annotated[Allocation, typer.Option(help="What clusters get.")] = Allocation.correct,
    columns: Annotated[
        Columns, typer.Option(help="{_id, title, text} (beir) or {docid, doctext} (duqgen).")
    ] = Columns.beir,
    draw_seed: Annotated[list[int] | None, typer.Option(help="Seeds of the draws; default DUQGen's five.")] = None,
    seed: Seed = 0,
    device: Device = "auto",
    dtype: Dtype = "float32",
) -> None:
    """Sample documents that stand for a corpus: clusters, a budget for each, draws near its centre (DUQGen)."""
    from zsbench.core import files
    from zsbench.core.errors import UserError
    from zsbench.corpus import sample as sampling
    from zsbench.corpus.files import read_documents, write_lines

    files.require_writable(out.parent)
    documents = list(read_documents(corpus).values())
    rows = sampling.long_enough([len(document.text) for document in documents], min_chars)
    wanted = f"{n} documents from {{}} {len(rows)} (texts of {min_chars} characters or more)"
    if uniform and not n <= len(rows):
        raise UserError(str(corpus), wanted.format("the"), "documents wanted <= documents")
    if not uniform and not clusters <= n <= len(rows):
        expected = "clusters <= documents wanted <= documents"
        raise UserError(str(corpus), wanted.format(f"{clusters} clusters of"), expected)
    if uniform:
        kept, how = rows[sampling.uniformly(len(rows), n, seed=seed)], "all as likely"
    else:
        vectors = vectors_of([document.passage for document in documents], model, embeddings, device, dtype)[rows]
        centroids, members = sampling.clusters(vectors, clusters, seed=seed)
        seeds = tuple(draw_seed or sampling.SEEDS)
        chosen = sampling.documents(
            vectors,
            centroids,
            members,
            n,
            seeds=seeds,
            temperature=temperature,
            weight=weight,
            flavour=allocation.value,
        )
        kept = rows[chosen]
        sizes = sampling.sizes(members, clusters)
        how = f"{clusters} clusters of {sizes.min()} to {sizes.max()}"
    write_lines(out, (_row(documents[row], columns) for row in kept.tolist()))
    short = len(documents) - len(rows)
    say(f"{len(kept)} of {len(documents)} documents ({short} too short), {how}, in {out}", error=True)


def _row(document: Document, columns: Columns) -> dict[str, str]:
    """Return the line of a document."""
    if columns is Columns.duqgen:
        return {"docid": document.id, "doctext": document.passage}
    return {"_id": document.id, "title": document.title, "text": document.text}
