"""Setwise: which of a few passages is the most relevant one, asked while sorting a heap or a bubble pass.

A prompt shows a node with its `num_child` children (heapsort) or a window of num_child + 1 passages (bubblesort) and
asks for one label. Only the best k take new places; all others follow in first-stage order. A comparison costs one
prompt, or none when it was made before; without a readable answer the first passage shown wins, and that is counted.

    likelihood   the label with the largest logit after "Passage": one forward pass
    generation   the label that the model writes

Source: Zhuang et al. 2024 (SIGIR), arXiv:2310.09497, section 3; wording of ielab/llm-rankers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Blanks, Count
from zsbench.core.templates import fill
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank import _sorting as sorting
from zsbench.methods.rerank._labels import LABELS, LabelPrompt, Scoring, chosen, probabilities
from zsbench.methods.rerank._parse import Choices
from zsbench.methods.shared.document_texts import Cut, Piece, shown
from zsbench.models.capabilities import TextGenerator

Children = Annotated[int, Ge(1), Le(len(LABELS) - 1)]


class SetPrompt(LabelPrompt):
    """The question about a set of passages, piece by piece."""

    in_one_of: ClassVar[dict[str, tuple[str, ...]]] = {"query": ("head", "tail")}

    head: Annotated[str, Blanks("query")] = (
        'Given a query "{query}", which of the following passages is the most relevant one to the query?\n\n'
    )
    passage: Annotated[str, Blanks("label", "text", needed=("label", "text"))] = 'Passage {label}: "{text}"'
    separator: Piece = "\n\n"
    tail: Annotated[str, Blanks("query")] = "\n\nOutput only the passage label of the most relevant passage:"

    def content(self, query: str, passages: Sequence[str]) -> str:
        """Return the question with the passages under their labels."""
        named = [fill(self.passage, label=a, text=b) for a, b in zip(LABELS, passages, strict=False)]
        return fill(self.head, query=query) + fill(self.separator).join(named) + fill(self.tail, query=query)


@method(
    family="rerank",
    needs=(TextGenerator,),
    needs_with=lambda options: {**probabilities(options.scoring), **options.cut.needs()},
)
@companions(
    ("max_new_tokens", "scoring", "generation"), ("parser", "scoring", "generation"), ("flavour", "sort", "bubblesort")
)
def setwise(
    *,
    sort: Literal["heapsort", "bubblesort"] = "heapsort",
    num_child: Children = 3,
    scoring: Scoring = "likelihood",
    k: Count = 10,
    prompt: SetPrompt = SetPrompt(),
    cut: Cut = Cut(),
    max_new_tokens: Count = 2,
    parser: Choices = "named",
    flavour: Literal["correct", "reference"] = "correct",
) -> Ranker:
    """Rank by choosing the best of a few passages at a time.

    Parameters
    ----------
    sort : how choices become an order.
    num_child : children of a node; num_child + 1 passages share a prompt.
    scoring : how an answer is read; `likelihood` needs a model that gives probabilities.
    k : places that are settled.
    prompt : wording.
    cut : how much of query and passages is shown.
    max_new_tokens : length of a written answer; endpoints that open their turn themselves need more than two.
    parser : how a written answer is read: `named` takes a label where the answer names it, `first` the one that
        "Passage X" names first, as the public code of llm-rankers does.
    flavour : `reference` lets bubblesort skip what did not change at the tail, as the public code does; that loses
        passages, even with a judge that is always right.
    """

    def rank(model: Any, item: RankItem, _collection: Collection) -> list[int]:
        query, passages = shown(model, item, cut)

        def ask(candidates: list[int]) -> int:
            contents = [prompt.content(query, [passages[i] for i in candidates])]
            [best] = chosen(
                model, contents, len(candidates), prompt, scoring=scoring, max_new_tokens=max_new_tokens, parser=parser
            )
            return 0 if best is None else best

        remember = sorting.once(ask)

        def pick(candidates: list[int]) -> int:
            model.cost.comparisons += 1
            return remember(candidates)

        n = len(passages)
        return sorting.top_k(places(n, pick), n, k)

    def places(n: int, pick: sorting.Pick) -> list[int]:
        if sort == "heapsort":
            return sorting.heapsort(n, k, pick, children=num_child)
        rule = sorting.bubblesort if flavour == "correct" else sorting.bubblesort_skipping_sets
        return rule(n, k, pick, children=num_child)

    return rank


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with two stand-in passages, for `zsbench show`."""
    prompt = SetPrompt.model_validate(options.get("prompt", {}))
    return prompt.content("<query>", ["<passage 1>", "<passage 2>"])
