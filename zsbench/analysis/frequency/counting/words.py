"""How captions and names become words, a block of captions at a time.

`plain` is what `exact` and `lemma` read: letter case is folded (Unicode), a word is a run of letters, digits and the
marks on them, anything else is a border, `_`, `-` and `'` too. `unicode61` is what REAL's search reads: quotes are
deleted, and the rest is cut as SQLite's FTS5 cuts it by default, by letters and digits, without letter case and without
the accents of Latin letters. SQLite's table of letters ends with Unicode 6.1 and takes every later character, such as
an emoji, for a letter; here those are borders.

A block of words is bytes: UTF-8, words parted by blanks, captions ended by a line feed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

Reading = Literal["plain", "unicode61"]

# The marks that FTS5 drops within a word, so that a letter and its accent may also be two characters.
_DROPPED = frozenset(
    map(chr, [*range(0x300, 0x305), *range(0x306, 0x30D), 0x30F, 0x311, 0x31B, *range(0x323, 0x329)])
) | frozenset(map(chr, [0x32D, 0x32E, 0x330, 0x331]))
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz")


class _Plain(dict[int, str]):
    """What a character is in `plain`, for `str.translate`; found when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        word = unicodedata.category(character)[0] in "LNM"
        self[code] = unicodedata.normalize("NFC", character.casefold()) if word else " "
        return self[code]


class _Unicode61(dict[int, str]):
    """Likewise in `unicode61`."""

    def __missing__(self, code: int) -> str:
        self[code] = self._folded(chr(code))
        return self[code]

    @staticmethod
    def _folded(character: str) -> str:
        if character in _DROPPED or character in "\"'":
            return ""
        category = unicodedata.category(character)
        if category[0] not in "LN" and category != "Co":
            return " "
        lower = next((form for form in (character.casefold(), character.lower()) if len(form) == 1), character)
        parts = unicodedata.normalize("NFD", lower)
        return parts[0].lower() if len(parts) == 2 and parts[0].lower() in _LATIN else lower


_CHARACTERS: dict[Reading, dict[int, str]] = {"plain": _Plain(), "unicode61": _Unicode61()}
for _table in _CHARACTERS.values():
    _table[10] = "\n"  # what ends a caption
_ASCII = bytes(ord(chr(code).lower()) if code == 10 or chr(code).isalnum() else 32 for code in range(128)) + bytes(
    range(128, 256)
)
_DELETED: dict[Reading, bytes] = {"plain": b"", "unicode61": b"\"'"}


def block(texts: Sequence[str], reading: Reading) -> bytes:
    """Return the words of captions, each caption ended by a line feed; a line end within a caption is a border."""
    joined = "\n".join(texts)
    if joined.count("\n") != len(texts) - 1:
        texts = [text.replace("\n", " ") for text in texts]
        joined = "\n".join(texts)
    if not joined.isascii():
        joined = "\n".join(text if text.isascii() else _folded(text, reading) for text in texts)
    return (joined + "\n").encode().translate(_ASCII, _DELETED[reading])


def of_text(text: str, reading: Reading) -> list[str]:
    """Return the words of one text.

    Examples
    --------
    >>> of_text("Café au lait, 2_cups", "plain"), of_text("Café au lait's", "unicode61")
    (['café', 'au', 'lait', '2', 'cups'], ['cafe', 'au', 'laits'])
    """
    return [word.decode() for word in block([text], reading).split()]


def _folded(text: str, reading: Reading) -> str:
    if reading == "plain":
        text = unicodedata.normalize("NFC", text)
    return text.translate(_CHARACTERS[reading])
