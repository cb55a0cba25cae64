"""Listwise by likelihood: sliding windows ordered by the logits of their labels under the setwise question.

One forward pass a window and nothing is generated; windows go from the tail to the head, `repeats` times.

Source: Zhuang et al. 2024 (SIGIR), arXiv:2310.09497, section 3; wording of ielab/llm-rankers.
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Le

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Count, Few
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank._labels import LABELS, label_logits
from zsbench.methods.rerank._windows import Schedule, check_step, slide
from zsbench.methods.rerank.scores import best_first
from zsbench.methods.rerank.setwise import SetPrompt, describe_prompt
from zsbench.methods.shared.document_texts import Cut, shown
from zsbench.models.capabilities import LabelScorer

__all__ = ["describe_prompt", "listwise_likelihood"]

Window = Annotated[int, Ge(1), Le(len(LABELS))]


@method(family="rerank", needs=(LabelScorer,), needs_with=lambda options: options.cut.needs())
@companions(check=check_step)
def listwise_likelihood(
    *,
    window: Window = 4,
    step: Count | None = None,
    repeats: Few = 5,
    schedule: Schedule = "covering",
    prompt: SetPrompt = SetPrompt(),
    cut: Cut = Cut(passage=100),
) -> Ranker:
    """Rank by the logits of labels.

    Parameters
    ----------
    window, step : passages in a prompt, and how far the window moves; null is half of it.
    repeats : passes over the whole list.
    schedule : what happens at the head of the list.
    prompt : wording.
    cut : how much of query and passages is shown.
    """

    def rank(model: Any, item: RankItem, _collection: Collection) -> list[int]:
        query, passages = shown(model, item, cut)

        def sort(numbers: list[int]) -> list[int]:
            model.cost.comparisons += 1
            content = prompt.content(query, [passages[i] for i in numbers])
            return best_first(label_logits(model, [content], len(numbers), prompt)[0], numbers)

        return slide(len(passages), window, step, sort, schedule=schedule, repeats=repeats)

    return rank
