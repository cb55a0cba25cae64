"""`zsbench corpus queries`: write queries for documents with a language model."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._models import load_model
from zsbench.cli._screen import say
from zsbench.cli.corpus._models import progress
from zsbench.cli.corpus._options import Corpus, Device, Dtype, Out, Seed


class Style(str, Enum):
    """Whose prompt and cleaning."""

    duqgen = "duqgen"
    promptagator = "promptagator"


def queries(
    corpus: Corpus,
    out: Out,
    model: Annotated[str, typer.Option(help="A language model that writes: a name, a YAML file, or ADAPTER:MODEL.")],
    examples: Annotated[
        Path | None, typer.Option(help="JSONL, {document, query}; none for a zero-shot prompt.")
    ] = None,
    style: Annotated[Style, typer.Option(help="Whose prompt and cleaning.")] = Style.duqgen,
    shots: Annotated[int | None, typer.Option(min=0, help="Examples in a prompt: 3 (duqgen) or 8.")] = None,
    per_document: Annotated[int | None, typer.Option(min=1, help="Queries asked for: 1 (duqgen) or 8.")] = None,
    document_label: Annotated[str, typer.Option(help="The task's word for a document.")] = "Document",
    query_label: Annotated[str, typer.Option(help="The task's word for a query.")] = "Query",
    instruction: Annotated[str, typer.Option(help="Stands before the examples.")] = "",
    max_words: Annotated[int, typer.Option(min=1, help="Words of a document that are shown.")] = 512,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens the model may write.")] = 64,
    seed: Seed = 0,
    device: Device = "auto",
    dtype: Dtype = "float32",
) -> None:
    """Write queries for documents with a language model; the same command goes on where the last one stopped."""
    from zsbench.core import files, jsonfiles
    from zsbench.corpus.files import read_documents, write_lines
    from zsbench.corpus.queries import PER_DOCUMENT, SHOTS, Example, Wording
    from zsbench.corpus.writing import write_queries
    from zsbench.methods.rerank.cuts import n_words
    from zsbench.models.capabilities import TextGenerator

    files.require_writable(out.parent)
    documents = list(read_documents(corpus).values())
    rows = jsonfiles.lines(examples, {"document": str, "query": str}) if examples else ()
    part = out.with_name(out.name + ".part")
    writer = load_model(model, TextGenerator, device, dtype)
    with progress("documents", len(documents)) as report:
        written = write_queries(
            writer,
            documents,
            [Example(row["document"], row["query"]) for _, row in rows],
            part=part,
            style=style.value,
            wording=Wording(document_label, query_label, instruction, max_words),
            n_shots=SHOTS[style.value] if shots is None else shots,
            per_document=per_document or PER_DOCUMENT[style.value],
            max_new_tokens=max_new_tokens,
            seed=seed,
            progress=report,
        )
    write_lines(out, ({"query": query, "doc_id": key} for key, kept in written for query in kept))
    part.unlink()
    n_cut = sum(n_words(document.passage) > max_words for document in documents)
    say(f"{_summary(written, n_cut, max_words)}, in {out}", error=True)


def _summary(written: Sequence[tuple[str, list[str]]], n_cut: int, max_words: int) -> str:
    """Return what was written, and which documents gave no query or were not shown whole."""
    parts = [f"{sum(len(kept) for _, kept in written)} queries"]
    parts.append(f"{sum(not kept for _, kept in written)} documents without any")
    parts += [f"{n_cut} documents cut to {max_words} words"] if n_cut else []
    return ", ".join(parts)
