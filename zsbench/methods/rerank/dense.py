"""Dense re-ranking: rank the candidates by the similarity of their vectors to the query's.

    score = q . d        (dot: the model's own measure, where it gives vectors of length 1 for cosines)
    score = q . d / (|q| |d|)        (cosine)

Each text is encoded once a run, however many queries have it among their candidates, and compared once a query, so
that rounding does not order equal passages.

Source: Karpukhin et al. 2020 (EMNLP), arXiv:2004.04906, section 3.
"""

from __future__ import annotations

from typing import Literal

from zsbench.config.components import method
from zsbench.core.lazy import DoubleArray, FloatArray, np
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank.scores import best_first
from zsbench.methods.shared.document_texts import joined
from zsbench.models.capabilities import TextEncoder


@method(family="rerank", needs=(TextEncoder,))
def dense(*, similarity: Literal["dot", "cosine"] = "dot") -> Ranker:
    """Rank by the similarity of vectors.

    Parameters
    ----------
    similarity : `cosine` for a model whose vectors have no length of 1 though it was trained with cosines.
    """
    vectors: dict[str, FloatArray] = {}
    seen: list[Collection] = []

    def rank(model: TextEncoder, item: RankItem, collection: Collection) -> list[int]:
        if not (seen and seen[0] is collection):
            vectors.clear()
            seen[:] = [collection]
        texts = [joined(document) for document in item.documents]
        distinct = list(dict.fromkeys(texts))
        if new := [text for text in distinct if text not in vectors]:
            vectors.update(zip(new, model.encode_documents(new), strict=True))
        documents = np.stack([vectors[text] for text in distinct]).astype(np.float64)
        [asked] = np.asarray(model.encode_queries([item.query]), dtype=np.float64)
        similarities = dict(zip(distinct, scores(asked, documents, cosine=similarity == "cosine"), strict=True))
        return best_first([similarities[text] for text in texts])

    return rank


def scores(query: DoubleArray, documents: DoubleArray, *, cosine: bool) -> DoubleArray:
    """Return the similarities (n,) of a query (width,) to documents (n, width); a zero vector is similar to none."""
    dots = documents @ query
    if not cosine:
        return np.asarray(dots)
    lengths = np.linalg.norm(documents, axis=1) * np.linalg.norm(query)
    return np.asarray(np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0))
