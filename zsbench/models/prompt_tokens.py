"""From prompts and answers to tokens: special tokens, continuations, answers that have to differ, lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from zsbench.core.errors import RunError
from zsbench.core.records import Cost
from zsbench.models import chat_templates
from zsbench.models.capabilities import Prompt

# Characters before a continuation that can change the way it is split into tokens.
_NEAR = 32


def as_text(tokenizer: Any, prompt: Prompt, options: Mapping[str, Any]) -> str:
    """Return a prompt as one text: a conversation by the chat template, and how the answer opens."""
    asked = chat_templates.chat(tokenizer, prompt.messages, options) if prompt.messages else prompt.text
    return asked + prompt.answer


def tokenize(tokenizer: Any, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
    """Return token ids and their character offsets in `text`."""
    encoded = tokenizer(text, add_special_tokens=special, return_offsets_mapping=True)
    return list(encoded["input_ids"]), [tuple(pair) for pair in encoded["offset_mapping"]]


def opened(tokenizer: Any, text: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Return token ids and their offsets of a text that a decoder goes on from.

    What the tokenizer puts in front of texts (BOS) stands there once, whether the text begins with it, as many chat
    templates write it, or not, as that of Zephyr. What it puts behind them would end the text before the answer.
    """
    ids, offsets = tokenize(tokenizer, text, special=True)
    known = set(tokenizer.all_special_ids)
    added = [token in known and place == (0, 0) for token, place in zip(ids, offsets, strict=True)]
    n_front = next((place for place, is_added in enumerate(added) if not is_added), len(ids))
    n_behind = next((place for place, is_added in enumerate(reversed(added[n_front:])) if not is_added), 0)
    end = len(ids) - n_behind
    start = n_front if ids[n_front : 2 * n_front] == ids[:n_front] else 0
    return ids[start:end], offsets[start:end]


def continuation(tokenizer: Any, before: str, text: str) -> list[int]:
    """Return the tokens of `text` as it goes on after `before`.

    Where the two would merge into one token, `text` is split by itself.

    Raises
    ------
    RunError
        `text` has no tokens.
    """
    near = before[-_NEAR:]
    head: list[int] = tokenizer(near, add_special_tokens=False)["input_ids"] if near else []
    both: list[int] = tokenizer(near + text, add_special_tokens=False)["input_ids"]
    if both[: len(head)] == head and len(both) > len(head):
        return both[len(head) :]
    alone: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    if not alone:
        raise RunError("", f"the answer {text!r} has no tokens", "a label or target that is not empty")
    return alone


def answer(tokenizer: Any, text: str, *, end: bool) -> list[int]:
    """Return the tokens of a text by itself; `end` adds the end token.

    Raises
    ------
    RunError
        The tokenizer has no end token.
    """
    if end and tokenizer.eos_token_id is None:
        raise RunError("", "the tokenizer has no end token", "ids that do not begin each other, and `end: false`")
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return [*ids, tokenizer.eos_token_id] if end else list(ids)


def split_common_prefix(
    tokens: list[list[int]], labels: Sequence[str], *, unknown: int | None
) -> tuple[list[int], list[list[int]]]:
    """Return the tokens that all labels begin with, and the rest of each, whose first tokens differ.

    Parameters
    ----------
    tokens : of each label.
    unknown : the token that stands for everything the tokenizer does not know; None where it has none.

    Raises
    ------
    RunError
        Two labels still begin with the same token, or one holds what the tokenizer does not know.
    """
    columns = zip(*tokens, strict=False) if len(tokens) > 1 else ()
    prefix = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)]
    rests = [ids[len(prefix) :] for ids in tokens]
    label_of_first: dict[int, str] = {}
    for label, rest in zip(labels, rests, strict=True):
        if unknown in rest:
            raise RunError("", f"label {label!r} is unknown to this model's tokenizer", "words that it knows")
        if not rest or label_of_first.setdefault(rest[0], label) != label or labels.count(label) > 1:
            raise RunError("", f"label {label!r} begins like another one to this model", "labels that differ at once")
    return prefix, rests


def overflows(n_tokens: int, limit: int | None, *, overflow: str, cost: Cost) -> bool:
    """Return whether what a model has to read is longer than its limit, and count that.

    Raises
    ------
    RunError
        It is longer, and `overflow` is "error".
    """
    if limit is None or n_tokens <= limit:
        return False
    if overflow == "error":
        raise too_long(n_tokens, limit, "`on_overflow: truncate` in the model's YAML cuts it, and counts that")
    cost.truncated_items += 1
    return True


def too_long(n_tokens: int, limit: int, hint: str = "") -> RunError:
    """Return the error for a prompt that the model cannot read whole."""
    expected = "less of each text in a prompt, or fewer of them"
    return RunError("", f"a prompt of {n_tokens} tokens does not fit the model's {limit}", expected, hint)
