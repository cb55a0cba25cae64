"""Parts of a ranking prompt: passages, queries, cuts, and whether it is a conversation or plain text."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from zsbench.config.components import Strict
from zsbench.config.options import Blanks, Count, Text
from zsbench.core import templates
from zsbench.core.templates import fill
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank.cuts import count, cut_tokens, cut_words
from zsbench.models.capabilities import Prompt, Tokenizer

Piece = Annotated[str, Blanks()]
"""A piece of a prompt that has no blanks."""
Titled = Annotated[str, Blanks("title", "text", needed=("title", "text"))]
"""How a passage is shown that has a title."""
Word = Annotated[Text, Blanks()]
"""An answer that a model may give."""


class Cut(Strict):
    """How much of a text is shown: the first `passage` and `query` tokens (or words); null shows all of it.

    In scripts without blanks between words every character counts as a word.
    """

    unit: Literal["tokens", "words"] = "tokens"
    passage: Count | None = 128
    query: Count | None = 32

    def needs(self) -> dict[type, str]:
        """Return what a cut asks of a model: tokens are counted by its tokenizer."""
        by_tokens = self.unit == "tokens" and (self.passage is not None or self.query is not None)
        return {Tokenizer: "`cut: {unit: words}`"} if by_tokens else {}


NO_CUT = Cut(passage=None, query=None)


class Wording(Strict):
    """What every prompt may say beside its wording.

    `chat`: through the model's chat template, or as plain text; null does what the model was made for.
    """

    in_one_of: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Blanks that some piece has to hold, whichever it is: {blank: pieces}."""
    compared: ClassVar[tuple[str, ...]] = ()
    """Two answers whose probabilities are compared, so that they cannot be one."""

    chat: bool | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Wording:
        for blank, pieces in self.in_one_of.items():
            if not any(blank in templates.blanks(getattr(self, piece) or "") for piece in pieces):
                places = " or ".join(f"`{piece}`" for piece in pieces)
                raise PydanticCustomError("expected", "{expected}", {"expected": f"{{{blank}}} in {places}"})
        if self.compared and len({getattr(self, piece) for piece in self.compared}) == 1:
            both = " and ".join(f"`{piece}`" for piece in self.compared)
            raise PydanticCustomError("expected", "{expected}", {"expected": f"{both} that differ"})
        return self

    def talks(self, model: Any) -> bool:
        """Say whether the prompt is put as the user's turn of a conversation."""
        return converses(model) if self.chat is None else self.chat


def put(content: str, *, chat: bool, answer: str = "", system: str | None = None) -> Prompt:
    """Return a prompt of one piece, as a conversation or as plain text; `answer` opens the model's turn.

    `content` is filled in already; `answer` and `system` are pieces without blanks.
    """
    answer, system = fill(answer), None if system is None else fill(system)
    if not chat:
        return Prompt(text=content if system is None else f"{system}\n\n{content}", answer=answer)
    first = () if system is None else ({"role": "system", "content": system},)
    return Prompt(messages=(*first, {"role": "user", "content": content}), answer=answer)


def converses(model: Any) -> bool:
    """Say whether a model was made for conversations: its tokenizer has a chat template, or it is a chat endpoint.

    Encoder-decoders (T5) have no turns. A model that does not say it itself converses where it has a chat template to
    ask, or only writes, without probabilities.
    """
    known = getattr(model, "converses", None)
    return bool(known) if known is not None else hasattr(model, "chat") or not hasattr(model, "label_logits")


def is_decoder(model: Any) -> bool:
    """Say whether a model goes on from its prompt (`CausalLM`) rather than answering in a decoder of its own (T5).

    Endpoints do: they echo the prompt before what they score.
    """
    return hasattr(model, "next_token_logits") or getattr(model, "device", "") == "remote"


def shown(model: Any, item: RankItem, cut: Cut) -> tuple[str, list[str]]:
    """Return the query and the passages (title, blank, text) as a prompt shows them; texts that are cut are counted."""

    def trim(text: str, limit: int | None) -> str:
        return cut_words(text, limit) if cut.unit == "words" else cut_tokens(model, text, limit)

    whole = [joined(document) for document in item.documents]
    query, passages = trim(item.query, cut.query), [trim(text, cut.passage) for text in whole]
    count(model, [item.query, *whole], [query, *passages])
    return query, passages


def joined(document: Document, titled: str = "{title} {text}") -> str:
    """Return a passage with its title, where it has one, as the template `titled` says."""
    text = fill(titled, title=document.title, text=document.text) if document.title else document.text
    return text.strip()
