"""Candidates in random order: the chance row of re-ranking."""

from __future__ import annotations

import random
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker


@method(family="rerank")
def random_order(*, seed: Seed = 0) -> Ranker:
    """Shuffle; the draw depends on the seed and the query's id only, never on order or batch."""

    def rank(_model: Any, item: RankItem, _collection: Collection) -> list[int]:
        order = list(range(len(item.documents)))
        random.Random(f"{seed}:{item.id}").shuffle(order)
        return order

    return rank
