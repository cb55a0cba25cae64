"""Spans as JSON writes them: lists or objects, by words or by characters, with or without scores and texts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from zsbench.core.errors import UserError
from zsbench.data.sentences.borders import Placer
from zsbench.data.sentences.sentence import Mention, Sentence

Offsets = Literal["words", "characters"]
_LIST = "[start, end, label], then a score and a text or neither, or an object with these keys"


@dataclass
class SpanReader:
    """Reads the spans of sentence after sentence.

    Attributes
    ----------
    offsets : what starts and ends count: words, ends inclusive, or characters of the text, ends exclusive.
    placer : what becomes of spans of characters whose borders are no words'.
    """

    offsets: Offsets = "words"
    placer: Placer = field(default_factory=Placer)

    def gold(self, span: Any, sentence: Sentence, where: str) -> Any:
        """Return a gold span: (start, end, label), or a mention where no words stand for it. Errors as `mention`."""
        mention = self._placed(span, sentence, where)
        return mention if mention.start is None else (mention.start, mention.end, mention.label)

    def mention(self, span: Any, sentence: Sentence, where: str) -> Mention:
        """Return what a predicted span says, with its words; one that stands nowhere has a text.

        Raises
        ------
        UserError
            It is no such span, leaves its sentence, has a score that is no number, or borders that are an error.
        """
        mention = self._placed(span, sentence, where)
        if mention.start is None and mention.text is None:
            raise UserError(where, f"sentence {sentence.id}: span {span!r} without borders", "a text behind its score")
        return mention

    def _placed(self, span: Any, sentence: Sentence, where: str) -> Mention:
        start, end, label, score, text = _fields(span, where)
        if start is None:
            return Mention(None, None, label, score, text)
        if text is not None and _blanked(text) not in self._readings(sentence, start, end):
            self.placer.counted("that read otherwise than their `text`")
        if self.offsets == "characters":
            place = self.placer.place(sentence, start, end, where)
            if place is None:
                return Mention(None, None, label, score, sentence.written()[start:end])
            return Mention(*place, label, score, text)
        if not 0 <= start <= end < len(sentence.words):
            expected = f"0 <= start <= end < {len(sentence.words)} (words, end inclusive)"
            raise UserError(where, f"sentence {sentence.id}: span {span!r}", expected)
        return Mention(start, end, label, score, text)

    def _readings(self, sentence: Sentence, start: int, end: int) -> set[str]:
        """Return how a span may be written: the sentence's characters, or its words joined by blanks."""
        if self.offsets == "characters":
            return {_blanked(sentence.written()[start:end])}
        if not 0 <= start <= end < len(sentence.words):
            return set()
        places = sentence.places()
        written = sentence.written()[places[start][0] : places[end][1]]
        return {_blanked(written), _blanked(sentence.spelled(start, end))}


def _blanked(text: str) -> str:
    return " ".join(text.split())


def _fields(span: Any, where: str) -> tuple[Any, Any, str, float | None, str | None]:
    """Return start, end, label without blanks around it, score and text; start and end whole numbers or both None."""
    if isinstance(span, dict):
        label = span.get("label", span.get("type"))
        start, end, score, text = (span.get(key) for key in ("start", "end", "score", "text"))
    elif isinstance(span, list) and 3 <= len(span) <= 5:
        start, end, label, score, text = (*span, None, None)[:5]
    else:
        raise UserError(where, f"span {span!r}", _LIST)
    is_number = isinstance(score, (int, float)) and not isinstance(score, bool) and math.isfinite(score)
    is_score = score is None or is_number
    is_place = type(start) is type(end) is int or (start is end is None)
    if not (is_place and is_score and isinstance(label, str) and label.strip() and isinstance(text, str | None)):
        raise UserError(where, f"span {span!r}", _LIST)
    return start, end, label.strip(), score, text
