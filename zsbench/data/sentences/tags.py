"""Tags of words and the spans that they mark, in every scheme that files of entities come in.

A tag is a prefix, a hyphen and a type: `B-person`. A bare prefix has the type `_`.

| scheme | a span of three words | of one word | two spans of one type side by side |
|---|---|---|---|
| IO | I I I | I | cannot be told apart |
| IOB1 | I I I | I | the second begins with B |
| IOB2 | B I I | B | B I B |
| IOBES | B I E | S | B E S |
| BILOU | B I L | U | B L U |
| BMES | B M E | S | B E S |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from zsbench.data.sentences.sentence import Span

Strict = Literal["IO", "IOB1", "IOB2", "IOBES", "BILOU", "BMES"]
"""Schemes in which a tag that cannot follow the one before it belongs to no span."""
Scheme = Literal["conlleval", "nervaluate", "IO", "IOB1", "IOB2", "IOBES", "BILOU", "BMES"]
"""`conlleval` reads IO, IOB1, IOB2, IOBES and any mixture of them, and so does `nervaluate`, otherwise."""
LENIENT = ("O", "B", "I", "E", "S")
"""Prefixes that are read where no scheme is declared."""


@dataclass(frozen=True)
class _Prefixes:
    """Which prefixes begin a span of several words, go on with it, end it, and stand for a span of one word.

    Without `last` a span needs no end: it reaches as far as it is gone on with.
    """

    first: str
    inside: str
    last: str = ""
    single: str = ""


_STRICT: dict[str, _Prefixes] = {
    "IO": _Prefixes("I", "I"),
    "IOB1": _Prefixes("I", "I"),
    "IOB2": _Prefixes("B", "I"),
    "IOBES": _Prefixes("B", "I", "E", "S"),
    "BILOU": _Prefixes("B", "I", "L", "U"),
    "BMES": _Prefixes("B", "M", "E", "S"),
}


def prefixes(scheme: Scheme) -> tuple[str, ...]:
    """Return the prefixes that a scheme knows, O among them."""
    if scheme not in get_args(Strict):
        return LENIENT
    known = _STRICT[scheme]
    extra = ("B",) if scheme == "IOB1" else ()
    return tuple(dict.fromkeys(["O", *extra, *filter(None, (known.first, known.inside, known.last, known.single))]))


def is_tag(tag: str, scheme: Scheme = "conlleval") -> bool:
    """Return whether a text is O, or one of the scheme's prefixes alone or with a hyphen and a type."""
    prefix, rest = tag[:1], tag[1:]
    if prefix == "O":
        return not rest
    return prefix in prefixes(scheme) and (not rest or (rest[0] == "-" and len(rest) > 1))


def bio_spans(tags: Sequence[str], scheme: Scheme = "conlleval") -> list[Span]:
    """Return the spans that tags mark, ends inclusive, in the order of the words.

    Parameters
    ----------
    tags : one a word.
    scheme : `conlleval` takes an I-x after O or after another type as the beginning of a span (Tjong Kim Sang & De
        Meulder 2003; with the E and S of IOBES as seqeval reads them by default). `nervaluate` lets every tag but B go
        on with a span of its type, and gives a bare prefix an empty type (nervaluate 1.2). The others are strict, as
        seqeval is with `mode="strict"`: a tag out of its order belongs to no span, and a span without its end is none.

    Raises
    ------
    ValueError
        A tag that the strict scheme does not have.

    Examples
    --------
    >>> bio_spans(["B-A", "I-B", "O"])
    [(0, 0, 'A'), (1, 1, 'B')]
    >>> bio_spans(["B-A", "I-B", "O"], "IOB2")
    [(0, 0, 'A')]
    """
    if scheme == "conlleval":
        return _as_conlleval(tags)
    if scheme == "nervaluate":
        return _as_nervaluate(tags)
    if wrong := next((tag for tag in tags if not is_tag(tag, scheme)), None):
        raise ValueError(f"tag '{wrong}' in {scheme}, which has {', '.join(prefixes(scheme))}")
    return _strictly(tags, scheme)


def broken_tags(tags: Sequence[str], spans: Sequence[Span]) -> list[int]:
    """Return the positions of tags that mark a word as part of a span although none of the spans read covers it."""
    covered = {position for start, end, _ in spans for position in range(start, end + 1)}
    return [position for position, tag in enumerate(tags) if tag != "O" and position not in covered]


def _as_conlleval(tags: Sequence[str]) -> list[Span]:
    spans: list[Span] = []
    open_type, start = "", 0
    for position, tag in enumerate([*tags, "O"]):
        if tag == "O" and not open_type:  # most words
            continue
        prefix, kind = tag[:1], _type(tag)
        continues = open_type != "" and prefix in ("I", "E") and kind == open_type
        if open_type and not continues:
            spans.append((start, position - 1, open_type))
            open_type = ""
        if not continues and prefix != "O":
            open_type, start = kind, position
        if open_type and prefix in ("S", "E"):
            spans.append((start, position, open_type))
            open_type = ""
    return spans


def _as_nervaluate(tags: Sequence[str]) -> list[Span]:
    spans: list[Span] = []
    start: int | None = None
    for position, tag in enumerate([*tags, "O"]):
        goes_on = start is not None and tag[:1] not in ("O", "B") and tag[2:] == tags[start][2:]
        if start is not None and not goes_on:
            spans.append((start, position - 1, tags[start][2:]))
            start = None
        if tag != "O" and not goes_on:
            start = position
    return spans


def _strictly(tags: Sequence[str], scheme: Scheme) -> list[Span]:
    known = _STRICT[scheme]
    spans: list[Span] = []
    position = 0
    while position < len(tags):
        prefix, kind = tags[position][:1], _type(tags[position])
        # In IOB1 a B parts what it begins from a word of the same type just before it.
        before = tags[position - 1] if position else "O"
        parts = scheme == "IOB1" and prefix == "B" and before != "O" and _type(before) == kind
        if prefix == known.single:
            spans.append((position, position, kind))
        elif prefix == known.first or parts:
            end = _end(tags, position, known)
            if end is not None:
                spans.append((position, end, kind))
                position = end
        position += 1
    return spans


def _end(tags: Sequence[str], start: int, known: _Prefixes) -> int | None:
    """Return the last word of the span that begins at `start`, or None where the end that it needs is missing."""
    kind, end = _type(tags[start]), start
    while end + 1 < len(tags) and tags[end + 1][:1] == known.inside and _type(tags[end + 1]) == kind:
        end += 1
    following = tags[end + 1] if end + 1 < len(tags) else "O"
    if known.last:
        return end + 1 if following[:1] == known.last and _type(following) == kind else None
    # Only IOB1 begins spans with I and has a B: there a B does not end what another B began, unless it is of its type.
    unfinished = known.first == "I" and tags[end][:1] == following[:1] == "B" and _type(following) != kind
    return None if unfinished else end


def _type(tag: str) -> str:
    return tag[1:].lstrip("-") or "_"
