"""How texts are cut for a prompt, by words or by tokens, and the count of those that lost something.

A word is what stands between blanks; in scripts that put none between words (Chinese, Japanese, Thai, ...) every
character is one, with the marks on it, so that a limit in words is one there too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.errors import RunError, UserError

# Thai to Tibetan, Burmese, Khmer, Tai scripts, Javanese; Japanese, Bopomofo and Chinese; Chinese beyond the 16 bits.
_UNPARTED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua980-\ua9df\uaa60-\uaadf"
    "\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U000323af]"
)
_JOINERS = "\u200c\u200d"


def unparted(text: str) -> bool:
    """Say whether a text holds characters of a script without blanks between words."""
    return _UNPARTED.search(text) is not None


def word_ends(text: str) -> list[int]:
    """Return where each word of a text ends."""
    if not unparted(text):
        return [match.end() for match in re.finditer(r"\S+", text)]
    ends: list[int] = []
    inside = False  # a word between blanks, which goes on with the next character
    for place, c in enumerate(text, 1):
        if c.isspace():
            inside = False
        elif ends and ends[-1] == place - 1 and (unicodedata.category(c)[0] == "M" or c in _JOINERS):
            ends[-1] = place
        elif _UNPARTED.match(c):
            ends.append(place)
            inside = False
        elif inside:
            ends[-1] = place
        else:
            ends.append(place)
            inside = True
    return ends


def n_words(text: str) -> int:
    """Return the number of words."""
    return len(word_ends(text))


def first_words(text: str, limit: int) -> str:
    """Return a text up to the end of its last allowed word, blanks as they are."""
    ends = word_ends(text)
    return text if len(ends) <= limit else text[: ends[limit - 1]] if limit > 0 else ""


def cut_words(text: str, limit: int | None) -> str:
    """Return the first words with single blanks where there are any, or the text as it is without a limit."""
    return text if limit is None else " ".join(first_words(text, limit).split())


def cut_tokens(model: Any, text: str, limit: int | None) -> str:
    """Return as much of a text as has no more than `limit` tokens, as the model's tokenizer counts.

    Raises
    ------
    UserError
        The model has no tokenizer of its own to count with.
    """
    if limit is None:
        return text
    if not hasattr(model, "tokenize"):
        found = f"{type(model).__name__} has no tokenizer to cut texts with"
        raise UserError("", found, "a limit in words (`unit: words`), or no limit")
    return _before(text, model.tokenize(text, special=False)[1], limit)


def _before(text: str, offsets: Sequence[tuple[int, int]], limit: int) -> str:
    """Return a text up to the end of its last allowed token; a character of several tokens is kept whole or not."""
    if len(offsets) <= limit:
        return text
    if limit <= 0:
        return ""
    (_, end), (begin, beyond) = offsets[limit - 1], offsets[limit]
    return text[: begin if begin < end <= beyond else end]


def lost(before: str, after: str) -> bool:
    """Say whether a text lost more than blanks."""
    return len("".join(after.split())) < len("".join(before.split()))


def count(model: Any, before: Sequence[str], after: Sequence[str]) -> None:
    """Count the texts that were cut."""
    model.cost.truncated_items += sum(lost(a, b) for a, b in zip(before, after, strict=True))


def fitted(model: Any, texts: Sequence[str], length: Callable[[list[str]], int]) -> list[str]:
    """Return texts with which a prompt fits the model: as they are, or each cut to as many tokens as there is room for.

    A prompt whose texts are cut is counted.

    Parameters
    ----------
    length : tokens of the prompt with given texts.

    Raises
    ------
    RunError
        The prompt is too long even with one token of each text.
    """
    whole, limit = list(texts), getattr(model, "max_tokens", None)
    if limit is None or length(whole) <= limit:
        return whole
    offsets = [model.tokenize(text, special=False)[1] for text in whole]

    def cut(n: int) -> list[str]:
        return [_before(text, own, n) for text, own in zip(whole, offsets, strict=True)]

    low, high = 0, max(map(len, offsets))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(cut(middle)) <= limit else (low, middle - 1)
    shorter = cut(low)
    if any(text.strip() and not own for text, own in zip(whole, shorter, strict=True)):
        found = f"a prompt of {length(whole)} tokens does not fit the model's {limit}"
        raise RunError("", found, "room for a token of each passage", "fewer passages in a prompt: `window`")
    model.cost.truncated_items += 1
    return shorter
