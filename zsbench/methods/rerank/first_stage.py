"""The candidates as the first stage ordered them: the row every re-ranker has to beat."""

from __future__ import annotations

from typing import Any

from zsbench.config.components import method
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker


@method(family="rerank")
def first_stage() -> Ranker:
    """Keep the first-stage order."""

    def rank(_model: Any, item: RankItem, _collection: Collection) -> list[int]:
        return list(range(len(item.documents)))

    return rank
