"""monoT5: rank passages by how probable "true" is against "false" after "Query: q Document: d Relevant:".

    score = log softmax(logit(true), logit(false))[true]        one decoder step

The document is cut so that the prompt, "Relevant:" included, fits into `max_tokens`; a query that leaves it no room is
cut to half of what there is. Decoders trained on the same
prompt are scored at its last position.

Source: Pradeep, Nogueira & Lin 2021, arXiv:2101.05667, section 3.2.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from zsbench.config.components import method
from zsbench.config.options import Blanks, Count
from zsbench.core.errors import UserError
from zsbench.core.templates import fill
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker, cuts
from zsbench.methods.rerank.scores import best_first, log_probability
from zsbench.methods.shared.document_texts import Word, Wording, joined, put
from zsbench.models.capabilities import LabelScorer, Tokenizer


class MonoPrompt(Wording):
    """What the checkpoints were trained on, and the two words that are compared."""

    compared: ClassVar[tuple[str, ...]] = ("relevant", "irrelevant")

    chat: bool | None = False
    text: Annotated[str, Blanks("query", "document", needed=("query", "document"))] = (
        "Query: {query} Document: {document} Relevant:"
    )
    relevant: Word = "true"
    irrelevant: Word = "false"


@method(
    family="rerank",
    needs=(LabelScorer,),
    needs_with=lambda options: {Tokenizer: "`max_tokens: null`"} if options.max_tokens else {},
)
def monot5(*, prompt: MonoPrompt = MonoPrompt(), max_tokens: Count | None = 512) -> Ranker:
    """Rank by the probability of true.

    Parameters
    ----------
    prompt : wording.
    max_tokens : documents are cut until the prompt has no more tokens, and counted; null leaves them whole.
    """

    def rank(model: LabelScorer, item: RankItem, _collection: Collection) -> list[int]:
        chat, query = prompt.talks(model), asked(model, item.query)
        whole = [joined(document) for document in item.documents]
        passages = [fit(model, document, query) for document in whole]
        cuts.count(model, [item.query, *whole], [query, *passages])
        prompts = [put(fill(prompt.text, query=query, document=passage), chat=chat) for passage in passages]
        return best_first(
            log_probability(model.label_logits(prompts, [fill(prompt.relevant), fill(prompt.irrelevant)]))
        )

    def asked(model: Any, query: str) -> str:
        """Return the query, cut where it leaves no room for a token of the document."""
        if max_tokens is None or length(model, query, "") < max_tokens:
            return query
        room = max_tokens - length(model, "", "")
        if room < 2:
            found = f"{max_tokens} tokens, of which the wording takes {max_tokens - room}"
            raise UserError("max_tokens", found, "room for query and document")
        return cuts.cut_tokens(model, query, room // 2)

    def fit(model: Any, document: str, query: str) -> str:
        if max_tokens is None:
            return document
        passage, own = document, n_tokens(model, document, special=False)
        over = length(model, query, document) - max_tokens
        # Words at the cut may split into other tokens, so that once is not always enough.
        while over > 0 and own > 0:
            own = max(0, own - over)
            passage = cuts.cut_tokens(model, document, own)
            over = length(model, query, passage) - max_tokens
        return passage

    def length(model: Any, query: str, document: str) -> int:
        return n_tokens(model, fill(prompt.text, query=query, document=document), special=True)

    return rank


def n_tokens(model: Any, text: str, *, special: bool) -> int:
    """Return how many tokens a text has, with those the tokenizer adds by itself (`special`) or without."""
    return len(model.tokenize(text, special=special)[0])


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins and the two answers, for `zsbench show`."""
    prompt = MonoPrompt.model_validate(options.get("prompt", {}))
    asked = fill(prompt.text, query="<query>", document="<document>")
    return f"{asked}\n-> {fill(prompt.relevant)} | {fill(prompt.irrelevant)}"
