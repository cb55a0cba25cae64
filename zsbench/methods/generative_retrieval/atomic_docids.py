"""One row of a softmax for every document: the id is a single token that stands for the document itself.

    score(q, d) = h_q . w_d        h_q: the encoder's query vector (width,), W: (n_documents, width)

The ranking by softmax probability is that by score. W was learnt elsewhere: from passages, pseudo-queries and clicks,
starting at random (Vanilla) or at a dense retriever's document vectors (OverDense).

Source: Zhou et al. 2022 (DynamicRetriever), arXiv:2203.00537, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from zsbench.config.components import method
from zsbench.config.options import LocalPath
from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.yamlio import shown
from zsbench.methods.generative_retrieval import Docids, Query, Retriever
from zsbench.models.capabilities import TextEncoder

# Queries that are encoded at once, and rows that are held in double precision.
BLOCK, ROWS = 64, 65_536


@method(family="generative-retrieval", needs=(TextEncoder,), uses=("document rows trained for this collection",))
def atomic_docids(*, weights: LocalPath) -> Retriever:
    """Rank by the product of query vector and document row.

    Parameters
    ----------
    weights : .npy, (n_documents, width) in the order of the task's docids; or .npz with `weights` and `docids`.

    Raises
    ------
    UserError
        Rows and docids do not fit, or the encoder's vectors have another width.
    """

    def retrieve(model: TextEncoder, queries: Sequence[Query], docids: Docids) -> Iterator[list[int]]:
        rows = aligned(Path(weights), docids.names, docids.places)
        for start in range(0, len(queries), BLOCK):
            vectors = np.asarray(model.encode_queries([query.text for query in queries[start : start + BLOCK]]))
            if vectors.shape[1] != rows.shape[1]:
                found = f"rows of width {rows.shape[1]}, query vectors of width {vectors.shape[1]}"
                raise UserError(shown(Path(weights)), found, "one width")
            yield from best(vectors, rows, docids.depth)

    return retrieve


def best(queries: FloatArray, rows: FloatArray, depth: int) -> list[list[int]]:
    """Return for queries (n_queries, width) the `depth` best rows (n_documents, width); ties by the lower number."""
    scores = np.empty((len(queries), len(rows)))
    for start in range(0, len(rows), ROWS):
        block = slice(start, start + ROWS)
        scores[:, block] = queries.astype(np.float64) @ rows[block].astype(np.float64).T
    numbers = []
    for row in scores:
        floor = -np.inf if depth >= len(row) else np.partition(row, -depth)[-depth]
        candidates = np.flatnonzero(row >= floor)
        numbers.append(candidates[np.argsort(-row[candidates], kind="stable")][:depth].tolist())
    return numbers


def aligned(path: Path, names: Sequence[str], places: Sequence[int] = ()) -> FloatArray:
    """Return the rows (n_documents, width) of a file in the order of the documents' names.

    Rows without names are picked by `places`, or stand in that order already.

    Raises
    ------
    UserError
        A .npy has another number of rows than there are documents; a document has no row, or two.
    """
    stored = arrays.read(path)
    if "" in stored:
        rows: FloatArray = arrays.rows(stored, "", path)
        if len(rows) != len(names):
            hint = "an .npz with `docids` names its rows; the task's `docids:` says which documents have an id"
            raise UserError(shown(path), f"{len(rows)} rows for {len(names)} docids", "one row each", hint)
        return np.asarray(rows[list(places)]) if places else rows
    rows = arrays.rows(stored, "weights", path)
    docids = arrays.texts(arrays.pick(stored, "docids", path), f"{shown(path)}: array 'docids'")
    if len(docids) != len(rows) or len(set(docids)) < len(docids):
        raise UserError(shown(path), f"{len(rows)} rows, {len(set(docids))} different docids", "one row a docid")
    number = {name: i for i, name in enumerate(docids)}
    missing = [name for name in names if name not in number]
    if missing:
        hint = "the task's `docids:` says which documents have an id"
        raise UserError(shown(path), f"no row for {len(missing)} docids (first: '{missing[0]}')", "one row each", hint)
    return np.asarray(rows[[number[name] for name in names]])
