"""`zsbench corpus`: make data from a corpus: sample documents, write queries, keep consistent pairs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._screen import console, say

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(no_args_is_help=True, help="Make data from a corpus: sample, write queries, filter, semantic ids.")


class Style(str, Enum):
    """Whose prompt and cleaning."""

    duqgen = "duqgen"
    promptagator = "promptagator"


class Ties(str, Enum):
    """Who ranks first among documents of one score."""

    earlier = "index"
    optimistic = "optimistic"
    pessimistic = "pessimistic"


Corpus = Annotated[Path, typer.Argument(help="JSONL, {_id, text, title} or {docid, doctext}.")]
Out = Annotated[Path, typer.Option(help="JSONL file to write.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N, mps.")]
Dtype = Annotated[str, typer.Option(help="float32, float16 or bfloat16.")]
Seed = Annotated[int, typer.Option(help="Seed of everything drawn.")]


@app.command()
def sample(
    corpus: Corpus,
    out: Out,
    model: Annotated[str | None, typer.Option(help="A text encoder: a name, a YAML file, or ADAPTER:MODEL.")] = None,
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
        found = f"{n} documents from {clusters} clusters of {len(rows)} (texts of {min_chars} characters or more)"
        raise UserError(str(corpus), found, "clusters <= documents wanted <= documents")
    vectors = _vectors([document.passage for document in documents], model, embeddings, device, dtype)[rows]
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


@app.command()
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
    from zsbench.corpus.queries import Example, Wording
    from zsbench.corpus.writing import write_queries
    from zsbench.methods.rerank.cuts import n_words
    from zsbench.models.capabilities import TextGenerator

    files.require_writable(out.parent)
    documents = list(read_documents(corpus).values())
    rows = jsonfiles.lines(examples, {"document": str, "query": str}) if examples else ()
    known = [Example(row["document"], row["query"]) for _, row in rows]
    duqgen = style is Style.duqgen
    part = out.with_name(out.name + ".part")
    writer = _load(model, TextGenerator, device, dtype)
    with _progress("documents", len(documents)) as progress:
        found = write_queries(
            writer,
            documents,
            known,
            part=part,
            style=style.value,
            wording=Wording(document_label, query_label, instruction, max_words),
            n_shots=shots if shots is not None else (3 if duqgen else 8),
            per_document=per_document or (1 if duqgen else 8),
            max_new_tokens=max_new_tokens,
            seed=seed,
            progress=progress,
        )
    write_lines(out, ({"query": query, "doc_id": key} for key, kept in found for query in kept))
    part.unlink()
    silent = sum(not kept for _, kept in found)
    cut = sum(n_words(document.passage) > max_words for document in documents)
    parts = [f"{sum(len(kept) for _, kept in found)} queries", f"{silent} documents without any"]
    parts += [f"{cut} documents cut to {max_words} words"] if cut else []
    say(f"{', '.join(parts)}, in {out}", error=True)


@app.command()
def roundtrip(
    pairs: Annotated[Path, typer.Argument(help="JSONL, {query, doc_id}.")],
    corpus: Annotated[Path, typer.Option(help="The whole corpus, JSONL.")],
    out: Out,
    model: Annotated[str, typer.Option(help="A text encoder: a name, a YAML file, or ADAPTER:MODEL.")],
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
    from zsbench.search import dense

    files.require_writable(out.parent)
    documents = read_documents(corpus)
    found = read_pairs(pairs, documents)
    rows = {key: row for row, key in enumerate(documents)}
    passages, cache = [document.passage for document in documents.values()], Cache(default_root())
    encoder, kept = _load(model, TextEncoder, device, dtype), []
    with _progress("pairs", len(found)) as progress:
        for start in range(0, len(found), dense.BLOCK):
            part = found[start : start + dense.BLOCK]
            asked = dense.query_vectors(encoder, [query for query, _ in part], cache=cache)
            compare = functools.partial(_compare, asked, encoder, passages)
            ranks, scores = filtering.ranks_in_blocks(compare, [rows[key] for _, key in part], ties=ties.value)
            stays = filtering.kept(ranks, scores, k=k, threshold=min_score)
            kept += [
                {"query": query, "doc_id": key, "rank": int(rank), "score": float(score)}
                for (query, key), rank, score, stay in zip(part, ranks, scores, stays, strict=True)
                if stay
            ]
            progress(start + len(part))
    write_lines(out, kept)
    say(f"{len(kept)} of {len(found)} pairs kept, in {out}", error=True)


@app.command("semantic-ids")
def semantic_ids(
    corpus: Corpus,
    out: Out,
    model: Annotated[str | None, typer.Option(help="A text encoder: a name, a YAML file, or ADAPTER:MODEL.")] = None,
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
    documents = read_documents(corpus)
    if k > len(documents):
        raise UserError(str(corpus), f"{k} clusters of {len(documents)} items", "--k of at most that many")
    vectors = _vectors([document.passage for document in documents.values()], model, embeddings, device, dtype)
    codes, _ = ids.residual_codes(vectors, levels, ids.random_start(k, seed=seed))
    write_lines(out, ({"_id": key, "codes": row} for key, row in zip(documents, codes.tolist(), strict=True)))
    say(f"{len(codes)} items, {ids.shared(codes)} share all {levels} codes with another, in {out}", error=True)


def _compare(asked: Any, encoder: Any, passages: list[str]) -> Iterator[Any]:
    """Yield the scores of queries against the corpus, block by block."""
    from zsbench.core.cache import Cache, default_root
    from zsbench.search import dense

    yield from (asked @ block.T for block in dense.blocks(encoder, passages, cache=Cache(default_root())))


def _load(model: str, needs: type, device: str, dtype: str) -> Any:
    """Return the loaded adapter of a model that offers `needs`."""
    from zsbench.config.models import named
    from zsbench.models import runtime

    block, _ = named(model, needs, where="--model")
    runtime.configure(device=device, dtype=dtype, threads=None)
    return block.build()


def _vectors(passages: list[str], model: str | None, embeddings: Path | None, device: str, dtype: str) -> Any:
    """Return (n_documents, width): read, or encoded through the cache."""
    import numpy as np

    from zsbench.core import arrays
    from zsbench.core.cache import Cache, default_root
    from zsbench.core.errors import UserError
    from zsbench.models.capabilities import TextEncoder
    from zsbench.search import dense

    if (model is None) == (embeddings is None):
        raise UserError("zsbench corpus", "vectors from nowhere, or from two places", "--model or --embeddings")
    if embeddings is not None:
        found = arrays.single(embeddings)
        if found.shape[:1] != (len(passages),) or found.ndim != 2 or found.dtype.kind not in "fiu":
            raise UserError(str(embeddings), f"{found.dtype} of shape {found.shape}", f"({len(passages)}, width)")
        if not np.isfinite(found).all():
            raise UserError(str(embeddings), "NaN or infinity", "finite numbers")
        return found
    encoder = _load(str(model), TextEncoder, device, dtype)
    with _progress("documents", len(passages)) as progress:
        blocks = []
        for block in dense.blocks(encoder, passages, cache=Cache(default_root())):
            blocks.append(block)
            progress(sum(map(len, blocks)))
    return np.concatenate(blocks)


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield what reports the number done; a bar on a terminal, nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console(error=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
