"""Round-trip consistency: a synthetic pair is kept when the query finds its own document in the whole corpus.

    rank(q) = 1 + documents that score above the source document + those that tie and stand before it
    keep    = rank <= K                           (Promptagator, K = 1)
    keep    = rank <= 2 and score > threshold     (CoRNStack)

Source: Dai et al. 2022, arXiv:2209.11755, section 3.3; Suresh et al. 2024, arXiv:2412.01007, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from zsbench.core.cache import Cache
from zsbench.core.lazy import AnyFloatArray, BoolArray, IntArray, np
from zsbench.data.collections.documents import Document
from zsbench.models.capabilities import TextEncoder
from zsbench.search import dense

Blocks = Callable[[], Iterable[AnyFloatArray]]
Ties = Literal["index", "optimistic", "pessimistic"]


def consistent_pairs(
    pairs: Sequence[tuple[str, str]],
    documents: Mapping[str, Document],
    encoder: TextEncoder,
    *,
    cache: Cache,
    k: int,
    threshold: float | None,
    ties: Ties,
    progress: Callable[[int], None],
) -> list[dict[str, Any]]:
    """Return a row (query, doc_id, rank, score) of every pair that stays.

    Parameters
    ----------
    pairs : (query, document id).
    documents : the whole corpus.
    cache : of the vectors.
    k, threshold : see `kept`.
    ties : see `source_ranks`.
    progress : called with the number of pairs done.
    """
    row_of = {key: row for row, key in enumerate(documents)}
    passages = [document.passage for document in documents.values()]
    rows: list[dict[str, Any]] = []
    for start in range(0, len(pairs), dense.BLOCK):
        part = pairs[start : start + dense.BLOCK]
        queries = dense.query_vectors(encoder, [query for query, _ in part], cache=cache)
        blocks = partial(_scores, queries, encoder, passages, cache)
        ranks, scores = ranks_in_blocks(blocks, [row_of[key] for _, key in part], ties=ties)
        stays = kept(ranks, scores, k=k, threshold=threshold)
        rows += [
            {"query": query, "doc_id": key, "rank": int(rank), "score": float(score)}
            for (query, key), rank, score, stay in zip(part, ranks, scores, stays, strict=True)
            if stay
        ]
        progress(start + len(part))
    return rows


def _scores(queries: Any, encoder: TextEncoder, passages: list[str], cache: Cache) -> Iterator[AnyFloatArray]:
    """Yield the scores (n_queries, n_rows) of queries against the corpus, block by block."""
    yield from (queries @ block.T for block in dense.blocks(encoder, passages, cache=cache))


def source_ranks(scores: Any, source: Any, *, ties: Ties = "index") -> IntArray:
    """Return the rank (1 is best) of each query's source document, (n_queries,).

    Parameters
    ----------
    scores : (n_queries, n_documents) over the whole corpus.
    source : (n_queries,) row of the document each query was written for.
    ties : `index` ranks the earlier of equal documents first, `optimistic` the source, `pessimistic` the others.
    """
    return ranks_in_blocks(lambda: [np.asarray(scores)], source, ties=ties)[0]


def ranks_in_blocks(blocks: Blocks, source: Any, *, ties: Ties = "index") -> tuple[IntArray, AnyFloatArray]:
    """Return ranks and scores of the source documents, (n_queries,) each, over a corpus that passes in blocks.

    Parameters
    ----------
    blocks : gives (n_queries, n_rows) scores of consecutive documents; called twice, first to find the sources.
    source, ties : see `source_ranks`.

    Raises
    ------
    ValueError
        A score is NaN, or a source document lies outside the corpus.
    """
    rows = np.asarray(source, dtype=np.int64)
    source_scores, start = np.full(len(rows), np.nan), 0
    for block in blocks():
        if np.isnan(block).any():
            raise ValueError("a score is NaN")
        inside = np.flatnonzero((rows >= start) & (rows < start + block.shape[1]))
        source_scores[inside] = block[inside, rows[inside] - start]
        start += block.shape[1]
    if np.isnan(source_scores).any():
        raise ValueError(f"a source document is not among the {start} of the corpus")
    ranks, start = np.ones(len(rows), dtype=np.int64), 0
    for block in blocks():
        above = block > source_scores[:, None]
        numbers = np.arange(start, start + block.shape[1])
        if ties == "index":
            above |= (block == source_scores[:, None]) & (numbers < rows[:, None])
        elif ties == "pessimistic":
            above |= (block == source_scores[:, None]) & (numbers != rows[:, None])
        ranks += above.sum(axis=1)
        start += block.shape[1]
    return ranks, source_scores


def kept(ranks: Any, scores: Any = None, *, k: int = 1, threshold: float | None = None) -> BoolArray:
    """Return which pairs stay, (n_queries,): rank at most `k` and, with a threshold, a score above it."""
    near = np.asarray(ranks) <= k
    return near if threshold is None else near & (np.asarray(scores) > threshold)
