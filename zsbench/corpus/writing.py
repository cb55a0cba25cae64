"""Queries for many documents: a language model asked in batches; a killed run goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from zsbench.core.records import digest
from zsbench.corpus.queries import Example, Style, Wording, clean, prompt, shots
from zsbench.data.collections.documents import Document
from zsbench.models.capabilities import Prompt, TextGenerator

BATCH = 64


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
    max_new_tokens: int,
    seed: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> list[tuple[str, list[str]]]:
    """Return (document id, queries kept) of every document; repeats of a query for one document are dropped.

    Parameters
    ----------
    part : file that holds what is done, one line a document under a line that identifies the work; another work's
        file is begun anew.
    style, wording, n_shots, per_document, seed : see `zsbench.corpus.queries`.
    max_new_tokens : tokens the model may write.
    progress : called with the number of documents done.
    """
    identity = digest(
        [
            *(model.fingerprint, style, repr(wording), str(n_shots), str(per_document), str(max_new_tokens), str(seed)),
            *(f"{example.document}\0{example.query}" for example in examples),
            *(f"{document.id}\0{document.passage}" for document in documents),
        ]
    )
    done = _resume(part, identity)
    with part.open("a", encoding="utf-8") as handle:
        for start in range(len(done), len(documents), BATCH):
            batch = documents[start : start + BATCH]
            asked: list[Prompt] = [
                prompt(document.passage, shots(examples, n_shots, seed=seed, document=document.id, draw=draw), wording)
                for document in batch
                for draw in range(per_document)
            ]
            answers = iter(model.generate(asked, max_new_tokens=max_new_tokens, stop=("\n",)))
            for document in batch:
                cleaned = [clean(next(answers), examples, style=style) for _ in range(per_document)]
                queries = [query for query in dict.fromkeys(cleaned) if query]
                done.append((document.id, queries))
                handle.write(json.dumps([document.id, queries], ensure_ascii=False) + "\n")
            handle.flush()
            progress(len(done))
    return done


def _resume(part: Path, identity: str) -> list[tuple[str, list[str]]]:
    """Return what an earlier run of the same work has done; a last line that is cut short is dropped."""
    written = part.read_bytes() if part.is_file() else b""
    lines = written[: written.rfind(b"\n") + 1].decode().split("\n")[:-1]
    if not lines or lines[0] != identity:
        lines = [identity]
    part.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return [(key, queries) for key, queries in map(json.loads, lines[1:])]
