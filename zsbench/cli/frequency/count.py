"""`zsbench frequency count`: how many captions hold each concept."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._outputs import file_to_write, folder_to_fill
from zsbench.cli._screen import say
from zsbench.cli.frequency._options import found
from zsbench.core.words import number_of

if TYPE_CHECKING:
    from zsbench.analysis.frequency.counting.run import Answer


class Search(str, Enum):
    """What it means that a caption holds a name."""

    exact = "exact"
    lemma = "lemma"
    nouns = "nouns"
    nouns_lowercased = "nouns-lowercased"
    substring = "substring"
    fts = "fts"


class Multiword(str, Enum):
    """What several words of a name ask for."""

    phrase = "phrase"
    intersection = "intersection"


def count(
    captions: Annotated[
        list[Path],
        typer.Argument(
            help="Files of captions (parquet, CSV, TSV, JSONL, one a line, webdataset tar), folders, or an index."
        ),
    ],
    concepts: Annotated[Path, typer.Option(help="One name a line, a JSON list, or JSON {concept: [synonyms]}.")],
    out: Annotated[Path, typer.Option(help="JSON {concept: captions} to write.", callback=file_to_write)],
    search: Annotated[
        Search, typer.Option(help="What finds a name; nouns is the paper's, fts is REAL's.")
    ] = Search.exact,
    multiword: Annotated[
        Multiword | None,
        typer.Option(help="A name's words next to each other, or anywhere; for exact and lemma. Default: phrase."),
    ] = None,
    spacy: Annotated[
        str | None, typer.Option(help="spaCy's model that parses captions for nouns. Default: en_core_web_lg.")
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="Column, key or member of captions; a number without a header. Default: caption, text."),
    ] = None,
    id: Annotated[str | None, typer.Option("--id", help="Column of ids, which image tags name.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=1024, help="Processes, each counts whole files.")] = 1,
    skip_damaged: Annotated[
        bool, typer.Option("--skip-damaged", help="Leave out files that cannot be read to their end, and name them.")
    ] = False,
    index: Annotated[
        Path | None,
        typer.Option(
            help="Folder for an inverted index, which a later count takes for captions.", callback=folder_to_fill
        ),
    ] = None,
    tags: Annotated[
        list[Path] | None, typer.Option(help="Tags of images: a table of id, tag, probability. Repeatable.")
    ] = None,
    tag_threshold: Annotated[float, typer.Option(min=0, max=1, help="A tag counts above this probability.")] = 0.7,
    corpus_size: Annotated[
        str | None, typer.Option(help="What degree_fixed divides by: a number, or cc3m, cc12m, ... Default: captions.")
    ] = None,
    cooccurrences: Annotated[
        Path | None, typer.Option(help="CSV of captions that hold two concepts, to write.", callback=file_to_write)
    ] = None,
    synonym_counts: Annotated[
        Path | None,
        typer.Option(help="JSON of counts of every synonym, for real-prompt, to write.", callback=file_to_write),
    ] = None,
) -> None:
    """Count the captions that hold each concept; the same command goes on where the last one stopped."""
    from zsbench.analysis.frequency.counting import captions as captions_of
    from zsbench.analysis.frequency.counting import run, searches
    from zsbench.cli.frequency._progress import progress

    asked = run.Request(
        captions=[found(path) for path in captions],
        concepts=found(concepts),
        out=out,
        search=searches.chosen(search.value, multiword.value if multiword is not None else None, spacy),
        columns=captions_of.Columns(column, id),
        skip_damaged=skip_damaged,
        index=index,
        tags=tuple(found(path) for path in tags or ()),
        tag_threshold=tag_threshold,
        corpus_size=corpus_size,
        cooccurrences=cooccurrences,
        synonym_counts=synonym_counts,
    )
    with run.claimed(asked) as work:
        if work.finished:
            say(f"{out} holds the answer already", error=True)
            return
        with progress(work.expected()) as told:
            answer = work.count(jobs, told)
        for note in answer.notes:
            say(f"note: {note}", error=True)
        say(_summary(answer, out), error=True)


def _summary(answer: Answer, out: Path) -> str:
    """Return one sentence or two on what was counted."""
    never = sum(not n for n in answer.counts.values())
    missing = f", {never} of them in no caption" if never else ""
    captions = number_of(answer.n_captions, "caption", grouped=True)
    said = f"{number_of(len(answer.counts), 'concept')} in {captions}{missing}; in {out}"
    return f"{said}\n{answer.speed}" if answer.speed else said
