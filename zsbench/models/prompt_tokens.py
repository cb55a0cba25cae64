"""From prompts to tokens: chat templates, special tokens, and how a text goes on after another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from zsbench.core import textfiles
from zsbench.core.errors import RunError, UserError, shown
from zsbench.models.capabilities import Prompt

# What `apply_chat_template` itself takes: no template sees it.
OWN_OPTIONS = frozenset(
    {
        *("conversation", "messages", "chat_template", "add_generation_prompt", "continue_final_message", "tokenize"),
        *("padding", "truncation", "max_length", "return_tensors", "return_dict", "return_assistant_tokens_mask"),
        "tokenizer_kwargs",
    }
)
# How much of the text before a continuation can change the way it is split into tokens.
_NEAR = 32


def chat(tokenizer: Any, messages: Sequence[dict[str, str]], options: dict[str, Any]) -> str:
    """Return the prompt of a conversation by the tokenizer's own template, ready for the assistant's turn.

    A template that knows no system message gets it at the head of the first user message.

    Raises
    ------
    UserError
        There is no template, or it fails on the conversation.
    """
    if not tokenizer.chat_template:
        raise UserError(
            tokenizer.name_or_path,
            "the tokenizer has no chat template",
            "plain text (`chat: false` in the method's `prompt:`), or `chat_template:` with a file in the model's YAML",
        )
    try:
        text: str = tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True, **options)
    except Exception as refused:
        # A template is a program of its author's: it may divide by zero or fill the memory as well as refuse.
        if len(messages) < 2 or messages[0]["role"] != "system":
            reason = f"{type(refused).__name__}: {' '.join(str(refused).split()) or 'without a reason'}"
            raise UserError(tokenizer.name_or_path, f"the chat template refuses the prompt ({reason})") from refused
        head, first, *rest = messages
        return chat(tokenizer, [{**first, "content": f"{head['content']}\n\n{first['content']}"}, *rest], options)
    return text


def require_template(path: Path) -> None:
    """Refuse a file that is no Jinja template; what it makes of a conversation is seen when the model is there.

    Raises
    ------
    UserError
        With file and line.
    """
    import jinja2
    import jinja2.ext

    text = textfiles.read(path)
    if not text.strip():
        raise UserError(shown(path), "an empty chat template", "a Jinja template of a conversation")
    # `{% generation %}` is transformers' own tag, around what an assistant says.
    plain = re.sub(r"\{%-?\s*(?:end)?generation\s*-?%\}", "", text)
    try:
        jinja2.Environment(extensions=[jinja2.ext.loopcontrols]).parse(plain)
    except jinja2.TemplateSyntaxError as wrong:
        found = f"the chat template cannot be read ({wrong.message})"
        raise UserError(f"{shown(path)}:{wrong.lineno}", found, "a Jinja template") from None


def written(tokenizer: Any, prompt: Prompt, options: dict[str, Any]) -> tuple[str, bool]:
    """Return a prompt as text, and whether the tokenizer still has to add its special tokens."""
    if prompt.messages:
        return chat(tokenizer, prompt.messages, options) + prompt.answer, False
    return prompt.text + prompt.answer, True


def tokenize(tokenizer: Any, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
    """Return token ids and their character offsets in `text`."""
    encoded = tokenizer(text, add_special_tokens=special, return_offsets_mapping=True)
    return list(encoded["input_ids"]), [tuple(pair) for pair in encoded["offset_mapping"]]


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


def told_apart(
    tokens: list[list[int]], labels: Sequence[str], *, unknown: int | None
) -> tuple[list[int], list[list[int]]]:
    """Return the tokens that all labels begin with, and the rest of each, whose first tokens differ.

    `unknown` is the token that stands for everything the tokenizer does not know.

    Raises
    ------
    RunError
        Two labels still begin with the same token, or one holds what the tokenizer does not know.
    """
    columns = zip(*tokens, strict=False) if len(tokens) > 1 else ()
    shared = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)]
    rest = [own[len(shared) :] for own in tokens]
    seen: dict[int, str] = {}
    for label, own in zip(labels, rest, strict=True):
        if unknown in own:
            raise RunError("", f"label {label!r} is unknown to this model's tokenizer", "words that it knows")
        if not own or seen.setdefault(own[0], label) != label or labels.count(label) > 1:
            raise RunError("", f"label {label!r} begins like another one to this model", "labels that differ at once")
    return shared, rest


def earliest(text: str, stop: Sequence[str]) -> int | None:
    """Return where the first of the stop texts begins in `text`, or None."""
    found = [text.find(word) for word in stop if word and word in text]
    return min(found) if found else None
