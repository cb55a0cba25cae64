"""Ids in JSON: texts, or whole numbers, which stand for their digits."""

from __future__ import annotations

from typing import Any

from zsbench.core.errors import UserError


def read_id(row: dict[str, Any], where: str, default: str | None = None) -> str:
    """Return a row's `id` as text; `default` where it has none.

    Raises
    ------
    UserError
        The id is missing and has no default, is empty, or is neither text nor whole number.
    """
    value = row.get("id", default)
    if value is None and "id" not in row:
        raise UserError(where, "key 'id' is missing", "a text or a whole number")
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise UserError(where, f"key 'id' is {value!r}", "a text or a whole number")
    return str(value)
