"""Pointwise yes/no: rank passages by how probable "Yes" is against "No" when asked whether they answer the query.

    score = softmax(logit(Yes), logit(No))[Yes]        first token of each word, right after the prompt

One prompt a passage; the same for encoder-decoders (first decoder step) and decoders (last prompt position).

Source: Zhuang et al. 2024 (SIGIR), arXiv:2310.09497, section 2; wording of ielab/llm-rankers.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from zsbench.config.components import method
from zsbench.config.options import Blanks
from zsbench.core.templates import fill
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank.scores import best_first, log_probability
from zsbench.methods.shared.document_texts import Cut, Piece, Word, Wording, put, shown
from zsbench.models.capabilities import LabelScorer


class PointwisePrompt(Wording):
    """The question about one passage, how the answer opens, and the two words that are compared."""

    compared: ClassVar[tuple[str, ...]] = ("relevant", "irrelevant")

    text: Annotated[str, Blanks("query", "passage", needed=("query", "passage"))] = (
        "Passage: {passage}\nQuery: {query}\nDoes the passage answer the query? Answer 'Yes' or 'No'"
    )
    answer: Piece = ""
    relevant: Word = "Yes"
    irrelevant: Word = "No"


@method(family="rerank", needs=(LabelScorer,), needs_with=lambda options: options.cut.needs())
def pointwise(*, prompt: PointwisePrompt = PointwisePrompt(), cut: Cut = Cut()) -> Ranker:
    """Rank by the probability of yes.

    Parameters
    ----------
    prompt : wording.
    cut : how much of query and passage is shown.
    """

    def rank(model: LabelScorer, item: RankItem, _collection: Collection) -> list[int]:
        query, passages = shown(model, item, cut)
        chat = prompt.talks(model)
        contents = [fill(prompt.text, passage=passage, query=query) for passage in passages]
        prompts = [put(content, chat=chat, answer=prompt.answer) for content in contents]
        return best_first(
            log_probability(model.label_logits(prompts, [fill(prompt.relevant), fill(prompt.irrelevant)]))
        )

    return rank


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins and the two answers, for `zsbench show`."""
    prompt = PointwisePrompt.model_validate(options.get("prompt", {}))
    asked = fill(prompt.text, passage="<passage>", query="<query>")
    return f"{asked}\n-> {' | '.join(fill(prompt.answer + word) for word in (prompt.relevant, prompt.irrelevant))}"
