"""BM25 over the candidates, with the statistics of the whole collection; no model."""

from __future__ import annotations

from typing import Any

from zsbench.config.components import method
from zsbench.config.options import NonNegative, Share
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank.scores import best_first
from zsbench.search.analyzers import Analyzer
from zsbench.search.bm25 import indexed


@method(family="rerank")
def bm25(*, k1: NonNegative = 0.9, b: Share = 0.4, analyzer: Analyzer = "plain") -> Ranker:
    """Order candidates by BM25; ties keep the first-stage order.

    Parameters
    ----------
    k1, b : saturation and length normalisation.
    analyzer : `plain` words (a to z, 0 to 9), `english` with stemming and stop words, `anserini` as the public BM25
        runs, `words` of every script, or `bigrams`: these, and pairs of characters in Chinese, Japanese, Korean, Thai,
        Lao, Khmer and Burmese.

    Source: Robertson & Zaragoza 2009.
    """

    def rank(_model: Any, item: RankItem, collection: Collection) -> list[int]:
        index = indexed(collection, k1=k1, b=b, analyzer=analyzer)
        return best_first(index.scores_of(item.query, [document.id for document in item.documents]))

    return rank
