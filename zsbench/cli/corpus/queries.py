"""`zsbench corpus queries`: write queries for documents with a language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._models import load_model
from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say
from zsbench.cli.corpus._models import progress
from zsbench.cli.corpus._options import Corpus, Device, Dtype, Seed

if TYPE_CHECKING:
    from zsbench.corpus.writing import Written
    from zsbench.data.collections.documents import Document


class Style(str, Enum):
    """Whose prompt and cleaning."""

    duqgen = "duqgen"
    promptagator = "promptagator"


# What DUQGen's authors and the filter of Promptagator read.
_COLUMNS = "JSONL file to write: {docid, doctext, question} (duqgen) or {query, doc_id}."


def queries(
    corpus: Corpus,
    out: Annotated[Path, typer.Option(help=_COLUMNS, callback=file_to_write)],
    model: Annotated[str, typer.Option(help="A language model that writes: a name, a YAML file, or ADAPTER:MODEL.")],
    examples: Annotated[
        Path | None, typer.Option(help="JSONL, {document, query}; none for a zero-shot prompt.")
    ] = None,
    style: Annotated[Style, typer.Option(help="Whose prompt and cleaning.")] = Style.duqgen,
    shots: Annotated[int | None, typer.Option(min=0, help="Examples in a prompt: 3 (duqgen) or 8.")] = None,
    per_document: Annotated[int | None, typer.Option(min=1, help="Queries asked for: 1 (duqgen) or 8.")] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0, max=100, help="Of the draws: 0, which is greedy (duqgen), or 0.7.")
    ] = None,
    document_label: Annotated[str | None, typer.Option(help="The task's word for a document: Document.")] = None,
    query_label: Annotated[
        str | None, typer.Option(help="The task's word for a query: Relevant Query (duqgen) or Query.")
    ] = None,
    label_end: Annotated[str, typer.Option(help="Stands behind both words.")] = ":",
    instruction: Annotated[str, typer.Option(help="Stands before the examples.")] = "",
    max_words: Annotated[int, typer.Option(min=1, help="Words of a document that are shown.")] = 512,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens the model may write.")] = 64,
    seed: Seed = 0,
    device: Device = "auto",
    dtype: Dtype = "float32",
) -> None:
    """Write queries for documents with a language model; the same command goes on where the last one stopped."""
    from zsbench.core import files, jsonfiles, outputs
    from zsbench.core.errors import RunError, UserError, shown
    from zsbench.corpus.files import read_documents, write_lines
    from zsbench.corpus.queries import PER_DOCUMENT, SHOTS, TEMPERATURE, WORDING, Example
    from zsbench.corpus.writing import write_queries
    from zsbench.methods.rerank.cuts import n_words
    from zsbench.models.capabilities import TextGenerator

    files.require_writable(out.parent)
    words = WORDING[style.value]
    n = per_document or PER_DOCUMENT[style.value]
    heat = TEMPERATURE[style.value] if temperature is None else temperature
    _require_draws(n, heat)
    part = out.with_name(out.name + ".part")
    if out.exists() and not part.exists():  # queries may take hours: said before any is written
        raise UserError(f"--out {shown(out)}", "is there already", "another name")
    with outputs.planned("--out", part):
        documents = read_documents(corpus)
        rows = jsonfiles.lines(examples, {"document": str, "query": str}) if examples else ()
        known = [Example(row["document"], row["query"]) for _, row in rows]
    n_shots = min(len(known), SHOTS[style.value] if shots is None else shots)
    writer = load_model(model, TextGenerator, device, dtype)
    with progress("documents", len(documents)) as report:
        written = write_queries(
            writer,
            list(documents.values()),
            known,
            part=part,
            style=style.value,
            wording=replace(
                words,
                document=words.document if document_label is None else document_label,
                query=words.query if query_label is None else query_label,
                instruction=instruction,
                max_words=max_words,
                end=label_end,
            ),
            n_shots=n_shots,
            per_document=n,
            temperature=heat,
            max_new_tokens=max_new_tokens,
            seed=seed,
            progress=report,
        )
    part.unlink()  # the answers of endpoints are kept in any case
    if not any(one.queries for one in written):
        found = f"no query for any of {len(written)} documents"
        hint = "more --max-new-tokens for a model that thinks aloud, other --examples or --instruction"
        raise RunError(f"--model {model}", found, "answers with a query in them", hint)
    write_lines(out, _rows(written, documents, style))
    n_cut = sum(n_words(document.passage) > max_words for document in documents.values())
    say(f"{_summary(written, n_shots, n_cut, max_words)}, in {out}", error=True)


def _require_draws(per_document: int, temperature: float) -> None:
    """Refuse several queries of one prompt that would all be the same.

    Raises
    ------
    UserError
        More than one, and nothing is drawn.
    """
    from zsbench.core.errors import UserError

    if per_document > 1 and not temperature:
        found = f"{per_document} greedy queries of one document, which are all the same"
        raise UserError("--per-document", found, "--temperature above 0, or --per-document 1")


def _rows(written: Sequence[Written], documents: Mapping[str, Document], style: Style) -> Iterator[dict[str, str]]:
    """Yield the lines of the file, one a query."""
    for one in written:
        for query in one.queries:
            if style is Style.duqgen:
                yield {"docid": one.document, "doctext": documents[one.document].passage, "question": query}
            else:
                yield {"query": query, "doc_id": one.document}


def _summary(written: Sequence[Written], n_shots: int, n_cut: int, max_words: int) -> str:
    """Return what was written, and which documents gave no query, were cut, or left no room for examples."""
    fewer = [one.shots for one in written if one.shots < n_shots]
    parts = [f"{sum(len(one.queries) for one in written)} queries"]
    parts.append(f"{sum(not one.queries for one in written)} documents without any")
    parts += [f"{n_cut} documents cut to {max_words} words"] if n_cut else []
    if fewer:
        parts.append(f"{len(fewer)} prompts without room for all {n_shots} examples ({min(fewer)} at least)")
    return ", ".join(parts)
