"""Sentences that differ in their numbers alone, as one: with the lowest and the highest of each number."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def without_numbers(sentence: str) -> str:
    """Return what sentences that can be one have in common."""
    return _NUMBER.sub("#", sentence)


def as_one(sentences: Sequence[str]) -> str:
    """Return sentences that differ in their numbers alone as one.

    Examples
    --------
    >>> as_one(["few items: 12", "few items: 9"]), as_one(["few items: 9"])
    ('few items: 9 to 12', 'few items: 9')
    """
    columns = iter(zip(*(_NUMBER.findall(sentence) for sentence in sentences), strict=True))

    def ends(_: re.Match[str]) -> str:
        column = sorted(set(next(columns)), key=float)
        return column[0] if len(column) == 1 else f"{column[0]} to {column[-1]}"

    return _NUMBER.sub(ends, sentences[0])
