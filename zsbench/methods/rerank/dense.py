"""Dense re-ranking: rank the candidates by the similarity of their vectors to the query's.

    score = q . d        (dot), or   q . d / (|q| |d|)   (cosine)

Each document is encoded once a run, however many queries have it among their candidates.

Source: Karpukhin et al. 2020 (EMNLP), arXiv:2004.04906, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from zsbench.components import method
from zsbench.data._collection import Collection
from zsbench.lazy import lazy
from zsbench.methods.rerank import Ranker, RankItem
from zsbench.methods.rerank._scores import best_first
from zsbench.methods.rerank._texts import NO_CUT, Cut, shown
from zsbench.models.capabilities import TextEncoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")


@method(family="rerank", needs=(TextEncoder,))
def dense(*, similarity: Literal["cosine", "dot"] = "cosine", cut: Cut = NO_CUT) -> Ranker:
    """Rank by the similarity of vectors.

    Parameters
    ----------
    similarity : what the model was trained with.
    cut : how much of query and passage is encoded.
    """
    vectors: dict[str, NDArray[np.float32]] = {}
    seen: list[Collection] = []

    def rank(model: TextEncoder, item: RankItem, collection: Collection) -> list[int]:
        if not (seen and seen[0] is collection):
            vectors.clear()
            seen[:] = [collection]
        new = RankItem(item.id, item.query, tuple(d for d in item.documents if d.id not in vectors))
        query, texts = shown(model, new, cut)
        if texts:
            vectors.update(zip((d.id for d in new.documents), model.encode_documents(texts), strict=True))
        documents = np.stack([vectors[document.id] for document in item.documents]).astype(np.float64)
        [asked] = np.asarray(model.encode_queries([query]), dtype=np.float64)
        return best_first(scores(asked, documents, cosine=similarity == "cosine"))

    return rank


def scores(query: NDArray[np.float64], documents: NDArray[np.float64], *, cosine: bool) -> NDArray[np.float64]:
    """Return the similarities (n,) of a query (width,) to documents (n, width); a zero vector is similar to none."""
    dots = documents @ query
    if not cosine:
        return np.asarray(dots)
    lengths = np.linalg.norm(documents, axis=1) * np.linalg.norm(query)
    return np.asarray(np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0))
