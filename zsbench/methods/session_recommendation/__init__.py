"""Session recommendation: functions that rank the items of a catalogue for the history of a user.

A method file returns a `Recommender`. It is called as `recommender(model, sessions, catalogue)` and answers, for each
session, with numbers of items, best first, none of them twice; the task keeps the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zsbench.data.sessions.session import Session


@dataclass(frozen=True)
class Catalogue:
    """The items that can be recommended, in an order that says nothing of the data; equal scores keep it.

    Attributes
    ----------
    names : of all items.
    texts : aligned; empty where an item has none.
    occurrences : aligned, how often each item occurs in the histories of all sessions.
    """

    names: list[str]
    texts: list[str]
    occurrences: list[int]

    @cached_property
    def text_of(self) -> dict[str, str]:
        """The text of each item by its name."""
        return dict(zip(self.names, self.texts, strict=True))


Recommender = Callable[[Any, Sequence[Session], Catalogue], Iterable[list[int]]]
