"""Texts of others as they may be printed: labels, descriptions and results hold whatever their authors wrote.

It ends one kind of open door: a terminal obeys the control characters that it is sent, and a line break leaves a
comment or a cell. Every table and every message passes through here.
"""

from __future__ import annotations

import re

# Controls but tab and line feed, separators of lines and paragraphs, what turns the direction of a line around, and
# halves of characters, which stand for bytes that are not UTF-8.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile(r"[\t\n]+")


def plain(text: str) -> str:
    """Return a text without characters that a terminal obeys, each as `\\u001b`, which JSON reads back."""
    if text.isprintable():  # as nearly all texts are
        return text
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str) -> str:
    """Return a text as `plain` does, on one line, for a cell or a comment."""
    if text.isprintable():
        return text
    return _BREAKS.sub(" ", plain(text))
