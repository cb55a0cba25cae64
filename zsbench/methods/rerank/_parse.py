"""What a model wrote, read as an order of passages or as a choice of one.

Every reader answers for any text whatsoever and says whether the text was what was asked for. `named` readers take
identifiers only from where an answer names them, never from prose ("the ranking of the 3 passages"); the others are
the rules of published code, which some protocols are.

Source: the public code of RankGPT (arXiv:2304.09542), RankLLM, llm-rankers (arXiv:2310.09497) and
In-Context-Reranking (arXiv:2410.02642).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

Orders = Literal["named", "lenient", "strict"]
Choices = Literal["named", "first"]

_STRICT_RUN = {False: re.compile(r"[\[\]> 0-9]*"), True: re.compile(r"(?:[\[\]> ]|[A-Z](?![A-Za-z]))*")}
_STRICT_ITEM = {False: re.compile(r" *\[ *([0-9]{1,9}) *\] *"), True: re.compile(r" *\[ *([A-Z]) *\] *")}


class Reading(NamedTuple):
    """A permutation of range(n), best first; whether the text itself named one, and how many passages it named."""

    order: list[int]
    well_formed: bool
    n_named: int


def _completed(named: Sequence[int], n: int) -> Reading:
    """Return what identifiers say: repeated and unknown ones are dropped, missing ones follow in their order."""
    order = list(dict.fromkeys(i for i in named if 0 <= i < n))
    return Reading([*order, *(i for i in range(n) if i not in order)], sorted(named) == list(range(n)), len(order))


def named(text: str, n: int, *, letters: bool = False) -> Reading:
    """Read the identifiers that an answer names as its order, by the first of these rules that fits.

        [2] > [1] > [3], 2 > 1 > 3, Passage 2 > Passage 1     a chain; of several the longest, of those the last
        [2, 1, 3]                                             a list of JSON
        [2] and [1], 1. [2]                                   brackets, whatever stands between them
        Passage 2, then Document 1                            identifiers behind such a word
        2, 1, 3  or  2 1 3                                    an answer that holds nothing else

    Other numbers and letters are prose, and a text with none of these is no order.
    """
    name = "[A-Z]" if letters else "[0-9]{1,9}"
    text = "".join(_plain(c) for c in text).strip()
    # A prompt may have opened the answer's first bracket itself.
    text = re.sub(rf"\A({name})\s*\]", r"[\1]", text)
    item = rf"(?:(?:passage|document|doc)\s*)?(?:\[\s*{name}\s*\]|(?<![\w.]){name}(?!\w))"
    runs = (
        re.compile(rf"(?i:{item})(?:\s*>\s*(?i:{item}))+"),
        re.compile(rf"\[\s*{name}(?:\s*,\s*{name})+\s*\]"),
    )
    for run in runs:
        chains = [match.group() for match in run.finditer(text)]
        if chains:
            longest = max(reversed(chains), key=lambda chain: len(re.findall(rf"(?<!\w){name}(?!\w)", chain)))
            return _completed([_number(word) for word in re.findall(rf"(?<!\w){name}(?!\w)", longest)], n)
    for each in (rf"\[\s*({name})\s*\]", rf"(?i:passage|document|doc)\s*#?\s*({name})(?!\w)"):
        words = re.findall(each, text)
        if words:
            return _completed([_number(word) for word in words], n)
    bare = re.fullmatch(rf"{name}(?:(?:\s*,\s*|\s+){name})*[.]?", text)
    return _completed([_number(word) for word in re.findall(name, bare.group())] if bare else [], n)


def _plain(c: str) -> str:
    """Return a digit of any script or shape as an ASCII digit, other characters as they are."""
    return _digit(c) if c.isdigit() else c


def _number(word: str) -> int:
    return int(word) - 1 if word.isdigit() else ord(word) - ord("A")


def lenient(text: str, n: int, *, letters: bool = False) -> Reading:
    """Read every number anywhere in the text, as RankGPT and RankLLM do: repeated and unknown ones are dropped.

    Digits of any script or shape count (①, ², ３). Letters become numbers as in RankLLM: each is replaced by the digits
    of its place in the alphabet, so letters that touch make one number ("AB" is 12) and words fall out of range. Well
    formed: the first n numbers are a permutation.
    """
    digits = "".join((_letter(c) if letters else _digit(c)) for c in text)
    # Longer numbers are out of range, and Python refuses to read very long ones.
    numbers = [int(word) - 1 if len(word) < 10 else -1 for word in digits.split()]
    order, _, n_named = _completed(numbers, n)
    return Reading(order, sorted(numbers[:n]) == list(range(n)), n_named)


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
    order = [_number(name) for name in names]
    if sorted(order) == list(range(n)) and len(items) == len(order):
        return Reading(order, True, n)
    return Reading(list(range(n)), False, 0)


ORDERS: dict[str, Callable[..., Reading]] = {"named": named, "lenient": lenient, "strict": strict}

_QUOTES = " \n\t\"'`*.:()[]"
_SAYS = (
    r"(?:answer|output|choice|result|verdict|winner|conclusion|response)\W{0,3}"
    r"(?:\s+(?:is|would be|should be|must be))?"
)
_PICKS = r"(?:choose|chose|chosen|select|selected|pick|picked|prefer|go with)"
_BEST = r"(?:is|seems|appears|looks|would be)\s+(?:clearly\s+)?(?:the\s+)?(?:more|most|better|best)\b"
# "A passage" is an article and "I think" a pronoun, but "A or B" are labels.
_NO_WORD = r"(?!'|(?<=[AI])\s+(?!(?:or|and|vs)\b)[a-z])"
_NOUN = r"(?:passage|document|option|text)"


def choice(text: str, labels: Sequence[str]) -> int | None:
    """Return the index of the label that an answer names, by the first of these rules that fits; None where none does.

        B, "Passage B.", **B**                         the whole answer
        The answer is B, I choose Passage B, \\boxed{B}  what the answer says of itself, the last time that it does
        Passage B is more relevant                     the only label of which that is said
        ... Passage B ...                              the only label that is named at all

    Case tells a label from a word: the article "a", "A passage about" and "I think" name nothing.
    """
    known = list(labels)
    bare = re.sub(rf"\A{_NOUN}\s+", "", text.strip(_QUOTES), flags=re.IGNORECASE).strip(_QUOTES).upper()
    if bare in known:
        return known.index(bare)
    name = "(" + "|".join(map(re.escape, known)) + r")(?!\w)"
    for said in (
        rf"\\boxed\{{(?:\\text\{{)?\W*(?:(?i:{_NOUN})\s+)?{name}",
        rf"(?i:{_SAYS}|\b{_PICKS}\b)[\s:=*\"'`(\[]*(?:(?i:the)\s+)?(?:(?i:{_NOUN})\W{{1,3}})?{name}(?!\s+[a-z])",
    ):
        last = [match.group(1) for match in re.finditer(said, text)][-1:]
        if last:
            return known.index(last[0])
    label = rf"(?:(?i:{_NOUN})\W{{1,3}})?(?<!\w){name}"
    for pattern in (rf"{label}\W{{0,3}}\s*{_BEST}", rf"(?i:{_NOUN})\W{{1,3}}{name}", rf"(?<!\w){name}{_NO_WORD}"):
        said_of = set(re.findall(pattern, text))
        if len(said_of) == 1:
            return known.index(said_of.pop())
        if said_of:
            return None
    return None


def first_named(text: str, labels: Sequence[str]) -> int | None:
    """Return the label that "Passage X" names first, else the whole answer, as llm-rankers reads it."""
    matches = re.findall(r"Passage ([A-Z])", text)
    word = matches[0] if matches else text.strip()
    return list(labels).index(word) if word in labels else None


CHOICES: dict[str, Callable[[str, Sequence[str]], int | None]] = {"named": choice, "first": first_named}
