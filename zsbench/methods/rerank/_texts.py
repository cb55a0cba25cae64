"""What a ranking prompt is made of: passages, queries, what is cut off, and conversation or plain text."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import PositiveInt

from zsbench.components import Strict
from zsbench.data._collection import Document
from zsbench.errors import UserError
from zsbench.methods.rerank import RankItem
from zsbench.models.capabilities import Prompt


class Cut(Strict):
    """How much of a text is shown: the first `passage` and `query` tokens (or words); null shows all of it."""

    unit: Literal["tokens", "words"] = "tokens"
    passage: PositiveInt | None = 128
    query: PositiveInt | None = 32


NO_CUT = Cut(passage=None, query=None)


class Wording(Strict):
    """What every prompt may say beside its wording.

    `chat`: through the model's chat template, or as plain text; null does what the model was made for.
    """

    chat: bool | None = None

    def talks(self, model: Any) -> bool:
        """Say whether the prompt is put as the user's turn of a conversation."""
        return converses(model) if self.chat is None else self.chat


def put(content: str, *, chat: bool, answer: str = "", system: str | None = None) -> Prompt:
    """Return a prompt of one piece, as a conversation or as plain text; `answer` opens the model's turn."""
    if not chat:
        return Prompt(text=content if system is None else f"{system}\n\n{content}", answer=answer)
    first = () if system is None else ({"role": "system", "content": system},)
    return Prompt(messages=(*first, {"role": "user", "content": content}), answer=answer)


def converses(model: Any) -> bool:
    """Say whether a model was made for conversations: its tokenizer has a chat template, or it is an endpoint.

    Encoder-decoders (T5) have no turns. A model that only writes, without probabilities, is an endpoint.
    """
    if not hasattr(model, "chat"):
        return not hasattr(model, "label_logits")
    try:
        model.chat([{"role": "user", "content": "?"}])
    except UserError:
        return False
    return True


def is_decoder(model: Any) -> bool:
    """Say whether a model goes on from its prompt (`CausalLM`) rather than answering in a decoder of its own (T5)."""
    return hasattr(model, "next_token_logits")


def fill(template: str, **fields: Any) -> str:
    """Return a template with its blanks filled in.

    Raises
    ------
    UserError
        The template has a blank that nothing fills, or a brace without its partner.
    """
    try:
        return template.format(**fields)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        blanks = ", ".join(f"{{{name}}}" for name in fields)
        raise UserError("", f"prompt {template!r} cannot be filled in ({error})", f"blanks among {blanks}") from None


def cut_words(text: str, limit: int | None) -> str:
    """Return the first words with single blanks between them, or the text as it is without a limit."""
    return text if limit is None else " ".join(text.split()[:limit])


def cut_tokens(model: Any, text: str, limit: int | None) -> str:
    """Return the text up to the end of its last allowed token, as the model's tokenizer counts.

    Raises
    ------
    UserError
        The model has no tokenizer of its own to count with.
    """
    if limit is None:
        return text
    if not hasattr(model, "tokenize"):
        found = f"{type(model).__name__} has no tokenizer to cut texts with"
        raise UserError("", found, "a local model, or `cut: {unit: words}` in the method's options")
    _, offsets = model.tokenize(text, special=False)
    return text if len(offsets) <= limit else text[: offsets[limit - 1][1]]


def shown(model: Any, item: RankItem, cut: Cut) -> tuple[str, list[str]]:
    """Return the query and the passages (title, blank, text) as a prompt shows them; cut passages are counted."""

    def trim(text: str, limit: int | None) -> str:
        return cut_words(text, limit) if cut.unit == "words" else cut_tokens(model, text, limit)

    whole = [joined(document) for document in item.documents]
    passages = [trim(text, cut.passage) for text in whole]
    model.cost.truncated_items += sum(len(a.split()) > len(b.split()) for a, b in zip(whole, passages, strict=True))
    return trim(item.query, cut.query), passages


def joined(document: Document, between: str = " ", before: str = "") -> str:
    """Return a passage with its title in front, where it has one."""
    text = f"{before}{document.title}{between}{document.text}" if document.title else document.text
    return text.strip()
