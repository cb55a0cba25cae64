"""Sentences of a text, and chunks of whole sentences that fit an encoder.

The built-in splitter ends a sentence at . ! ? (and their closing quotes and brackets) before a blank, unless what
stands before is an abbreviation or an initial, or what follows begins in lower case; a mark between two blanks ends one
whatever follows, as in tokenised text; a blank line ends one too. `syntok` is the splitter of the reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from zsbench.core.errors import UserError

Splitter = Literal["built-in", "syntok"]

_END = re.compile(r"(?<=\s)[.!?]+(?=\s)|[.!?…]+[\"'”’»)\]]*(?=\s)|\n\s*\n")
_ABBREVIATION = re.compile(
    r"mrs?|ms|dr|prof|st|jr|sr|no|vs|etc|al|figs?|eqs?|approx|dept|est|inc|ltd|co|corp|gen|gov|sen|rep|col|capt|lt|sgt|"
    r"rev|hon|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|e\.g|i\.e|u\.s|u\.k|cf|ca|eds?|vol|pp",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"([^\s(\[\"'“‘]+)$")


def sentences(text: str, splitter: Splitter) -> list[str]:
    """Return the sentences of a text, without blanks around them; a text of blanks has none.

    Raises
    ------
    UserError
        `syntok` is asked for and not installed.
    """
    return _syntok(text) if splitter == "syntok" else _built_in(text)


def _built_in(text: str) -> list[str]:
    found, start = [], 0
    for match in _END.finditer(text):
        if _ends(text, match):
            found.append(text[start : match.end()].strip())
            start = match.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _ends(text: str, match: re.Match[str]) -> bool:
    """Say whether a mark ends a sentence rather than an abbreviation."""
    mark, after = match.group(), text[match.end() :].lstrip()
    if not mark.strip() or text[match.start() - 1 : match.start()].isspace():
        return True
    if after[:1].islower():
        return False
    if mark != ".":
        return True
    word = _LAST_WORD.search(text[: match.start()])
    last = word.group(1) if word else ""
    return not (_ABBREVIATION.fullmatch(last) or (len(last) == 1 and last.isupper()))


def _syntok(text: str) -> list[str]:
    try:
        import syntok.segmenter as segmenter
        from syntok.tokenizer import Tokenizer
    except ImportError:
        raise UserError("splitter", "syntok is not installed", "", "pip install 'zsbench[syntok]'") from None
    parts = segmenter.split(iter(Tokenizer().split(text)))
    return ["".join(token.spacing + token.value for token in sentence).strip() for sentence in parts]


def chunks(parts: Sequence[str], max_words: int, *, reference: bool = False) -> list[str]:
    """Return runs of consecutive sentences, joined by a blank, each of fewer than `max_words` words where it can be.

    A sentence joins the chunk before it while both together have fewer words; a longer one stands alone.

    Parameters
    ----------
    parts : sentences.
    reference : keep what the reference's code makes of a first sentence that is too long: an empty chunk before it,
        which is embedded and averaged in like any other.

    Source: sebischair/Lbl2Vec, lbl2vec/utils.py.

    Examples
    --------
    >>> chunks(["a b c.", "d e.", "f g h i j."], 6)
    ['a b c. d e.', 'f g h i j.']
    >>> chunks(["one two three.", "x."], 2, reference=True)
    ['', 'one two three.', 'x.']
    """
    found: list[str] = []
    chunk: list[str] = []
    n_words = 0
    for number, sentence in enumerate(parts):
        n = len(sentence.split())
        if n_words + n >= max_words:
            if chunk or (reference and number == 0):
                found.append(" ".join(chunk))
            chunk, n_words = [], 0
        chunk.append(sentence)
        n_words += n
    return [*found, " ".join(chunk)] if chunk else found
