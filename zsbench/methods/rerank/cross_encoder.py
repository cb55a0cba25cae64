"""Cross-encoder: rank passages by the score of query and passage read together.

    score = model(query, title + text)        one pair a passage, all candidates of a query in one call

Source: Nogueira & Cho 2019, arXiv:1901.04085, section 2; as the second stage of a cascade: Askari et al. 2023,
arXiv:2305.02320, section 4.
"""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank.scores import best_first
from zsbench.methods.shared.document_texts import joined
from zsbench.models.capabilities import PairScorer


@method(family="rerank", needs=(PairScorer,))
def cross_encoder() -> Ranker:
    """Rank by the score of the pair; how query and passage are cut is an option of the model."""

    def rank(model: PairScorer, item: RankItem, _collection: Collection) -> list[int]:
        return best_first(model.score_pairs([(item.query, joined(document)) for document in item.documents]))

    return rank
