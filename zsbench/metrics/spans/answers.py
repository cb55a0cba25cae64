"""Answers of language models that list the mentions of one label, and when two ways to write a mention are one.

An answer is a JSON list of strings: the text from a `[` at its very beginning to the first `]`, whatever follows. A `]`
within a string therefore ends it, and what is no list of strings is unparsable, not partly read.

Texts are compared in lower case, without ASCII punctuation, without the words a, an and the, and with single blanks;
a text that is nothing else becomes empty, and two empty texts are the same.

Source: Zhou et al. 2024, arXiv:2308.03279; `src/eval/evaluate.py` of universal-ner/universal-ner, commit 4e454fe.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterable

_LIST = re.compile(r"\[.*?\]")  # within one line: a line break before the first `]` makes the answer unparsable
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def parsed(answer: str) -> list[str] | None:
    """Return the strings that an answer lists, as it writes them; None when it is unparsable.

    Examples
    --------
    >>> parsed('["New York", "Queen"] and no others')
    ['New York', 'Queen']
    >>> parsed("[]"), parsed("none"), parsed('["Queen"')
    ([], None, None)
    """
    found = _LIST.match(answer)
    if not found:
        return None
    try:
        items = json.loads(found.group())
    except (ValueError, RecursionError):
        return None
    return items if all(isinstance(item, str) for item in items) else None


def normalised(texts: Iterable[str]) -> list[str]:
    """Return texts as they are compared, each once, in the order of their first appearance.

    Examples
    --------
    >>> normalised(["The Beatles", "beatles", "U.S.", "a"])
    ['beatles', 'us', '']
    """
    return list(dict.fromkeys(map(normal, texts)))


def normal(text: str) -> str:
    """Return one text as it is compared."""
    bare = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())
