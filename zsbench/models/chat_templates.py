"""Chat templates: from the turns of a conversation to the text of a prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zsbench.core import textfiles
from zsbench.core.errors import UserError, shown

# Options that `apply_chat_template` itself takes: no template sees them.
_RESERVED = frozenset(
    {
        *("conversation", "messages", "chat_template", "add_generation_prompt", "continue_final_message", "tokenize"),
        *("padding", "truncation", "max_length", "return_tensors", "return_dict", "return_assistant_tokens_mask"),
        *("tokenizer_kwargs", "strftime_now"),
    }
)
_CLOCK = "strftime_now("
"""How a template asks transformers for the time."""


def chat(tokenizer: Any, messages: Sequence[dict[str, str]], options: Mapping[str, Any]) -> str:
    """Return the prompt of a conversation by the tokenizer's own template, ready for the assistant's turn.

    A template that knows no system message gets it at the head of the first user message.

    Raises
    ------
    UserError
        There is no template, it fails on the conversation, or it writes the day's date.
    """
    if not tokenizer.chat_template:
        raise UserError(
            tokenizer.name_or_path,
            "the tokenizer has no chat template",
            "plain text (`chat: false` in the method's `prompt:`), or `chat_template:` with a file in the model's YAML",
        )
    try:
        # A text in the place of the template's clock: with today's date in it, no prompt would be the same tomorrow.
        text: str = tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=True, strftime_now="", **options
        )
    except Exception as error:
        if isinstance(error, TypeError) and _CLOCK in str(tokenizer.chat_template):
            raise _dated(tokenizer) from error
        # A template is a program: it may divide by zero or fill the memory as well as refuse on purpose.
        if len(messages) < 2 or messages[0]["role"] != "system":
            reason = f"{type(error).__name__}: {' '.join(str(error).split()) or 'without a reason'}"
            raise UserError(tokenizer.name_or_path, f"the chat template refuses the prompt ({reason})") from error
        system, user, *rest = messages
        return chat(tokenizer, [{**user, "content": f"{system['content']}\n\n{user['content']}"}, *rest], options)
    return text


def _dated(tokenizer: Any) -> UserError:
    """Return the error about a template that writes the day's date, with the variable that stands above its clock."""
    variables = re.findall(r"\b(\w*date\w*) is (?:not )?defined", str(tokenizer.chat_template))
    option = (
        f'`chat_options: {{{variables[0]}: "26 Jul 2024"}}`' if variables else "`chat_template:` with a file without it"
    )
    found = "the chat template writes today's date, so that no prompt is the same tomorrow"
    return UserError(tokenizer.name_or_path, found, f"a date that stays: {option} in the model's YAML")


def require_template(path: Path) -> None:
    """Refuse a file that is no Jinja template. Whether it can write a conversation shows when the model is loaded.

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
    except jinja2.TemplateSyntaxError as error:
        problem = f"the chat template cannot be read ({error.message})"
        raise UserError(f"{shown(path)}:{error.lineno}", problem, "a Jinja template") from None


def require_variables(options: Mapping[str, Any]) -> None:
    """Refuse options that no template sees, because `apply_chat_template` takes them itself.

    Raises
    ------
    UserError
        At `chat_options`.
    """
    reserved = next((name for name in options if name in _RESERVED), None)
    if reserved is not None:
        problem = f"'{reserved}', which is no variable of templates"
        raise UserError("chat_options", problem, "what the template asks for")


def unread_variable(tokenizer: Any, options: Mapping[str, Any]) -> str | None:
    """Return the first option that the tokenizer's chat template does not mention, or None."""
    template = str(tokenizer.chat_template or "")
    return next((name for name in options if not re.search(rf"\b{re.escape(name)}\b", template)), None)
