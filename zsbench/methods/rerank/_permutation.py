"""The published prompts for permutation generation, piece by piece.

`rankllm` is the present template of RankLLM, with which its table of results was made in 2025. RankZephyr and
RankVicuna were trained on an older wording ("Only respond ...", a blank line before the passages): `rankzephyr` gives
an example of two passages, as lists of any length need, `rankvicuna` that of the lists of twenty RankVicuna saw.

Source: `chat`: Sun et al. 2023, arXiv:2304.09542, appendix; `rankllm`: castorini/rank_llm,
rerank/prompt_templates/rank_zephyr_template.yaml and rank_zephyr_alpha_template.yaml; `rankzephyr` and `rankvicuna`:
the same repository before June 2025, rank_listwise_os_llm.py with and without `variable_passages` and
scripts/create_variable_length_samples.py; `single`: the public code of arXiv:2410.02642.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from zsbench.config.options import Blanks
from zsbench.core.templates import fill
from zsbench.data.collections.documents import Document
from zsbench.methods.rerank._identifiers import Defuse, Identifiers, defused, defused_query
from zsbench.methods.rerank.cuts import cut_words
from zsbench.methods.shared.document_texts import Piece, Titled, Wording, joined, put
from zsbench.models.capabilities import Prompt

NAMES = {"numeric": [str(i) for i in range(1, 1000)], "alpha": [chr(ord("A") + i) for i in range(26)]}


Frame = Annotated[str, Blanks("query", "n", "kind", "article", "adjective", "example", "swapped", "spread")]


class RankPrompt(Wording):
    """The pieces of the prompt; with a `receipt` every passage is a turn of its own, after `system` and `head`.

    Without a conversation there are no turns, and all pieces but the receipts stand in one text.

    `defuse`: what looks like an identifier inside passages gets round brackets: with `identifiers` bracketed numbers
    (or letters, where passages are named by letters), with `numbers` bracketed numbers in any case, in the query, too.
    `titled`: how a passage with a title is shown.
    `clean`: passages lose the artefact "Title: Content: " that some collections have before texts without a title.
    """

    in_one_of: ClassVar[dict[str, tuple[str, ...]]] = {"query": ("head", "tail")}

    system: Piece | None = None
    head: Frame = (
        " This is an intelligent assistant that can rank passages based on their relevancy to the query.\n\n"
        "The following are {n} passages, each indicated by {kind} identifier []. "
        'I can rank them based on their relevance to query: "{query}"\n\n'
    )
    acknowledgement: Piece = "Okay, please provide the passages."
    passage: Annotated[str, Blanks("id", "text", needed=("id", "text"))] = "[{id}] {text}"
    titled: Titled = "Title: {title} Content: {text}"
    receipt: Annotated[str, Blanks("id")] | None = None
    separator: Piece = "\n"
    tail: Frame = (
        '\n\nThe search query is: "{query}". I will rank the {n} passages above based on their relevance to the search '
        "query. The passages will be listed in descending order using identifiers, the most relevant passages should "
        "be listed first and the output format should be [] > [] > etc, e.g., {example} > etc. Be sure to list all "
        "{n} ranked passages and do not explain your ranking until after the list is done. "
    )
    answer: Piece = " Ranked Passages: ["
    defuse: Defuse = "none"
    clean: bool = False

    def shown(self, document: Document, max_words: int | None) -> str:
        """Return a passage with its title, where it has one, cut to its first words."""
        text = joined(document, self.titled)
        return cut_words(cleaned(text) if self.clean else text, max_words)


CHAT = RankPrompt(
    chat=True,
    system="You are RankGPT, an intelligent assistant that can rank passages based on their relevancy to the query.",
    head=(
        "I will provide you with {n} passages, each indicated by {kind} identifier []. \n"
        "Rank the passages based on their relevance to query: {query}."
    ),
    receipt="Received passage [{id}].",
    tail=(
        "Search Query: {query}. \nRank the {n} passages above based on their relevance to the search query. The "
        "passages should be listed in descending order using identifiers. The most relevant passages should be listed "
        "first. The output format should be [] > [], e.g., {example}. Only response the ranking results, do not say "
        "any word or explain."
    ),
    answer="",
    clean=True,
)
RANKLLM = RankPrompt(
    system="You are RankLLM, an intelligent assistant that can rank passages based on their relevancy to the query",
    head=(
        "I will provide you with {n} passages, each indicated by {article} {adjective} identifier []. "
        "Rank the passages based on their relevance to the search query: {query}.\n"
    ),
    tail=(
        "\nSearch Query: {query}.\nRank the {n} passages above based on their relevance to the search query. All the "
        "passages should be included and listed using identifiers, in descending order of relevance. The output format "
        "should be [] > [], e.g., {swapped}, Answer concisely and directly and only respond with the ranking results, "
        "do not say any word or explain."
    ),
    answer="",
    defuse="numbers",
)


def _trained(example: str) -> RankPrompt:
    """Return the wording of the training data of RankZephyr and RankVicuna with the example of one of them."""
    return RankPrompt(
        system=f"{RANKLLM.system}.",
        head=(
            "I will provide you with {n} passages, each indicated by a {adjective} identifier []. "
            "Rank the passages based on their relevance to the search query: {query}.\n\n"
        ),
        tail=(
            "\nSearch Query: {query}.\nRank the {n} passages above based on their relevance to the search query. All "
            "the passages should be included and listed using identifiers, in descending order of relevance. The "
            f"output format should be [] > [], e.g., {example}, Only respond with the ranking results, do not say any "
            "word or explain."
        ),
        answer="",
        defuse="numbers",
    )


STYLES = {
    "chat": CHAT,
    "rankllm": RANKLLM,
    "rankzephyr": _trained("{swapped}"),
    "rankvicuna": _trained("{spread}"),
    "single": RankPrompt(),
}


def cleaned(text: str) -> str:
    """Return a passage without the artefact of empty titles."""
    return text.replace("Title: Content: ", "").strip()


def build(
    pieces: RankPrompt, texts: Sequence[str], query: str, *, identifiers: Identifiers = "numeric", chat: bool
) -> Prompt:
    """Return the prompt for one window of passages."""
    names = NAMES[identifiers]
    if pieces.clean:
        texts = [cleaned(text) for text in texts]
    texts = [defused(text, pieces.defuse, identifiers) for text in texts]
    fields = {
        "n": len(texts),
        "query": defused_query(query, pieces.defuse),
        "kind": "number" if identifiers == "numeric" else "alphabetical",
        "article": "a" if identifiers == "numeric" else "an",
        "adjective": "numerical" if identifiers == "numeric" else "alphabetical",
        "example": f"[{names[0]}] > [{names[1]}]",
        "swapped": f"[{names[1]}] > [{names[0]}]",
        "spread": f"[{names[3]}] > [{names[1]}]",
    }
    head, tail = fill(pieces.head, **fields), fill(pieces.tail, **fields)
    shown = [fill(pieces.passage, id=name, text=text) for name, text in zip(names, texts, strict=False)]
    if pieces.receipt is None or not chat:
        content = head + fill(pieces.separator).join(shown) + tail
        return put(content, chat=chat, answer=pieces.answer, system=pieces.system)
    turns = [("user", head), ("assistant", fill(pieces.acknowledgement))]
    for name, text in zip(names, shown, strict=False):
        turns += [("user", text), ("assistant", fill(pieces.receipt, id=name))]
    turns = [("system", fill(pieces.system or "")), *turns, ("user", tail)]
    return Prompt(
        messages=tuple({"role": role, "content": text} for role, text in turns if text), answer=fill(pieces.answer)
    )
