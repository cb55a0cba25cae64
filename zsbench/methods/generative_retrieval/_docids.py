"""How a language model is asked for docids: the prompt, the tokens of every id, one search of the trie a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any

from zsbench.config.options import Blanks
from zsbench.core.templates import blanks, fill
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import Document
from zsbench.methods.generative_retrieval import Docids, Query, Retriever
from zsbench.methods.shared.constrained import ranking
from zsbench.methods.shared.document_texts import Piece, Wording, joined, put
from zsbench.methods.shared.trie import Trie, require_apart
from zsbench.models.capabilities import Prompt, TokenScorer


class DocidPrompt(Wording):
    """The question, how the model's turn opens, and how an id is written there.

    `{collection}` in `text` stands for all documents, each as `passage`, with `separator` between them: for small
    collections and models that were not trained on them.
    """

    system: Piece | None = None
    text: Annotated[str, Blanks("query", "collection", needed=("query",))] = "Query: {query} "
    answer: Piece = "Document id: "
    docid: Annotated[str, Blanks("docid", needed=("docid",))] = "{docid}"
    passage: Annotated[str, Blanks("docid", "text", needed=("docid", "text"))] = "{docid}: {text}"
    separator: Piece = "\n"

    def listing(self, docids: Docids) -> str:
        """Return the collection as the prompt shows it, or an empty text where it shows none."""
        if "collection" not in blanks(self.text):
            return ""
        documents = docids.collection.documents
        shown = [
            fill(self.passage, docid=docid if isinstance(docid, str) else name, text=joined(documents[name]))
            for name, docid in zip(docids.names, docids.ids, strict=True)
            if name in documents
        ]
        return fill(self.separator).join(shown)

    def asked(self, query: str, listing: str, *, chat: bool) -> Prompt:
        """Return the prompt of one query."""
        content = fill(self.text, query=query, collection=listing)
        return put(content, chat=chat, answer=self.answer, system=self.system)


def retriever(prompt: DocidPrompt, *, width: int | None, end: bool, renormalise: bool) -> Retriever:
    """Return what searches the trie of all ids for every query.

    Parameters
    ----------
    width : beams kept at every step; None scores every id.
    end : the token that ends an id counts.
    renormalise : see `constrained`.
    """

    def retrieve(model: TokenScorer, queries: Sequence[Query], docids: Docids) -> Iterator[list[int]]:
        ids = [tokens(model, docid, prompt.docid, end=end) for docid in docids.ids]
        require_apart(ids, docids.ids)
        trie = Trie(ids)
        chat, listing = prompt.talks(model), prompt.listing(docids)
        for query in queries:
            logprobs = partial(model.next_logprobs, prompt.asked(query.text, listing, chat=chat))
            yield ranking(trie, logprobs, width=width, renormalise=renormalise)

    return retrieve


def tokens(model: TokenScorer, docid: str | tuple[int, ...], template: str, *, end: bool) -> tuple[int, ...]:
    """Return the tokens of a docid; one that is given as tokens gets no more than the end it may lack."""
    if isinstance(docid, str):
        return tuple(model.answer_tokens(fill(template, docid=docid), end=end))
    last = tuple(model.answer_tokens("", end=True)) if end else ()
    return docid if docid[-1:] == last else docid + last


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins, for `zsbench show`."""
    prompt = DocidPrompt.model_validate(options.get("prompt", {}))
    collection = Collection({"<docid>": Document("<docid>", "<text>")}, {}, {})
    stand_in = Docids(["<docid>"], ["<docid>"], collection, 1)
    asked = prompt.asked("<query>", prompt.listing(stand_in), chat=False)
    return f"{asked.text}{asked.answer}\n-> {fill(prompt.docid, docid='<docid>')}"
