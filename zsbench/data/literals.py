"""Lists as Python writes them in cells of tables: `['Color: Red', 'Size: M']`."""

from __future__ import annotations

import ast
import json
from typing import Any

from zsbench.core.errors import UserError


def read_list(text: str, place: str, what: str) -> list[Any]:
    """Return the list in a cell; nothing in it is run.

    Raises
    ------
    UserError
        With the place: no list of plain values, or half of a character.
    """
    try:
        given = ast.literal_eval(text)
        json.dumps(given, ensure_ascii=False).encode()  # half of a character, written as an escape, is no text
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        given = None
    if not isinstance(given, (list, tuple)):
        raise UserError(place, f"{what} {text[:60]!r}", "a list as Python writes it, e.g. ['one', ...]")
    return list(given)
