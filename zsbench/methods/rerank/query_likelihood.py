"""Query likelihood (UPR): rank passages by how probable the query is after "write a question based on this passage".

    score = sum_t log p(query_t | prompt(passage), query_<t)        a sum: the query is the same for all passages

One prompt a passage; decoders score the query after the prompt, encoder-decoders in the decoder. The public T5 code
scores the text "<pad> query" there and so adds log p(<pad> | start), which differs between passages. The same text is
fed here, without that term; `flavour: reference` adds it.

Source: Sachan et al. 2022 (EMNLP), arXiv:2204.07496, section 2.2; wording of ielab/llm-rankers.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from zsbench.config.components import method
from zsbench.config.options import Blanks
from zsbench.core.templates import fill
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank.scores import best_first
from zsbench.methods.shared.document_texts import Cut, Piece, Wording, is_decoder, put, shown
from zsbench.models.capabilities import TextScorer


class QueryPrompt(Wording):
    """The request to write a question, how the model's turn opens, and the text whose probability counts."""

    text: Annotated[str, Blanks("query", "passage", needed=("passage",))] = (
        "Passage: {passage}\nPlease write a question based on this passage."
    )
    answer: Piece = ""
    target: Annotated[str, Blanks("query", needed=("query",))] = "{query}"


@method(family="rerank", needs=(TextScorer,), needs_with=lambda options: options.cut.needs())
def query_likelihood(
    *,
    prompt: QueryPrompt = QueryPrompt(),
    cut: Cut = Cut(),
    flavour: Literal["correct", "reference"] = "correct",
) -> Ranker:
    """Rank by the log-likelihood of the query.

    Parameters
    ----------
    prompt : wording.
    cut : how much of query and passage is shown.
    flavour : `reference` adds the pad token's term of encoder-decoders.
    """

    def rank(model: TextScorer, item: RankItem, _collection: Collection) -> list[int]:
        query, passages = shown(model, item, cut)
        if not query.strip():  # equally probable after every passage
            return best_first([0.0] * len(passages))
        chat = prompt.talks(model)
        contents = [fill(prompt.text, passage=passage, query=query) for passage in passages]
        prompts = [put(content, chat=chat, answer=prompt.answer) for content in contents]
        target = fill(prompt.target, query=query)
        padded = not is_decoder(model)
        logprobs = model.target_logprobs(prompts, [f"<pad> {target}" if padded else target] * len(prompts))
        first = 1 if padded and flavour == "correct" else 0
        return best_first([float(tokens[first:].sum()) for tokens in logprobs])

    return rank


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins and what is scored, for `zsbench show`."""
    prompt = QueryPrompt.model_validate(options.get("prompt", {}))
    asked = fill(prompt.text, passage="<passage>", query="<query>")
    return f"{asked}\n-> {fill(prompt.answer)}{fill(prompt.target, query='<query>')}"
