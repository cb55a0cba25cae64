"""Dense first stage: exact inner-product search over a corpus that is encoded once, block by block.

    score(q, d) = query vector . document vector

The best documents of each query are kept while the blocks pass, so memory holds one block of vectors; every block
goes through the cache. Equal scores keep the order of the passages. A text that stands several times is encoded and
compared once, so that rounding does not order what is equal.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.models.capabilities import TextEncoder

Index = Literal["exact", "faiss"]
Hits = list[tuple[int, float]]
"""Row numbers and scores, best first."""

BLOCK = 4096
# Raised when the encoding step changes, so that no older vector is ever mixed in.
VERSION = "1"


def search(
    model: TextEncoder,
    queries: Sequence[str],
    passages: Sequence[str],
    *,
    depth: int,
    cache: Cache,
    index: Index = "exact",
) -> list[list[int]]:
    """Return the row numbers of the best passages of every query, best first: `scored` without the scores."""
    hits = scored(model, queries, passages, depth=depth, cache=cache, index=index)
    return [[row for row, _ in best] for best in hits]


def scored(
    model: TextEncoder,
    queries: Sequence[str],
    passages: Sequence[str],
    *,
    depth: int,
    cache: Cache,
    index: Index = "exact",
) -> list[Hits]:
    """Return the row numbers and scores of the best passages of every query, best first.

    Parameters
    ----------
    model : encodes queries and documents to vectors of one width.
    queries, passages : texts.
    depth : passages kept a query.
    cache : holds the vectors.
    index : `exact` compares with numpy, `faiss` with a flat inner-product index (extra `zsbench[faiss]`).

    Raises
    ------
    UserError
        faiss is wanted and not installed.
    ValueError
        A vector is NaN or infinite.
    """
    rows_of: dict[str, list[int]] = {}
    for row, passage in enumerate(passages):
        rows_of.setdefault(passage, []).append(row)
    asked = query_vectors(model, queries, cache=cache)
    vectors = blocks(model, list(rows_of), cache=cache)
    find, rows = _faiss if index == "faiss" else _exact, list(rows_of.values())
    hits = find(asked, vectors, min(depth, len(rows)))
    return [[(row, score) for text, score in best for row in rows[text]][:depth] for best in hits]


def query_vectors(model: TextEncoder, queries: Sequence[str], *, cache: Cache) -> FloatArray:
    """Return the vectors of queries (n_queries, width)."""
    key = ["query-vectors", VERSION, model.fingerprint, model.dtype, *queries]
    return cache.array(key, lambda: _encoded(model.encode_queries, queries))


def blocks(model: TextEncoder, passages: Sequence[str], *, cache: Cache) -> Iterator[FloatArray]:
    """Yield the vectors of passages, `BLOCK` rows at a time."""
    for start in range(0, len(passages), BLOCK):
        block = passages[start : start + BLOCK]
        encode = functools.partial(_encoded, model.encode_documents, block)
        yield cache.array(["document-vectors", VERSION, model.fingerprint, model.dtype, *block], encode)


def _encoded(encode: Callable[[Sequence[str]], FloatArray], texts: Sequence[str]) -> FloatArray:
    vectors = np.asarray(encode(texts), dtype=np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError("the encoder gave a vector that is NaN or infinite")
    return vectors


def _exact(queries: FloatArray, vectors: Iterator[FloatArray], depth: int) -> list[Hits]:
    best: IntArray = np.empty((len(queries), 0), dtype=np.int64)
    first = 0
    for block in vectors:
        keys = np.concatenate([best, order_keys(queries @ block.T, first)], axis=1)
        others = keys.shape[1] - min(depth, keys.shape[1])
        best = np.partition(keys, others, axis=1)[:, others:]
        first += len(block)
    best = np.sort(best, axis=1)[:, ::-1]
    rows, scores = (0xFFFFFFFF - (best & 0xFFFFFFFF)).tolist(), _scores(best).tolist()
    return [list(zip(*one, strict=True)) for one in zip(rows, scores, strict=True)]


def order_keys(scores: FloatArray, first: int) -> IntArray:
    """Return one integer for each score (n_queries, n_rows): larger is better, of equal scores the earlier row.

    The upper 32 bits order like the float, the lower ones count rows backwards; `first` is the first row's number.
    """
    bits = (scores + np.float32(0)).view(np.int32)  # -0.0 becomes 0.0
    upper = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits).astype(np.int64) << 32
    return np.asarray(upper | (0xFFFFFFFF - np.arange(first, first + scores.shape[1], dtype=np.int64)))


def _scores(keys: IntArray) -> FloatArray:
    """Return the scores that `order_keys` put into keys."""
    upper = (keys >> 32).astype(np.int32)
    return np.where(upper < 0, upper ^ 0x7FFFFFFF, upper).astype(np.int32).view(np.float32)


def _faiss(queries: FloatArray, vectors: Iterator[FloatArray], depth: int) -> list[Hits]:
    try:
        import faiss
    except ImportError:
        raise UserError("", "index 'faiss' needs faiss", "", "pip install 'zsbench[faiss]'") from None
    index = faiss.IndexFlatIP(queries.shape[1])
    for block in vectors:
        index.add(block)
    scores, rows = (part.tolist() for part in index.search(queries, depth))
    return [list(zip(*one, strict=True)) for one in zip(rows, scores, strict=True)]
