"""Queries for many documents: a language model asked in batches; a killed run goes on where it stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zsbench.core.errors import UserError, shown
from zsbench.core.records import digest
from zsbench.core.words import number_of
from zsbench.corpus.queries import Example, Style, Wording, clean, fitted
from zsbench.data.collections.documents import Document
from zsbench.models.capabilities import Prompt, Sampling, TextGenerator
from zsbench.models.decoding import draw_seed

BATCH = 64


@dataclass(frozen=True)
class Written:
    """The queries that are kept of a document, and how many examples its prompt had room for."""

    document: str
    queries: list[str]
    shots: int


def write_queries(
    model: TextGenerator,
    documents: Sequence[Document],
    examples: Sequence[Example],
    *,
    part: Path,
    style: Style,
    wording: Wording,
    n_shots: int,
    per_document: int,
    temperature: float,
    max_new_tokens: int,
    seed: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> list[Written]:
    """Return what is written for every document; repeats of a query for one document are dropped.

    Parameters
    ----------
    examples : the first `n_shots` are shown in every prompt, fewer where it is too long for the model; the query of
        none of them is kept.
    part : file that holds what is done, one line a document under a line that identifies the work.
    style, wording : see `zsbench.corpus.queries`.
    per_document : queries asked for with each; more than one are drawn, so that they differ.
    temperature : of the draws; 0 is greedy.
    seed : of the draws, together with a document's id.
    max_new_tokens : tokens the model may write.
    progress : called with the number of documents done.

    Raises
    ------
    UserError
        The part is a file of somebody else, or of other documents or options.
    """
    identity = digest(
        [
            *(model.fingerprint, style, repr(wording), repr(Written.__match_args__)),
            *map(str, (n_shots, per_document, temperature, max_new_tokens, seed)),
            *(f"{example.document}\0{example.query}" for example in examples),
            *(f"{document.id}\0{document.passage}" for document in documents),
        ]
    )

    def fits(asked: Prompt) -> bool:
        return model.fits(asked, max_new_tokens=max_new_tokens)

    done = _resume(part, identity)
    with part.open("a", encoding="utf-8") as handle:
        for start in range(len(done), len(documents), BATCH):
            batch = documents[start : start + BATCH]
            prompts = [fitted(document.passage, examples[:n_shots], wording, fits) for document in batch]
            asked = [prompt for prompt, _ in prompts for _ in range(per_document)]
            seeds = [draw_seed(seed, document.id, draw) for document in batch for draw in range(per_document)]
            sampling = Sampling(temperature, tuple(seeds)) if temperature else None
            answers = iter(model.generate(asked, max_new_tokens=max_new_tokens, stop=("\n",), sampling=sampling))
            for document, (_, shown) in zip(batch, prompts, strict=True):
                cleaned = [clean(next(answers), examples, style=style) for _ in range(per_document)]
                queries = [query for query in dict.fromkeys(cleaned) if query]
                done.append(Written(document.id, queries, shown))
                handle.write(json.dumps([document.id, queries, shown], ensure_ascii=False) + "\n")
            handle.flush()
            progress(len(done))
    return done


def _resume(part: Path, identity: str) -> list[Written]:
    """Return what an earlier run of the same work has done; a last line that is cut short is dropped."""
    written = part.read_bytes() if part.is_file() else b""
    if written and not re.match(rb"[0-9a-f]{32}\n", written):
        raise UserError(shown(part), "is there already, and no part of these queries", "another --out")
    lines = written[: written.rfind(b"\n") + 1].decode().split("\n")[:-1]
    if len(lines) > 1 and lines[0] != identity:
        found = f"holds {number_of(len(lines) - 1, 'document')} of other options or documents"
        raise UserError(shown(part), found, "the command that wrote it, which goes on there", "another --out, or rm it")
    lines = [identity, *lines[1:]]
    part.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return [Written(*row) for row in map(json.loads, lines[1:])]
