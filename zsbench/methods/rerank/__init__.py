"""Re-ranking rules: a function that orders the candidates of one query.

A method file returns a `Ranker`. It is called as `ranker(model, item, collection)` and answers with a
permutation of `range(len(item.documents))`, best first. Candidates of equal score keep the order in which they are
given: the first stage's, or, where nothing has scored them, that of a hash of their ids. A ranker that answers with an
`Order` says so, and the queries are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem


class Order(list[int]):
    """Numbers of candidates, best first; `tied` says that some of them have equal scores."""

    tied: bool = False


Ranker = Callable[[Any, RankItem, Collection], list[int]]


@dataclass(frozen=True)
class Fitted:
    """A ranker that was chosen on labelled queries, and what a result has to say about that.

    `notes(model, items)` gives the choice, and a `warning` where the test queries themselves had a part in it.
    """

    rank: Ranker
    notes: Callable[[Any, Sequence[RankItem]], dict[str, Any]]

    def __call__(self, model: Any, item: RankItem, collection: Collection) -> list[int]:
        """Rank like the ranker inside."""
        return self.rank(model, item, collection)
