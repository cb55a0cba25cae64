"""User-written templates: the one substitution for prompts of rankers, captions of classes and anything between.

A template names its blanks in braces; each is filled once, from left to right, so a passage or a class name that itself
holds braces stays as it is. `{{` and `}}` are braces of the text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from zsbench.core.errors import UserError, did_you_mean

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def fill(template: str, **values: object) -> str:
    """Return the template with every blank replaced by its value.

    Raises
    ------
    UserError
        A blank that nothing fills, or a brace without its partner.

    Examples
    --------
    >>> fill("{query}: {text}", query="{text}?", text="a passage")
    '{text}?: a passage'
    """
    wrong = problem(template, values)
    if wrong:
        raise UserError("", f"prompt {template!r} cannot be filled in", wrong)

    def piece(match: re.Match[str]) -> str:
        text = match.group(0)
        return text[0] if text in ("{{", "}}") else str(values[match.group(1)])

    return _PIECE.sub(piece, template)


def problem(template: str, known: Collection[str], needed: Collection[str] = ()) -> str:
    """Return what a template should hold and does not, or an empty string.

    Parameters
    ----------
    template : the text as its author wrote it.
    known : blanks that will be filled.
    needed : blanks without which every item would get the same text; `a|b` is one of the two.
    """
    listed = ", ".join(f"{{{name}}}" for name in known)
    expected = f"blanks among {listed}" if listed else "a text without blanks (a brace is written twice)"
    named = set()
    for match in _PIECE.finditer(template):
        text, name = match.group(0), match.group(1)
        if text in ("{{", "}}"):
            continue
        if name is None:
            return f"a partner for the '{text}' at character {match.start() + 1} (a brace of the text is written twice)"
        if name not in known:
            near = did_you_mean(name, known) if name else ""
            return f"{expected}, not '{{{name}}}'" + (f"; {near}" if near else "")
        named.add(name)
    lacking = [name for name in needed if not named.intersection(name.split("|"))]
    return f"a text that holds {' and '.join(map(_spelled, lacking))}" if lacking else ""


def _spelled(need: str) -> str:
    return " or ".join(f"{{{name}}}" for name in need.split("|"))


def literal(text: str) -> str:
    """Return the template that says a text as it is.

    Examples
    --------
    >>> fill(literal("{x}"))
    '{x}'
    """
    return text.replace("{", "{{").replace("}", "}}")


def blanks(template: str) -> set[str]:
    """Return the names of the blanks in a template.

    Examples
    --------
    >>> blanks("{query} {{no}}")
    {'query'}
    """
    return {match.group(1) for match in _PIECE.finditer(template) if match.group(1) is not None}


def fill_class(template: str, class_name: str) -> str:
    """Return a class template with the class put where it says `{}` or `{c}`; every other brace is text.

    Examples
    --------
    >>> fill_class("a photo of a {}.", "set {c}")
    'a photo of a set {c}.'
    """
    return re.sub(r"\{c?\}", lambda _: class_name, template)


def takes_class(template: str) -> bool:
    """Say whether a class template has a place for the class."""
    return "{}" in template or "{c}" in template


def require_class(template: str, where: str) -> None:
    """Refuse a class template without a place for the class: all of them would get the same text.

    Raises
    ------
    UserError
        With the template.
    """
    if not takes_class(template):
        raise UserError(where, f"template '{template}' has no place for the class", "`{}` or `{c}` in it")
