"""What a model wrote, read as an order of passages or as a choice of one.

Every reader answers for any text whatsoever and says whether the text was what was asked for.

Source: the public code of RankGPT (arXiv:2304.09542), RankLLM and In-Context-Reranking (arXiv:2410.02642).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

_STRICT_RUN = {False: re.compile(r"[\[\]> 0-9]*"), True: re.compile(r"(?:[\[\]> ]|[A-Z](?![A-Za-z]))*")}
_STRICT_ITEM = {False: re.compile(r" *\[ *([0-9]{1,9}) *\] *"), True: re.compile(r" *\[ *([A-Z]) *\] *")}


class Reading(NamedTuple):
    """A permutation of range(n), best first, and whether the text itself named one."""

    order: list[int]
    well_formed: bool


def lenient(text: str, n: int, *, letters: bool = False) -> Reading:
    """Read every number anywhere in the text: repeated and unknown ones are dropped, missing ones follow in order.

    Digits of any script or shape count (①, ², ３). Letters become
    numbers as in RankLLM: each is replaced by the digits of its place in the alphabet, so letters that touch make
    one number ("AB" is 12) and words fall out of range. Well formed: the first n numbers are a permutation.
    """
    digits = "".join((_letter(c) if letters else _digit(c)) for c in text)
    # Longer numbers are out of range, and Python refuses to read very long ones.
    named = [int(word) - 1 if len(word) < 10 else -1 for word in digits.split()]
    order = list(dict.fromkeys(i for i in named if 0 <= i < n))
    missing = [i for i in range(n) if i not in order]
    return Reading(order + missing, sorted(named[:n]) == list(range(n)))


def _digit(c: str) -> str:
    return str(unicodedata.digit(c)) if c.isdigit() else " "


def _letter(c: str) -> str:
    return str(ord(c) - ord("A") + 1) if c.isalpha() else " "


def strict(text: str, n: int, *, letters: bool = False) -> Reading:
    """Read `[2] > [1] > [3]` and nothing else; anything but a permutation leaves the input order.

    What follows the leading run of brackets, blanks, `>` and identifiers is cut off, and so are items after the
    n-th. An opening bracket that the prompt may have held is put back.
    """
    text = text.strip()
    text = text if text.startswith("[") else "[" + text
    run = _STRICT_RUN[letters].match(text)
    items = run.group().split(">")[:n] if run else []
    names = [match.group(1) for item in items if (match := _STRICT_ITEM[letters].fullmatch(item))]
    order = [ord(name) - ord("A") if letters else int(name) - 1 for name in names]
    if sorted(order) == list(range(n)) and len(items) == len(order):
        return Reading(order, True)
    return Reading(list(range(n)), False)


def choice(text: str, labels: Sequence[str]) -> int | None:
    """Return the index of the label that the answer names: the whole answer, else after "passage", else standing alone.

    Case counts where it tells a label from a word: the article "a" is no answer "A" unless it is all there is.
    None where no label is named.
    """
    known = list(labels)
    bare = text.strip(" \n\t\"'`*.:()[]").upper()
    if bare in known:
        return known.index(bare)
    name = "(" + "|".join(map(re.escape, known)) + r")(?!\w)"
    match = re.search(rf"(?i:passage)\W*{name}", text) or re.search(rf"(?<!\w){name}", text)
    return known.index(match.group(1)) if match else None
