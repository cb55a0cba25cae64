"""Round-trip consistency: a synthetic pair is kept when the query finds its own document in the whole corpus.

    rank(q) = 1 + documents that score above the source document + those that tie and stand before it
    keep    = rank <= K                           (Promptagator, K = 1)
    keep    = rank <= 2 and score > threshold     (CoRNStack)

Source: Dai et al. 2022, arXiv:2209.11755, section 3.3; Suresh et al. 2024, arXiv:2412.01007, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

from zsbench.core.lazy import AnyFloatArray, BoolArray, IntArray, np

if TYPE_CHECKING:
    Blocks = Callable[[], Iterable[AnyFloatArray]]

Ties = Literal["index", "optimistic", "pessimistic"]


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
    own, start = np.full(len(rows), np.nan), 0
    for block in blocks():
        if np.isnan(block).any():
            raise ValueError("a score is NaN")
        inside = np.flatnonzero((rows >= start) & (rows < start + block.shape[1]))
        own[inside] = block[inside, rows[inside] - start]
        start += block.shape[1]
    if np.isnan(own).any():
        raise ValueError(f"a source document is not among the {start} of the corpus")
    ranks, start = np.ones(len(rows), dtype=np.int64), 0
    for block in blocks():
        above = block > own[:, None]
        numbers = np.arange(start, start + block.shape[1])
        if ties == "index":
            above |= (block == own[:, None]) & (numbers < rows[:, None])
        elif ties == "pessimistic":
            above |= (block == own[:, None]) & (numbers != rows[:, None])
        ranks += above.sum(axis=1)
        start += block.shape[1]
    return ranks, own


def kept(ranks: Any, scores: Any = None, *, k: int = 1, threshold: float | None = None) -> BoolArray:
    """Return which pairs stay, (n_queries,): rank at most `k` and, with a threshold, a score above it."""
    found = np.asarray(ranks) <= k
    return found if threshold is None else found & (np.asarray(scores) > threshold)
