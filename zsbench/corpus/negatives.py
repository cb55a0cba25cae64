"""Hard negatives of pairs: documents that a retriever ranks for the query, but not near the top.

    ranked    = the best `depth` documents for the query, best first
    negatives = the first n of the last 2 n of them that are not the pair's own document and have a text

Source: Chandradevan et al. 2024 (DUQGen), arXiv:2404.02489, section 3.4; github.com/emory-irlab/DUQGen, which leaves
the pair's own document among the negatives where it is ranked there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zsbench.core.cache import Cache
from zsbench.data.collections.documents import Document
from zsbench.models.capabilities import TextEncoder
from zsbench.search import dense


@dataclass(frozen=True)
class Mined:
    """A query with the id of its document and those of its negatives, best ranked first."""

    query: str
    document: str
    negatives: tuple[str, ...]


def mine(
    pairs: Sequence[tuple[str, str]],
    documents: Mapping[str, Document],
    encoder: TextEncoder,
    *,
    cache: Cache,
    depth: int = 100,
    n: int = 4,
    progress: Callable[[int], None] = lambda _done: None,
) -> list[Mined]:
    """Return the negatives of every pair; fewer than `n` where the list holds no more.

    Parameters
    ----------
    pairs : (query, document id).
    documents : the whole corpus.
    cache : of the vectors.
    depth : documents ranked a query.
    n : negatives wanted.
    progress : called with the number of pairs done.
    """
    ids = list(documents)
    passages = [document.passage for document in documents.values()]
    mined: list[Mined] = []
    for start in range(0, len(pairs), dense.BLOCK):
        part = pairs[start : start + dense.BLOCK]
        ranked = dense.scored(encoder, [query for query, _ in part], passages, depth=depth, cache=cache)
        for (query, own), hits in zip(part, ranked, strict=True):
            last = [ids[row] for row, _ in hits[-2 * n :]]
            far = [key for key in last if key != own and documents[key].passage.strip()]
            mined.append(Mined(query, own, tuple(far[:n])))
        progress(len(mined))
    return mined
