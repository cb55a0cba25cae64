"""The published prompts for permutation generation, piece by piece.

Source: `chat`: Sun et al. 2023, arXiv:2304.09542, appendix; `rankllm`: castorini/rank_llm, which RankVicuna and
RankZephyr were trained on; `single`: the public code of arXiv:2410.02642.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from zsbench.data._collection import Document
from zsbench.methods.rerank._texts import Wording, cut_words, fill, joined, put
from zsbench.models.capabilities import Prompt

NAMES = {"numeric": [str(i) for i in range(1, 1000)], "alpha": [chr(ord("A") + i) for i in range(26)]}
LOOK_ALIKE = {"numeric": re.compile(r"\[([0-9]+)\]"), "alpha": re.compile(r"\[([A-Za-z]+)\]")}


class RankPrompt(Wording):
    """The pieces of the prompt; with a `receipt` every passage is a turn of its own, after `system` and `head`.

    `defuse`: bracketed numbers (or letters) inside passages, which look like identifiers, get round brackets.
    """

    system: str | None = None
    head: str = (
        " This is an intelligent assistant that can rank passages based on their relevancy to the query.\n\n"
        "The following are {n} passages, each indicated by {kind} identifier []. "
        'I can rank them based on their relevance to query: "{query}"\n\n'
    )
    acknowledgement: str = "Okay, please provide the passages."
    passage: str = "[{id}] {text}"
    receipt: str | None = None
    separator: str = "\n"
    tail: str = (
        '\n\nThe search query is: "{query}". I will rank the {n} passages above based on their relevance to the search '
        "query. The passages will be listed in descending order using identifiers, the most relevant passages should "
        "be listed first and the output format should be [] > [] > etc, e.g., {example} > etc. Be sure to list all "
        "{n} ranked passages and do not explain your ranking until after the list is done. "
    )
    answer: str = " Ranked Passages: ["
    defuse: bool = False


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
)
RANKLLM = RankPrompt(
    system="You are RankLLM, an intelligent assistant that can rank passages based on their relevancy to the query",
    head=(
        "I will provide you with {n} passages, each indicated by a {adjective} identifier []. "
        "Rank the passages based on their relevance to the search query: {query}.\n\n"
    ),
    tail=(
        "\nSearch Query: {query}.\nRank the {n} passages above based on their relevance to the search query. All the "
        "passages should be included and listed using identifiers, in descending order of relevance. The output format "
        "should be [] > [], e.g., {swapped}, Answer concisely and directly and only respond with the ranking results, "
        "do not say any word or explain."
    ),
    answer="",
    defuse=True,
)
STYLES = {"chat": CHAT, "rankllm": RANKLLM, "single": RankPrompt()}


def passage(document: Document, max_words: int | None) -> str:
    """Return a passage as the prompts show it: "Title: T Content: X", or the text alone, cut to its first words."""
    return cut_words(joined(document, " Content: ", "Title: ").replace("Title: Content: ", "").strip(), max_words)


def build(pieces: RankPrompt, texts: Sequence[str], query: str, *, identifiers: str = "numeric", chat: bool) -> Prompt:
    """Return the prompt for one window of passages."""
    names = NAMES[identifiers]
    if pieces.defuse:
        texts = [LOOK_ALIKE[identifiers].sub(r"(\1)", text) for text in texts]
    fields = {
        "n": len(texts),
        "query": query,
        "kind": "number" if identifiers == "numeric" else "alphabetical",
        "adjective": "numerical" if identifiers == "numeric" else "alphabetical",
        "example": f"[{names[0]}] > [{names[1]}]",
        "swapped": f"[{names[1]}] > [{names[0]}]",
    }
    head, tail = fill(pieces.head, **fields), fill(pieces.tail, **fields)
    shown = [fill(pieces.passage, id=name, text=text) for name, text in zip(names, texts, strict=False)]
    if pieces.receipt is None:
        content = head + pieces.separator.join(shown) + tail
        return put(content, chat=chat, answer=pieces.answer, system=pieces.system)
    turns = [("user", head), ("assistant", pieces.acknowledgement)]
    for name, text in zip(names, shown, strict=False):
        turns += [("user", text), ("assistant", fill(pieces.receipt, id=name))]
    turns = [("system", pieces.system or ""), *turns, ("user", tail)]
    return Prompt(messages=tuple({"role": role, "content": text} for role, text in turns if text), answer=pieces.answer)
