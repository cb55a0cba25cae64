"""`zsbench corpus negatives`: find hard negatives of pairs with a text encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._models import load_model
from zsbench.cli._screen import say
from zsbench.cli.corpus._models import progress
from zsbench.cli.corpus._options import Device, Dtype, Encoder, Out

if TYPE_CHECKING:
    from zsbench.corpus.negatives import Mined
    from zsbench.data.collections.documents import Document


class Layout(str, Enum):
    """What a line is: a pair with the ids of its negatives, or a text and its label as DUQGen's trainer reads them."""

    ids = "ids"
    texts = "texts"


def negatives(
    pairs: Annotated[Path, typer.Argument(help="JSONL, {query, doc_id} or {docid, doctext, question}.")],
    corpus: Annotated[Path, typer.Option(help="The whole corpus, JSONL.")],
    out: Out,
    model: Encoder,
    depth: Annotated[int, typer.Option(min=1, help="Documents ranked for a query.")] = 100,
    n: Annotated[int, typer.Option(min=1, help="Negatives: the first n of the last 2 n.")] = 4,
    layout: Annotated[
        Layout, typer.Option(help="{query, doc_id, negatives} (ids), or [query, text, 1.0 or 0.0] (texts).")
    ] = Layout.ids,
    device: Device = "auto",
    dtype: Dtype = "float32",
) -> None:
    """Find hard negatives of pairs: documents that a retriever ranks for the query, far from the top (DUQGen)."""
    from zsbench.core import files
    from zsbench.core.cache import Cache, default_root
    from zsbench.corpus.files import read_documents, read_pairs, write_lines
    from zsbench.corpus.negatives import mine
    from zsbench.models.capabilities import TextEncoder

    files.require_writable(out.parent)
    documents = read_documents(corpus)
    written = read_pairs(pairs, documents)
    encoder = load_model(model, TextEncoder, device, dtype)
    with progress("pairs", len(written)) as report:
        mined = mine(written, documents, encoder, cache=Cache(default_root()), depth=depth, n=n, progress=report)
    write_lines(out, (line for one in mined for line in _lines(one, documents, layout)))
    fewer = sum(len(one.negatives) < n for one in mined)
    more = f", {fewer} pairs with fewer than {n}" if fewer else ""
    say(f"{sum(len(one.negatives) for one in mined)} negatives of {len(mined)} pairs{more}, in {out}", error=True)


def _lines(one: Mined, documents: Mapping[str, Document], layout: Layout) -> Iterator[Any]:
    """Yield the lines of a pair; one without negatives has none, as the authors leave it out."""
    if not one.negatives:
        return
    if layout is Layout.ids:
        yield {"query": one.query, "doc_id": one.document, "negatives": list(one.negatives)}
        return
    yield [one.query, documents[one.document].passage, 1.0]
    yield from ([one.query, documents[key].passage, 0.0] for key in one.negatives)
