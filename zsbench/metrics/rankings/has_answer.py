"""Does a text hold an answer? Words against words, as DPR decides it.

Text and answer are normalised (NFD) and cut into tokens: a run of letters, digits and combining marks, or any single
character that is neither separator nor control. A hit is the answer's tokens, in lower case, standing next to each
other in the text: "12" is not in "1912", "US" not in "U.S.", accents count.

Source: Karpukhin et al. 2020 (EMNLP), arXiv:2004.04906, section 5; Chen et al. 2017, arXiv:1704.00051 (DrQA).
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zsbench.core.lazy import lazy

if TYPE_CHECKING:
    import regex
else:
    regex = lazy("regex")


@functools.cache
def _token() -> Any:
    # Marks belong to words, for NFD sets accents apart from their letters.
    return regex.compile(r"[\p{L}\p{N}\p{M}]+|[^\p{Z}\p{C}]")


def folded(text: str) -> str:
    """Return the tokens in lower case with a blank around each; a text without tokens is one blank."""
    tokens = _token().findall(unicodedata.normalize("NFD", text))
    return f" {' '.join(tokens).lower()} " if tokens else " "


def has_answer(answers: Sequence[str], text: str) -> bool:
    """Say whether the text holds one of the answers; an answer without tokens is in every text."""
    return holds(text, [folded(answer) for answer in answers])


def holds(text: str, answers: Sequence[str]) -> bool:
    """Say whether the text holds one of the answers, which are folded already."""
    # No token holds a blank, so a text within a text is a list of tokens within a list of tokens.
    tokens = folded(text)
    return any(answer in tokens for answer in answers)
