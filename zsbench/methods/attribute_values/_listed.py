"""What a language model wrote, read as a list of attribute values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError

_NONE = {"none", "n/a", "na", "not mentioned", "not specified", "unknown"}
_BULLET = re.compile(r"^(?:[-*•]|\d{1,3}[.)])\s+")
_AROUND = " \t\r\"'`*,.;[]{}"


def plain(value: str) -> str:
    """Return a value as it is compared: `color: light blue` for `Color:  Light Blue`."""
    parts = (" ".join(part.split()).casefold() for part in value.split(":"))
    return ": ".join(part.strip(_AROUND) for part in parts)


def read(answer: str, attribute: str = "") -> list[str] | None:
    """Return the values that a text lists, as they are compared, or None where nothing can be read as one.

    `attribute` is the one that was asked for; without it every line (or key of a JSON object) has to name its own.

    Examples
    --------
    >>> read("- Color: Red, Blue\\n- Size: M"), read("crimson.", "Color"), read("None"), read("It is nice.")
    (['color: red, blue', 'color: red', 'color: blue', 'size: m'], ['color: crimson'], [], None)
    """
    text = answer.strip()
    if text.casefold().strip(_AROUND) in _NONE:
        return []
    pairs = list(_pairs(text, attribute))
    listed = (plain(f"{name}: {value}") for name, whole in pairs for value in _several(whole))
    return list(dict.fromkeys(listed)) if pairs else None


def _several(whole: str) -> list[str]:
    """Return a value as it stands, and its parts where it holds commas or semicolons; without `none`."""
    parts = [whole, *re.split(r"[,;]", whole)] if re.search(r"[,;]", whole) else [whole]
    return [part for part in parts if part.strip(_AROUND) and part.casefold().strip(_AROUND) not in _NONE]


def _pairs(text: str, attribute: str) -> Iterator[tuple[str, str]]:
    """Yield (attribute, value) of every line, or of a JSON object."""
    try:
        held = jsonfiles.parse(text[text.index("{") : text.rindex("}") + 1], "an answer", unique=False)
    except (ValueError, UserError):
        held = None
    if isinstance(held, dict):
        for name, value in held.items():
            yield from ((name, str(one)) for one in (value if isinstance(value, list) else [value]) if one is not None)
        return
    for line in text.splitlines():
        bare = _BULLET.sub("", line.strip())
        name, colon, value = bare.partition(":")
        if colon and name.strip(_AROUND):
            yield name, value
        elif attribute and not colon:
            yield attribute, bare
