"""The items that occur most often in all histories, the same for every user: the popularity baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.data.sessions.session import Session
from zsbench.methods.session_recommendation import Catalogue, Recommender


@method(family="session-recommendation", kind="transductive", uses=("all histories",))
def popularity() -> Recommender:
    """Rank by the number of occurrences; ties keep the catalogue's order."""

    def recommend(_model: Any, sessions: Sequence[Session], catalogue: Catalogue) -> Iterator[list[int]]:
        order = sorted(range(len(catalogue.names)), key=lambda i: -catalogue.occurrences[i])
        yield from (order for _ in sessions)

    return recommend
