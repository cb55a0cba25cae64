"""Texts over several lines of a given width, in columns of a terminal, where some letters take two."""

from __future__ import annotations

import re

from rich.cells import cell_len

# Behind these a name may go on in the next line, unless a lone mark follows; so may it before what is in parentheses
# and before a metric's cutoff.
_BREAKS = re.compile(r"(?<=[\s\-_/,;:=+])(?![\s\-_/,;:=+↑↓*!–])|(?<=[^\s(])(?=[(@])")


def folded(text: str, width: int) -> list[str]:
    """Return the lines of a text, none wider than `width`: broken at blanks and marks, else at any character.

    >>> folded("beir-trec-covid (synthetic)", 12)
    ['beir-trec-', 'covid', '(synthetic)']
    """
    if cell_len(text) <= width:
        return [text]
    lines, line = [], ""
    for piece in _pieces(text, max(width, 2)):
        if line and cell_len((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()]


def words_of(text: str) -> list[str]:
    """Return the parts of a text between which it may be broken."""
    return [word.rstrip() for word in _BREAKS.split(text)]


def _pieces(text: str, width: int) -> list[str]:
    """Return a text cut where it may be broken; what is wider than a line is cut anywhere."""
    pieces = []
    for piece in _BREAKS.split(text):
        while cell_len(piece.rstrip()) > width:
            end = next(i for i in range(len(piece), 0, -1) if cell_len(piece[:i]) <= width)
            end -= end > 1 and len(piece[end:].rstrip()) == 1  # no lone mark in a line of its own
            pieces.append(piece[:end])
            piece = piece[end:]
        pieces.append(piece)
    return [piece for piece in pieces if piece]
