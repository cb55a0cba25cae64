"""Top-k accuracy of passages for questions: a question counts when one of its first k passages holds an answer.

    answer-hit@k = share of questions with has_answer(answers, text of the passage at rank r) for some r <= k

`rankings` is a list of {passage id: score}, ordered as trec_eval orders; `gold` the aligned list of `Answered`. All
questions count: one without passages is missed, and so is one without an answer, which no passage can hold. Only a
question whose ranking is None (`missing: skip`) is undefined. Papers on dense retrieval call this number R@k; it is an
accuracy, for nobody knows how many passages of the collection hold an answer.

Source: Karpukhin et al. 2020 (EMNLP), arXiv:2004.04906, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from zsbench.config.options import Cutoff
from zsbench.core.lazy import DoubleArray
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings.has_answer import folded, holds
from zsbench.metrics.rankings.positives import PositiveRanks, of_hits
from zsbench.metrics.rankings.pytrec import trec_orders

Rankings = Sequence[Mapping[str, float] | None]


@dataclass
class Answered:
    """The answers of a question, and where to read the text of a passage; each is searched once, whoever asks."""

    answers: Sequence[str]
    text: Callable[[str], str]
    _known: dict[str, bool] = field(default_factory=dict, repr=False)

    @cached_property
    def _folded(self) -> list[str]:
        return [folded(answer) for answer in self.answers]

    def by(self, passage: str) -> bool:
        """Say whether the text of the passage holds an answer."""
        if passage not in self._known:
            self._known[passage] = holds(self.text(passage), self._folded)
        return self._known[passage]


def answer_ranks(rankings: Rankings, gold: Sequence[Answered], k: int, *, most: int | None = None) -> PositiveRanks:
    """Return the ranks of the passages that hold an answer among the first k, at most the first `most` of them."""
    pairs = zip(trec_orders(rankings, k), gold, strict=True)
    hits = (None if order is None else map(question.by, order) for order, question in pairs)
    return of_hits(hits, most=most)


@metric("answer-hit", interval="wilson")
def answer_hit(rankings: Rankings, gold: Sequence[Answered], *, k: Cutoff) -> DoubleArray:
    """Top-k accuracy: 1 when at least one of the first k passages holds an answer.

    Examples
    --------
    >>> texts = {"p": "It rose in 1912.", "q": "Paris, of course"}
    >>> rankings, gold = [{"p": 2.0, "q": 1.0}], [Answered(["paris"], texts.__getitem__)]
    >>> answer_hit(rankings, gold, k=1).tolist(), answer_hit(rankings, gold, k=2).tolist()
    ([0.0], [1.0])
    """
    return answer_ranks(rankings, gold, k, most=1).hit(k)
