"""Identifiers of passages in listwise prompts, and what looks like them inside a passage.

Source: gangiswag/llm-reranker, scripts/utils/rankllm.py (`identifiers`); castorini/rank_llm,
rerank/inference_handler.py (`numbers`).
"""

from __future__ import annotations

import re
from typing import Literal

Identifiers = Literal["numeric", "alpha"]
Defuse = Literal["none", "identifiers", "numbers"]
"""What gets round brackets: nothing, passages' look-alikes of identifiers, or bracketed numbers, in the query too."""

# The class A-z also holds [ \ ] ^ _ and the backtick, as in the reference.
_LOOK_ALIKE = {"numeric": re.compile(r"\[([0-9]+)\]"), "alpha": re.compile(r"\[([A-z]+)\]")}


def defused(text: str, how: Defuse, identifiers: Identifiers) -> str:
    """Return a passage in which nothing looks like an identifier."""
    kind = identifiers if how == "identifiers" else "numeric"
    return text if how == "none" else _LOOK_ALIKE[kind].sub(r"(\1)", text)


def defused_query(query: str, how: Defuse) -> str:
    """Return the query, which only `numbers` changes."""
    return defused(query, "numbers", "numeric") if how == "numbers" else query
