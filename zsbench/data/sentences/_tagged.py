"""From the tags of a sentence to its spans, with a place in the file for every tag that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from zsbench.core.errors import UserError
from zsbench.data.sentences.sentence import Span
from zsbench.data.sentences.tags import Scheme, Strict, bio_spans, broken_tags, is_tag, prefixes

ReadScheme = Literal["conlleval", "IO", "IOB1", "IOB2", "IOBES", "BILOU", "BMES"]
"""What a source may be told about its tags; without a strict scheme they are read as conlleval does."""
Malformed = Literal["error", "drop"]
STRICT = get_args(Strict)


@dataclass
class TagReader:
    """Reads the tags of sentence after sentence.

    Attributes
    ----------
    scheme : how spans are tagged.
    malformed : what a tag is that a strict scheme does not allow where it stands: an error, or dropped and counted.
    dropped : how many were dropped until now.
    """

    scheme: Scheme
    malformed: Malformed = "error"
    dropped: int = 0

    def spans(self, tags: Sequence[str], sentence: str, where: Callable[[int], str]) -> list[Span]:
        """Return the spans of one sentence.

        Parameters
        ----------
        tags : one a word.
        sentence : its id, for messages.
        where : from the number of a word, from 0, to its place in the file.

        Raises
        ------
        UserError
            A text that is no tag of the scheme, or one out of its order under a strict scheme.
        """
        if wrong := {tag for tag in set(tags) if not is_tag(tag, self.scheme)}:
            number, tag = next((number, tag) for number, tag in enumerate(tags) if tag in wrong)
            raise UserError(where(number), f"sentence {sentence}: tag '{tag}'", *_expected(tag, self.scheme))
        spans = bio_spans(tags, self.scheme)
        broken = broken_tags(tags, spans)
        if broken and self.malformed == "error":
            number = broken[0]
            before = f"after '{tags[number - 1]}'" if number else "at the beginning"
            after = f"before '{tags[number + 1]}'" if number + 1 < len(tags) else "at the end"
            found = f"sentence {sentence}: tag '{tags[number]}' {before}, {after}, is part of no span"
            hint = "`malformed: drop` leaves such tags out and counts them"
            raise UserError(where(number), found, f"tags in the order of {self.scheme}", hint)
        self.dropped += len(broken)
        return spans

    def counts(self) -> dict[str, int]:
        """Return how many tags were dropped, by what they are; nothing where none was."""
        return {f"tags dropped as malformed {self.scheme}": self.dropped} if self.dropped else {}


def _expected(tag: str, scheme: Scheme) -> tuple[str, str]:
    """Return what was expected instead of a tag, and the scheme that would have it where there is one."""
    known = " or ".join(f"{prefix}-type" for prefix in prefixes(scheme) if prefix != "O")
    other = next((name for name in STRICT if is_tag(tag, name)), "")
    return f"O, {known}", f"`scheme: {other}` has this tag" if other else ""
