"""Pairwise ranking prompting (PRP, duoT5): which of two passages is more relevant, asked in both orders, then sorted.

A passage wins when it wins in both orders; contradicting answers are no win. Sorting: `allpair` asks about all pairs
and counts points, `heapsort` and `bubblesort` ask until the best k are found. Only those k take new places; all others
follow in first-stage order. A comparison costs two prompts, or none when it was made before.

    likelihood   "A" or "B", whichever has the larger logit after "Passage"
    generation   the letter that the model writes
    duot5        p(true | a, b) > p(true | b, a) after "Query: q Document0: a Document1: b Relevant:"

Source: Qin et al. 2023, arXiv:2306.17563, section 3; Pradeep et al. 2021, arXiv:2101.05667, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Blanks, Count
from zsbench.core.errors import UserError
from zsbench.core.templates import fill
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank import _sorting as sorting
from zsbench.methods.rerank._labels import LabelPrompt, chosen, probabilities, require_probabilities
from zsbench.methods.rerank._parse import Choices
from zsbench.methods.rerank.scores import log_probability
from zsbench.methods.shared.document_texts import Cut, put, shown
from zsbench.models.capabilities import TextGenerator

Sort = Literal["allpair", "heapsort", "bubblesort"]
Scoring = Literal["likelihood", "generation", "duot5"]
Question = Annotated[str, Blanks("query", "a", "b", needed=("query", "a", "b"))]


class PairPrompt(LabelPrompt):
    """The question about passages A and B; `duot5` is what those checkpoints were trained on."""

    text: Question = (
        'Given a query "{query}", which of the following two passages is more relevant to the query?\n\n'
        'Passage A: "{a}"\n\nPassage B: "{b}"\n\nOutput Passage A or Passage B:'
    )
    duot5: Question = "Query: {query} Document0: {a} Document1: {b} Relevant:"


def _check(options: dict[str, Any]) -> None:
    """Refuse a wording that is not asked: duoT5's has one of its own."""
    written = options["prompt"] if isinstance(options["prompt"], dict) else {}
    unasked = [key for key in written if (key == "duot5") != (options["scoring"] == "duot5")]
    if unasked:
        raise UserError("prompt", f"`{unasked[0]}` is not asked with `scoring: {options['scoring']}`")


@method(
    family="rerank",
    needs=(TextGenerator,),
    needs_with=lambda options: {**probabilities(options.scoring), **options.cut.needs()},
)
@companions(
    ("max_new_tokens", "scoring", "generation"),
    ("parser", "scoring", "generation"),
    ("flavour", "sort", "allpair", "bubblesort"),
    check=_check,
)
def pairwise(
    *,
    sort: Sort = "heapsort",
    scoring: Scoring = "likelihood",
    k: Count = 10,
    prompt: PairPrompt = PairPrompt(),
    cut: Cut = Cut(),
    max_new_tokens: Count = 2,
    parser: Choices = "named",
    flavour: Literal["correct", "reference"] = "correct",
) -> Ranker:
    """Rank by comparing two passages at a time.

    Parameters
    ----------
    sort : how comparisons become an order.
    scoring : how an answer is read; `likelihood` and `duot5` need a model that gives probabilities.
    k : places that are settled.
    prompt : wording.
    cut : how much of query and passages is shown.
    max_new_tokens : length of a written answer; endpoints that open their turn themselves need more than two.
    parser : how a written answer is read: `named` takes a label where the answer names it, `first` the one that
        "Passage X" names first, as the public code of llm-rankers does.
    flavour : `reference` sorts as the public code does: equal points of allpair go to the passage that scored first,
        and bubblesort skips pairs at the tail that did not change, which gives the same order at fewer comparisons.
    """

    def rank(model: Any, item: RankItem, _collection: Collection) -> list[int]:
        query, passages = shown(model, item, cut)

        def ask(pairs: Sequence[tuple[int, int]]) -> list[int]:
            orders = [order for a, b in pairs for order in ((a, b), (b, a))]
            contents = [question(query, passages[a], passages[b]) for a, b in orders]
            return sorting.verdicts(preferences(model, contents), absolute=scoring != "duot5")

        remember = sorting.once_each(ask)

        def judge(pairs: Sequence[tuple[int, int]]) -> Sequence[int]:
            model.cost.comparisons += len(pairs)
            return remember(pairs)

        n = len(passages)
        return sorting.top_k(_order(n, judge, sort, k, flavour=flavour), n, k)

    def question(query: str, a: str, b: str) -> str:
        return fill(prompt.duot5 if scoring == "duot5" else prompt.text, query=query, a=a, b=b)

    def preferences(model: Any, contents: list[str]) -> list[float]:
        """Return for each prompt how much the answer speaks for the first of its two passages."""
        if scoring == "duot5":
            require_probabilities(model)
            prompts = [put(content, chat=False) for content in contents]
            return [float(score) for score in log_probability(model.label_logits(prompts, ["true", "false"]))]
        letters = chosen(model, contents, 2, prompt, scoring=scoring, max_new_tokens=max_new_tokens, parser=parser)
        return [0.0 if letter is None else 1.0 - 2.0 * letter for letter in letters]

    return rank


def _order(n: int, judge: sorting.Judge, sort: Sort, k: int, *, flavour: str) -> list[int]:
    """Return passages best first, as the sorting rule makes them of comparisons."""
    if sort == "allpair":
        return sorting.allpair(n, judge, ties="first-stage" if flavour == "correct" else "first-point")
    if sort == "heapsort":
        return sorting.heapsort(n, k, sorting.champion(judge))
    rule = sorting.bubblesort if flavour == "correct" else sorting.bubblesort_skipping_pairs
    return rule(n, k, sorting.champion(judge))


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt of one order with stand-ins, for `zsbench show`."""
    prompt = PairPrompt.model_validate(options.get("prompt", {}))
    wording = prompt.duot5 if options.get("scoring") == "duot5" else prompt.text
    return fill(wording, query="<query>", a="<passage a>", b="<passage b>")
