"""The published ways to ask a language model for entities, and what its answers say.

`universalner` asks for one label at a time in a conversation whose first turns show the text; the answer is a JSON list
of strings. `json-list` asks for all labels at once; the answer is a JSON list of objects with `text` and `label`.

Source: `universalner`: Zhou et al. 2024 (ICLR), arXiv:2308.03279; `src/conversation.py` (ie_as_qa), `src/utils.py` and
the conversations of `src/eval/test_data` of universal-ner/universal-ner, commits 1d30fd9 and 4e454fe. `json-list` is no
paper's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from zsbench.config.options import Blanks
from zsbench.core import templates
from zsbench.core.templates import fill
from zsbench.methods.shared.document_texts import Piece, Wording
from zsbench.metrics.spans import answers
from zsbench.models.capabilities import Prompt

Turn = Annotated[str, Blanks("text", "label", "labels")]


class EntityPrompt(Wording):
    """The turns of the conversation; with `{label}` in one of them there is a conversation for every label.

    `receipt` is the model's own answer to the first turn, after which `question` is put. `plain` is what a model
    without turns reads; null is all pieces, parted by empty lines.
    """

    system: Piece | None = None
    first: Turn
    receipt: Piece | None = None
    question: Turn | None = None
    plain: Turn | None = None

    @model_validator(mode="after")
    def _asks(self) -> EntityPrompt:
        in_turns, in_plain = _blanks(self.first, self.question), _blanks(self.plain)
        for blanks in (in_turns, in_plain if self.plain is not None else in_turns):
            if "text" not in blanks or len(blanks & {"label", "labels"}) != 1:
                raise PydanticCustomError("expected", "{expected}", {"expected": "{text}, and {label} or {labels}"})
        if self.plain is not None and in_turns != in_plain:
            raise PydanticCustomError("expected", "{expected}", {"expected": "in `plain` the blanks of the turns"})
        if (self.receipt is None) != (self.question is None):
            raise PydanticCustomError("expected", "{expected}", {"expected": "`receipt` and `question` together"})
        return self

    def by_label(self) -> bool:
        """Say whether labels are asked one at a time."""
        return "label" in _blanks(self.first, self.question)

    def asked(self, text: str, labels: Sequence[str], *, chat: bool) -> Prompt:
        """Return the question about a text: about the one label, or about all of them."""
        known = {"text": text, "labels": ", ".join(labels), "label": labels[0]}

        def filled(piece: str | None) -> str:
            return "" if piece is None else fill(piece, **{key: known[key] for key in _blanks(piece)})

        if not chat and self.plain is not None:
            return Prompt(text=filled(self.plain))
        roles = {"system": self.system, "user": self.first, "assistant": self.receipt}
        turns = [(role, filled(piece)) for role, piece in roles.items() if piece is not None]
        turns += [("user", filled(self.question))] if self.question is not None else []
        if chat:
            return Prompt(messages=tuple({"role": role, "content": content} for role, content in turns))
        return Prompt(text="\n\n".join(content for _, content in turns) + "\n\n")


def _blanks(*pieces: str | None) -> set[str]:
    return {blank for piece in pieces if piece is not None for blank in templates.blanks(piece)}


STYLES = {
    "universalner": EntityPrompt(
        system="A virtual assistant answers questions from a user based on the provided text.",
        first="Text: {text}",
        receipt="I've read this text.",
        question="What describes {label} in the text?",
        plain=(
            "A virtual assistant answers questions from a user based on the provided text. USER: Text: {text} "
            "ASSISTANT: I've read this text.</s>USER: What describes {label} in the text? ASSISTANT:"
        ),
    ),
    "json-list": EntityPrompt(
        first=(
            "Text: {text}\n\nWhich parts of this text name an entity of one of these types: {labels}?\n"
            'Answer with a JSON list alone, with one object for each: {{"text": the part, as it is written there, '
            '"label": its type}}. Answer [] where there is none.'
        )
    ),
}


def one_label(answer: str, labels: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return (label, text) of an answer about one label, read as UniversalNER reads it; None when it is unparsable."""
    try:
        texts = answers.parsed(answer.strip())
        return None if texts is None else [(labels[0], _text(text)) for text in texts]
    except ValueError:
        return None


def all_labels(answer: str, labels: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return (label, text) of an answer about all labels: the first JSON list in it; None when it is unparsable.

    What stands around the list is left alone. Labels are recognised in whatever case; an entry of another label makes
    the answer unparsable, as one without text does.

    Examples
    --------
    >>> all_labels('Here: [{"text": "Queen", "label": "Band"}].', ["band", "song"])
    [('band', 'Queen')]
    >>> all_labels('[{"text": "Queen", "label": "ruler"}]', ["band", "song"]) is None
    True
    """
    known = {label.casefold(): label for label in labels}
    try:
        entries, _ = json.JSONDecoder().raw_decode(answer, answer.index("["))
        return [(known[entry["label"].strip().casefold()], _text(entry["text"])) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _text(value: object) -> str:
    """Return a text that may stand in a file: half of a character (a lone surrogate) is a ValueError."""
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()
    return value
