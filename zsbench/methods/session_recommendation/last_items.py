"""The items of a user's history, the latest first, each once: the baseline of repetition, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.data.sessions.session import Session
from zsbench.methods.session_recommendation import Catalogue, Recommender


@method(family="session-recommendation")
def last_items() -> Recommender:
    """Go back through the history; a user with a short one gets a short list."""

    def recommend(_model: Any, sessions: Sequence[Session], catalogue: Catalogue) -> Iterator[list[int]]:
        number = {name: i for i, name in enumerate(catalogue.names)}
        for session in sessions:
            yield [number[item] for item in dict.fromkeys(reversed(session.history)) if item in number]

    return recommend
